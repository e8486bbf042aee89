"""The first admin comes from the command line, and a second one only by force."""

import pytest
from pydantic import ValidationError

from studium.kit.base.problems import InvalidInput
from studium.modules.users import actions
from studium.modules.users.errors import AdminExists, EmailTaken
from tests.auth.helpers import Door

WISH = ("Root@School.Example", "Root", "mighty oak 77")


async def create(door: Door, *wish: str, force: bool = False) -> None:
    await actions.create_admin(door.database, *wish, force=force)


async def test_the_first_admin_can_log_in(door: Door):
    await create(door, *WISH)
    me = (
        await door.call("GET", "/users/me", (await door.log_in("root@school.example", WISH[2]))["access_token"])
    ).json()
    assert me["role"] == "admin"
    assert me["email_verified_at"] is not None


async def test_a_second_one_needs_force(door: Door):
    await create(door, *WISH)
    with pytest.raises(AdminExists):
        await create(door, "two@school.example", "Two", WISH[2])
    await create(door, "two@school.example", "Two", WISH[2], force=True)
    with pytest.raises(EmailTaken):
        await create(door, "two@school.example", "Two", WISH[2], force=True)


async def test_what_is_wrong_is_refused(door: Door):
    with pytest.raises(ValidationError):
        await create(door, "no address", "Root", WISH[2])
    with pytest.raises(InvalidInput):
        await create(door, WISH[0], "Root", "password1")
