"""The hole: registration took a role, so anybody could make themselves admin."""

import pytest

from tests.auth.helpers import PASSWORD, Door, code_of


@pytest.mark.parametrize("path", ["/auth/register", "/users/register"])
@pytest.mark.parametrize("role", ["admin", "instructor"])
async def test_nobody_registers_as_more_than_a_student(door: Door, path: str, role: str):
    wish = {"email": "eve@evil.example", "full_name": "Eve", "password": PASSWORD, "role": role}
    answer = await door.call("POST", path, json=wish)
    assert (answer.status_code, code_of(answer)) == (403, "role_not_allowed")
    assert (await door.try_login("eve@evil.example")).status_code == 401
