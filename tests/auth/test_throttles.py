"""Failed log-ins are counted in the database: for account and source, for the source, for the account."""

import asyncio
from collections import Counter
from datetime import timedelta
from typing import Any

import pytest

from studium.access.password_attempts import PER_ACCOUNT
from studium.access.throttle import note
from studium.kit.base import clock
from studium.kit.db.database import Database
from tests.auth.helpers import PASSWORD, Door, code_of

SAM = "sam@school.example"


async def fail(door: Door, times: int, email: str = SAM) -> list[int]:
    return [(await door.try_login(email, "not the password")).status_code for _ in range(times)]


async def test_ten_failures_close_the_account_to_this_source_for_five_minutes(door: Door):
    await door.person(SAM)
    assert await fail(door, 10) == [401] * 10
    closed = await door.try_login(SAM)
    assert (closed.status_code, code_of(closed)) == (429, "too_many_requests")
    assert 0 < int(closed.headers["retry-after"]) <= 301
    door.source = "203.0.113.9"
    assert (await door.try_login(SAM)).status_code == 200
    door.source = "198.51.100.7"
    with clock.shifted(timedelta(minutes=5, seconds=1)):
        assert (await door.try_login(SAM)).status_code == 200


async def test_it_looks_the_same_for_unknown_accounts(door: Door):
    await door.person(SAM)
    known, unknown = await fail(door, 12), await fail(door, 12, "nobody@school.example")
    assert known == unknown == [401] * 10 + [429] * 2


async def test_success_is_never_counted_and_forgives(door: Door):
    await door.person(SAM)
    for _ in range(3):
        assert await fail(door, 9) == [401] * 9
        assert (await door.try_login(SAM)).status_code == 200


async def test_thirty_failures_close_the_door_to_a_source(door: Door):
    await door.person(SAM)
    names = [f"guess{n}@school.example" for n in range(30)]
    assert Counter([status for name in names for status in await fail(door, 1, name)]) == {401: 30}
    assert (await door.try_login(SAM)).status_code == 429
    door.source = "203.0.113.9"
    assert (await door.try_login(SAM)).status_code == 200


async def test_a_crowd_of_sources_closes_the_account_but_not_to_its_owner(door: Door):
    await door.person(SAM)
    await door.log_in(SAM)
    async with door.database.write_session() as session:
        for _ in range(PER_ACCOUNT.hits):
            await note(session, PER_ACCOUNT.scope, SAM)
    home, door.source = door.source, "203.0.113.9"
    assert (await door.try_login(SAM)).status_code == 429
    door.source = home
    assert (await door.try_login(SAM)).status_code == 200
    door.source = "203.0.113.9"
    with clock.shifted(timedelta(hours=1, seconds=1)):
        assert (await door.try_login(SAM)).status_code == 200


async def test_guesses_at_once_are_worth_no_more_than_in_turn(door: Door):
    await door.person(SAM)
    answers = await asyncio.gather(*(door.try_login(SAM, f"guess {n} at it") for n in range(30)))
    assert Counter(answer.status_code for answer in answers) == {401: 10, 429: 20}


async def test_the_count_outlives_the_process(door: Door):
    await door.person(SAM)
    await fail(door, 10)
    fresh = Database(door.runtime.settings.database_url)
    fresh.session_info.update(door.runtime.database.session_info)
    door.runtime.database, old = fresh, door.runtime.database
    await old.close()
    assert (await door.try_login(SAM)).status_code == 429
    await fresh.close()  # The school closes the one that it opened.


async def test_a_forged_forwarding_header_from_the_client_moves_nobody(door: Door):
    await door.person(SAM)
    body = {"email": SAM, "password": "not the password"}
    statuses = []
    for n in range(12):
        headers = {"X-Forwarded-For": f"10.0.0.{n}, {door.source}"}
        statuses.append((await door.call("POST", "/auth/login", json=body, headers=headers)).status_code)
    assert statuses == [401] * 10 + [429] * 2


@pytest.mark.parametrize("place", ["/auth/token", "/auth/reauthenticate"])
async def test_ten_failures_close_each_place_that_asks_for_nothing_but_the_password(door: Door, place: str):
    await door.person(SAM)
    token = await door.token(SAM)
    form, wrong = {"username": SAM, "password": "not the password"}, {"password": "not the password"}
    content: dict[str, Any] = {"data": form} if place == "/auth/token" else {"json": wrong}
    answers = [await door.call("POST", place, token, **content) for _ in range(11)]
    assert [answer.status_code for answer in answers[:10]] == [401 if "data" in content else 403] * 10
    assert (answers[10].status_code, code_of(answers[10])) == (429, "too_many_requests")


async def test_other_places_that_take_the_password_count_too(door: Door):
    await door.person(SAM)
    token = await door.token(SAM)
    wrong = {"password": "not the password"}
    body = {"password": "purple anchor 58", "current_password": "not the password"}
    for _ in range(5):
        assert (await door.call("POST", "/auth/mfa/enable", token, json=wrong)).status_code == 403
        assert (await door.call("PATCH", "/users/me", token, json=body)).status_code == 403
    assert (await door.call("PATCH", "/users/me", token, json=body)).status_code == 429
    assert (await door.call("POST", "/auth/mfa/enable", token, json={"password": PASSWORD})).status_code == 429
