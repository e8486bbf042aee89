"""The way back in: a link that works once, for half an hour, and says nothing to anybody else."""

import asyncio
from collections import Counter
from datetime import timedelta

import pytest

from studium.kit.base import clock
from studium.models import User
from tests.auth.helpers import PASSWORD, Door, code_of, text_of

NEW = "purple anchor 58"


async def forgot(door: Door, email: str):
    return await door.call("POST", "/auth/forgot-password", json={"email": email})


async def reset(door: Door, token: str, password: str = NEW):
    return await door.call("POST", "/auth/reset-password", json={"token": token, "new_password": password})


async def link(door: Door, email: str = "sam@school.example") -> str:
    assert (await forgot(door, email)).status_code == 200
    return await door.link_token(email, "/reset-password")


async def test_the_link_sets_a_password_ends_every_session_and_does_not_log_in(door: Door):
    await door.person("sam@school.example")
    old = await door.token("sam@school.example")
    answer = await reset(door, await link(door))
    assert answer.status_code == 200
    assert "token" not in answer.text
    assert not await door.works(old)
    assert (await door.try_login("sam@school.example", PASSWORD)).status_code == 401
    await door.log_in("sam@school.example", NEW)
    assert "was changed" in text_of((await door.mails("sam@school.example"))[-1])


async def test_a_used_link_is_worth_nothing(door: Door):
    await door.person("sam@school.example")
    token = await link(door)
    assert (await reset(door, token)).status_code == 200
    again = await reset(door, token, "another anchor 59")
    assert (again.status_code, code_of(again)) == (400, "invalid_token")


async def test_ten_at_once_with_one_link(door: Door):
    await door.person("sam@school.example")
    token = await link(door)
    answers = await asyncio.gather(*(reset(door, token, f"purple anchor {n}{n}") for n in range(10)))
    assert Counter(answer.status_code for answer in answers) == {200: 1, 400: 9}
    winner = next(n for n, answer in enumerate(answers) if answer.status_code == 200)
    await door.log_in("sam@school.example", f"purple anchor {winner}{winner}")


async def test_a_link_dies_after_half_an_hour(door: Door):
    await door.person("sam@school.example")
    token = await link(door)
    with clock.shifted(timedelta(minutes=30, seconds=1)):
        assert (await reset(door, token)).status_code == 400


async def test_a_newer_link_voids_the_older_ones(door: Door):
    await door.person("sam@school.example")
    older = await link(door)
    with clock.shifted(timedelta(minutes=2)):
        newer = await link(door)
        assert newer != older
        assert (await reset(door, older)).status_code == 400
        assert (await reset(door, newer)).status_code == 200


async def test_a_changed_password_voids_the_link(door: Door):
    await door.person("sam@school.example")
    token = await link(door)
    body = {"password": NEW, "current_password": PASSWORD}
    assert (await door.call("PATCH", "/users/me", await door.token("sam@school.example"), json=body)).status_code == 200
    assert (await reset(door, token, "another anchor 59")).status_code == 400


async def test_a_deactivated_account_gets_no_mail_and_its_link_dies(door: Door):
    sam = await door.person("sam@school.example")
    token = await link(door)
    async with door.database.write_session() as session:
        (await session.get_one(User, sam.id)).is_active = False
    assert (await reset(door, token)).status_code == 400
    before = len(await door.mails("sam@school.example"))
    with clock.shifted(timedelta(minutes=2)):
        assert (await forgot(door, "sam@school.example")).status_code == 200
        assert len(await door.mails("sam@school.example")) == before


async def test_a_weak_password_leaves_the_link_good(door: Door):
    await door.person("sam@school.example")
    token = await link(door)
    for weak in ("password1", "kurz 7", "sam@school.example", "x" * 129):
        answer = await reset(door, token, weak)
        assert answer.status_code == 422
        assert weak not in answer.text
        assert [error["pointer"] for error in answer.json()["errors"]] == ["/new_password"]
    assert (await reset(door, token)).status_code == 200


@pytest.mark.parametrize("token", ["x", "A" * 64, "é" * 64, "\u202e" * 10])
async def test_bad_tokens_are_400(door: Door, token: str):
    answer = await reset(door, token)
    assert (answer.status_code, code_of(answer)) == (400, "invalid_token")


async def test_a_verification_token_resets_nothing(door: Door):
    await door.person("sam@school.example", email_verified_at=None)
    await door.call("POST", "/auth/verify-email", json={"email": "sam@school.example"})
    token = await door.link_token("sam@school.example", "/confirm-email")
    assert (await reset(door, token)).status_code == 400
    reset_token = await link(door)
    answer = await door.call("POST", "/auth/confirm-email", json={"token": reset_token})
    assert answer.status_code == 400


async def test_known_and_unknown_addresses_get_one_answer(door: Door):
    await door.person("sam@school.example")
    known, unknown = await forgot(door, "sam@school.example"), await forgot(door, "nobody@school.example")
    assert known.status_code == unknown.status_code == 200
    assert known.content == unknown.content
    assert await door.mails("nobody@school.example") == []


async def test_one_mail_a_minute_and_five_a_day_silently(door: Door):
    await door.person("sam@school.example")
    first = await forgot(door, "sam@school.example")
    second = await forgot(door, "sam@school.example")
    assert first.content == second.content
    assert len(await door.mails("sam@school.example")) == 1
    for minutes in range(2, 20, 2):
        with clock.shifted(timedelta(minutes=minutes)):
            assert (await forgot(door, "sam@school.example")).status_code == 200
            await door.mails("sam@school.example")
    assert len(await door.mails("sam@school.example")) == 5


async def test_ten_requests_at_once_send_one_mail(door: Door):
    await door.person("sam@school.example")
    await asyncio.gather(*(forgot(door, "sam@school.example") for _ in range(10)))
    assert len(await door.mails("sam@school.example")) == 1


async def test_whoever_reads_the_mail_owns_the_address(door: Door):
    await door.person("sam@school.example", email_verified_at=None)
    await reset(door, await link(door))
    me = (await door.call("GET", "/users/me", (await door.log_in("sam@school.example", NEW))["access_token"])).json()
    assert me["email_verified_at"] is not None


async def test_only_the_hash_of_a_token_is_stored(door: Door):
    await door.person("sam@school.example")
    token = await link(door)
    async with door.database.read_session() as session:
        connection = await session.connection()
        for table in ("one_time_tokens", "audit_events"):
            rows = (await connection.exec_driver_sql(f"SELECT * FROM {table}")).all()  # noqa: S608 -- a name of ours.
            assert rows
            assert token not in str(rows)
