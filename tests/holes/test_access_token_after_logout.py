"""The hole: log-out blacklisted nothing but the refresh token, so the access token went on for a quarter of an hour."""

from tests.auth.helpers import Door


async def test_the_access_token_is_dead_at_once(door: Door):
    await door.person("sam@school.example")
    token = await door.token("sam@school.example")
    await door.call("POST", "/auth/logout", token)
    for method, path in (
        ("GET", "/users/me"),
        ("GET", "/courses"),
        ("GET", "/auth/sessions"),
        ("POST", "/auth/logout"),
    ):
        assert (await door.call(method, path, token)).status_code == 401
