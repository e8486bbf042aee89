"""Oneself: what people see and change of their own account."""

import pytest

from studium.models import Role
from tests.auth.helpers import PASSWORD, Door, code_of, text_of

SAM = "sam@school.example"
NEW = "purple anchor 58"


async def test_reading_costs_two_statements(door: Door):
    await door.person(SAM)
    token = await door.token(SAM)
    with door.counting() as statements:
        answer = await door.call("GET", "/users/me", token)
    assert answer.json()["email"] == SAM
    assert answer.headers["etag"] == '"v1"'
    assert answer.headers["cache-control"] == "no-store"
    assert len(statements) == 2


async def test_anonymous_callers_hear_401_first(door: Door):
    assert (await door.call("GET", "/users/me")).status_code == 401
    for body in ({"full_name": "Sam"}, {"role": "admin"}, {"nonsense": 1}):
        assert (await door.call("PATCH", "/users/me", json=body)).status_code == 401


async def test_only_what_is_sent_changes(door: Door):
    await door.person(SAM)
    token = await door.token(SAM)
    first = await door.call("PATCH", "/users/me", token, json={"full_name": "Samira", "metadata": {"language": "ar"}})
    assert (first.status_code, first.headers["etag"]) == (200, '"v2"')
    second = await door.call("PATCH", "/users/me", token, json={"metadata": None})
    assert (second.json()["full_name"], second.json()["metadata"]) == ("Samira", None)
    for unchanged in ({}, {"full_name": "Samira"}):
        assert (await door.call("PATCH", "/users/me", token, json=unchanged)).json()["version"] == 3


async def test_a_stale_version_changes_nothing(door: Door):
    await door.person(SAM)
    token = await door.token(SAM)
    stale = {"If-Match": '"v7"'}
    for body in ({"full_name": "Samira"}, {"password": NEW, "current_password": PASSWORD}):
        assert (await door.call("PATCH", "/users/me", token, json=body, headers=stale)).status_code == 412
    assert (
        await door.call("PATCH", "/users/me", token, json={"full_name": "S2"}, headers={"If-Match": '"v1"'})
    ).is_success
    await door.log_in(SAM)


async def test_a_time_zone_is_a_member_of_the_metadata(door: Door):
    await door.person(SAM)
    token = await door.token(SAM)
    assert (await door.call("GET", "/users/me", token)).json()["timezone"] == "UTC"
    wanted = {"timezone": "Asia/Kolkata", "metadata": {"language": "ar", "timezone": "nonsense"}}
    first = (await door.call("PATCH", "/users/me", token, json=wanted)).json()
    assert (first["timezone"], first["metadata"]) == ("Asia/Kolkata", {"language": "ar", "timezone": "Asia/Kolkata"})
    second = (await door.call("PATCH", "/users/me", token, json={"full_name": "Samira"})).json()
    assert second["timezone"] == "Asia/Kolkata"
    third = (await door.call("PATCH", "/users/me", token, json={"timezone": None})).json()
    assert (third["timezone"], third["metadata"]) == ("UTC", {"language": "ar"})


@pytest.mark.parametrize(
    "field", ["role", "is_active", "email", "id", "mfa_enabled", "email_verified_at", "version", "password_hash"]
)
async def test_nobody_promotes_themselves(door: Door, field: str):
    await door.person("root@school.example", Role.ADMIN)
    answer = await door.call("PATCH", "/users/me", await door.token("root@school.example"), json={field: "admin"})
    assert (answer.status_code, code_of(answer)) == (403, "field_not_allowed")


@pytest.mark.parametrize(
    "body",
    [
        {"nonsense": 1},
        {"full_name": None},
        {"full_name": ""},
        {"metadata": []},
        {"timezone": "Mars/Base"},
        {"timezone": "x" * 65},
        {"timezone": 3},
        {"metadata": {"a": {"b": {"c": {"d": {"e": {"f": 1}}}}}}},
        {"metadata": {"text": "x" * 17_000}},
        {"password": None, "current_password": PASSWORD},
        {"password": "kurz 7", "current_password": PASSWORD},
        {"password": "password1", "current_password": PASSWORD},
    ],
)
async def test_what_is_wrong_is_422(door: Door, body: dict[str, object]):
    await door.person(SAM)
    answer = await door.call("PATCH", "/users/me", await door.token(SAM), json=body)
    assert answer.status_code == 422
    assert PASSWORD not in answer.text


async def test_a_new_password_needs_the_present_one(door: Door):
    await door.person(SAM)
    token, other = await door.token(SAM), await door.token(SAM)
    for body in ({"password": NEW}, {"password": NEW, "current_password": "not the password", "full_name": "X Y"}):
        answer = await door.call("PATCH", "/users/me", token, json=body)
        assert (answer.status_code, code_of(answer)) == (403, "wrong_password")
    assert await door.works(other)
    assert (await door.audit()).count(("users.password_changed", "refused")) == 2
    answer = await door.call("PATCH", "/users/me", token, json={"password": NEW, "current_password": PASSWORD})
    assert (answer.status_code, answer.json()["version"]) == (200, 2)
    assert [await door.works(token), await door.works(other)] == [True, False]
    await door.log_in(SAM, NEW)
    assert (await door.try_login(SAM)).status_code == 401
    assert "was changed" in text_of((await door.mails(SAM))[-1])
