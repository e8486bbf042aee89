"""Registration: one function under two addresses, for students."""

import asyncio
from collections import Counter

import pytest

from studium.models import Role
from tests.auth.helpers import Door, code_of, html_of, text_of

WISH = {"email": "New@School.Example", "full_name": "  Noor  ", "password": "violet kettle 41"}
both = pytest.mark.parametrize("path", ["/auth/register", "/users/register"])


@both
async def test_an_account_of_ones_own(door: Door, path: str):
    answer = await door.call("POST", path, json=WISH)
    assert answer.status_code == 201
    found = answer.json()
    assert found.keys() == {
        "id",
        "email",
        "full_name",
        "role",
        "is_active",
        "mfa_enabled",
        "metadata",
        "created_at",
        "updated_at",
        "last_login_at",
        "email_verified_at",
        "version",
        "legal_hold",
        "erased_at",
        "source",
        "external_id",
        "timezone",
    }
    assert (found["email"], found["full_name"], found["role"]) == ("new@school.example", "Noor", "student")
    assert (found["is_active"], found["mfa_enabled"], found["email_verified_at"]) == (True, False, None)
    await door.log_in("new@school.example", WISH["password"])


@both
async def test_one_mail_asks_to_confirm_the_address_and_names_nobody(door: Door, path: str):
    wish = {**WISH, "full_name": "Win a prize at evil.example"}
    await door.call("POST", path, json=wish)
    (mail,) = await door.mails("new@school.example")
    assert "evil.example" not in text_of(mail) + html_of(mail) + str(mail["Subject"])
    token = await door.link_token("new@school.example", "/confirm-email")
    assert (await door.call("POST", "/auth/confirm-email", json={"token": token})).status_code == 200


@both
async def test_an_address_is_taken_once(door: Door, path: str):
    answers = await asyncio.gather(*(door.call("POST", path, json=WISH) for _ in range(5)))
    assert Counter(answer.status_code for answer in answers) == {201: 1, 409: 4}
    again = await door.call("POST", path, json={**WISH, "email": "nEW@sCHOOL.eXAMPLE"})
    assert (again.status_code, code_of(again)) == (409, "email_taken")


@both
@pytest.mark.parametrize("role", ["admin", "instructor"])
async def test_other_roles_are_refused_for_everybody(door: Door, path: str, role: str):
    await door.person("root@school.example", Role.ADMIN)
    for token in (None, await door.token("root@school.example")):
        answer = await door.call("POST", path, token, json={**WISH, "role": role})
        assert (answer.status_code, code_of(answer)) == (403, "role_not_allowed")
    assert (await door.try_login("new@school.example", WISH["password"])).status_code == 401
    assert ("users.registered", "refused") in await door.audit()
    assert (await door.call("POST", path, json={**WISH, "role": "student"})).status_code == 201


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"role": "emperor"}, 422),
        ({"is_active": True}, 403),
        ({"email_verified_at": "2026-01-01T00:00:00Z"}, 403),
        ({"mfa_enabled": False}, 403),
        ({"id": "01a20b77-a79d-711a-bd53-7011bf11cca7"}, 403),
        ({"favourite": "blue"}, 422),
        ({"full_name": "N"}, 422),
        ({"full_name": "x" * 256}, 422),
        ({"full_name": "evil \u202e name"}, 422),
        ({"full_name": "line\nbreak"}, 422),
        ({"password": "kurz 7"}, 422),
        ({"password": "x" * 129}, 422),
        ({"password": "Password123"}, 422),
        ({"password": "new@school.example"}, 422),
        ({"password": "studium studium"}, 422),
        ({"password": 12345678}, 422),
        ({"password": None}, 422),
        ({"email": None}, 422),
    ],
)
async def test_what_is_wrong_is_refused_and_nothing_is_stored(door: Door, change: dict[str, object], status: int):
    answer = await door.call("POST", "/auth/register", json={**WISH, **change})
    assert answer.status_code == status, answer.text
    password = change.get("password")
    if isinstance(password, str) and len(password) > 8:
        assert password not in answer.text
    assert (await door.call("POST", "/auth/register", json=WISH)).status_code == 201


async def test_a_long_password_is_never_cut(door: Door):
    password = "ä" * 60 + " violet kettle " + "z" * 53
    assert len(password) == 128
    assert (await door.call("POST", "/auth/register", json={**WISH, "password": password})).status_code == 201
    assert (await door.try_login("new@school.example", password[:-1])).status_code == 401
    await door.log_in("new@school.example", password)
