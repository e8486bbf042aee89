"""The hole: `mfa/enable` turned the second factor on at once, so a wrong secret locked people out, or others in."""

from tests.auth.helpers import PASSWORD, Door


async def test_a_stolen_access_token_turns_nothing_on_or_off(door: Door):
    await door.person("sam@school.example")
    token = await door.token("sam@school.example")
    assert (await door.call("POST", "/auth/mfa/enable", token, json={})).status_code == 422
    assert (await door.call("POST", "/auth/mfa/enable", token, json={"password": "guess"})).status_code == 403
    assert (await door.call("POST", "/auth/mfa/enable", token, json={"password": PASSWORD})).status_code == 200
    assert (await door.call("GET", "/users/me", token)).json()["mfa_enabled"] is False
    assert "access_token" in await door.log_in("sam@school.example")
