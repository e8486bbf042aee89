"""Proving an address: a link for 24 hours, bound to the address, that never brings an account back."""

from datetime import timedelta

from studium.kit.base import clock
from studium.models import User
from tests.auth.helpers import Door, code_of


async def ask(door: Door, email: str = "new@school.example"):
    return await door.call("POST", "/auth/verify-email", json={"email": email})


async def confirm(door: Door, token: str):
    return await door.call("POST", "/auth/confirm-email", json={"token": token})


async def link(door: Door, email: str = "new@school.example") -> str:
    assert (await ask(door, email)).status_code == 200
    return await door.link_token(email, "/confirm-email")


async def test_the_link_proves_the_address_once(door: Door):
    await door.person("new@school.example", email_verified_at=None)
    token = await link(door)
    assert (await confirm(door, token)).status_code == 200
    me = (await door.call("GET", "/users/me", await door.token("new@school.example"))).json()
    assert me["email_verified_at"] is not None
    again = await confirm(door, token)
    assert (again.status_code, code_of(again)) == (400, "invalid_token")
    subjects = [mail["Subject"] for mail in await door.mails("new@school.example")]
    assert subjects == ["Confirm your e-mail address", "Welcome to Studium"]


async def test_a_link_dies_after_a_day(door: Door):
    await door.person("new@school.example", email_verified_at=None)
    token = await link(door)
    with clock.shifted(timedelta(hours=24, seconds=1)):
        assert (await confirm(door, token)).status_code == 400


async def test_the_link_is_bound_to_the_address(door: Door):
    new = await door.person("new@school.example", email_verified_at=None)
    token = await link(door)
    async with door.database.write_session() as session:
        (await session.get_one(User, new.id)).email = "other@school.example"
    assert (await confirm(door, token)).status_code == 400


async def test_a_link_never_reactivates_an_account(door: Door):
    new = await door.person("new@school.example", email_verified_at=None)
    token = await link(door)
    async with door.database.write_session() as session:
        (await session.get_one(User, new.id)).is_active = False
    assert (await confirm(door, token)).status_code == 400
    async with door.database.read_session() as session:
        found = await session.get_one(User, new.id)
        assert (found.is_active, found.email_verified_at) == (False, None)


async def test_every_address_gets_one_answer_and_only_the_unproven_a_mail(door: Door):
    await door.person("new@school.example", email_verified_at=None)
    await door.person("sam@school.example")
    answers = [await ask(door, name) for name in ("new@school.example", "sam@school.example", "nobody@school.example")]
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.content for answer in answers}) == 1
    assert len(await door.mails("new@school.example")) == 1
    assert await door.mails("sam@school.example") == []
    assert await door.mails("nobody@school.example") == []


async def test_no_address_at_all_is_422(door: Door):
    for email in ("", "sam", "sam@", "@school.example", "sam@localhost", "\uff53am@school.example", 5, None):
        assert (await door.call("POST", "/auth/verify-email", json={"email": email})).status_code == 422
        assert (await door.call("POST", "/auth/forgot-password", json={"email": email})).status_code == 422
