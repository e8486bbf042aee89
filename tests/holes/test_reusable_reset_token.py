"""The hole: the reset token was a signed one that stayed good until it expired, however often it was used."""

from tests.auth.helpers import Door


async def test_a_reset_token_works_once(door: Door):
    await door.person("sam@school.example")
    await door.call("POST", "/auth/forgot-password", json={"email": "sam@school.example"})
    token = await door.link_token("sam@school.example", "/reset-password")
    for password, status in (("purple anchor 58", 200), ("orange anchor 59", 400)):
        answer = await door.call("POST", "/auth/reset-password", json={"token": token, "new_password": password})
        assert answer.status_code == status
    await door.log_in("sam@school.example", "purple anchor 58")
