"""Spaces around an address, which keyboards and the clipboard add, do not count: wherever an address is typed."""

import pytest

from studium.modules.users.actions import create_admin
from tests.auth.helpers import PASSWORD, Door
from tests.users.test_administration import root

TYPED = "\u00a0 Sam@School.Example \t"
STORED = "sam@school.example"


async def test_registration_and_log_in(door: Door) -> None:
    wish = {"email": TYPED, "full_name": "Sam Reader", "password": PASSWORD}
    for path in ("/auth/register", "/users/register"):
        answer = await door.call("POST", path, json=wish)
        assert answer.status_code == (201 if path == "/auth/register" else 409), answer.text
    assert (await door.try_login(TYPED)).status_code == 200
    form = {"username": TYPED, "password": PASSWORD}
    assert (await door.call("POST", "/auth/token", data=form)).status_code == 200


@pytest.mark.parametrize("path", ["/auth/forgot-password", "/auth/verify-email"])
async def test_mails_that_are_asked_for(door: Door, path: str) -> None:
    await door.person(STORED, email_verified_at=None)
    assert (await door.call("POST", path, json={"email": TYPED})).status_code == 200
    await door.runtime.jobs.drain()
    assert any(f"To: {STORED}" in mail.read_text() for mail in (door.folder / "mail").glob("*.eml"))


async def test_what_admins_type(door: Door) -> None:
    token = await root(door)
    wish = {"email": TYPED, "full_name": "Sam Reader"}
    made = await door.call("POST", "/users", token, json=wish)
    assert (made.status_code, made.json()["email"]) == (201, STORED)
    listed = await door.call("GET", "/users", token, params={"q": TYPED})
    assert [item["email"] for item in listed.json()["items"]] == [STORED]
    typed = " Ada@School.Example "
    made_admin = await create_admin(door.database, typed, "Ada Root", "a long walk by the sea", force=True)
    assert made_admin.email == "ada@school.example"


@pytest.mark.parametrize("email", ["", " ", "sam @school.example", " " * 400 + STORED])
async def test_what_is_no_address_stays_none(door: Door, email: str) -> None:
    assert (await door.try_login(email)).status_code == 422
