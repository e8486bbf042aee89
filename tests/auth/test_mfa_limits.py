"""How often the second factor may be guessed: five times for a challenge, and for a person over all challenges."""

import asyncio
from collections import Counter
from datetime import timedelta

from studium.kit.base import clock
from tests.auth.helpers import PASSWORD, Door, code_of
from tests.auth.test_totp import SAM, code_at, confirm, enabled, prepare, verify


async def test_a_challenge_is_dead_after_five_tries(door: Door):
    _, app, _ = await enabled(door)
    challenge = (await door.log_in(SAM))["challenge_token"]
    with clock.shifted(timedelta(seconds=1)):
        for _ in range(5):
            assert code_of(await verify(door, challenge, "000000")) == "wrong_second_factor"
    with clock.shifted(timedelta(minutes=6)):
        right = await verify(door, challenge, code_at(app))
        assert (right.status_code, code_of(right)) == (401, "invalid_challenge")
        fresh = (await door.log_in(SAM))["challenge_token"]
        assert (await verify(door, fresh, code_at(app))).status_code == 200


async def test_a_person_has_five_tries_in_five_minutes_over_all_challenges(door: Door):
    _, app, _ = await enabled(door)
    for _ in range(5):
        challenge = (await door.log_in(SAM))["challenge_token"]
        assert (await verify(door, challenge, "000000")).status_code == 401
    challenge = (await door.log_in(SAM))["challenge_token"]
    answer = await verify(door, challenge, code_at(app))
    assert answer.status_code == 429
    assert 0 < int(answer.headers["retry-after"]) <= 301


async def test_a_person_has_twenty_tries_an_hour_and_fifty_a_day(door: Door):
    await enabled(door)
    wrong, minutes = 0, 0
    while minutes < 59:
        with clock.shifted(timedelta(minutes=minutes)):
            challenge = (await door.log_in(SAM))["challenge_token"]
            for _ in range(5):
                wrong += (await verify(door, challenge, "000000")).status_code == 401
        minutes += 6
    assert wrong == 20
    for hour in range(2, 20):
        with clock.shifted(timedelta(hours=hour)):
            challenge = (await door.log_in(SAM))["challenge_token"]
            for _ in range(5):
                wrong += (await verify(door, challenge, "000000")).status_code == 401
    assert wrong == 50


async def test_many_at_once_are_worth_five(door: Door):
    await enabled(door)
    challenge = (await door.log_in(SAM))["challenge_token"]
    answers = await asyncio.gather(*(verify(door, challenge, f"{n:06}") for n in range(20)))
    counted = Counter(code_of(answer) for answer in answers)
    assert counted["wrong_second_factor"] == 5


async def test_the_first_code_is_limited_too(door: Door):
    await door.person(SAM)
    token = await door.token(SAM)
    assert (await prepare(door, token)).status_code == 200
    answers = [await confirm(door, token, "000000") for _ in range(6)]
    assert [code_of(answer) for answer in answers] == ["invalid_mfa_code"] * 5 + ["too_many_requests"]


async def test_turning_it_on_or_off_is_limited_alike(door: Door):
    token, _, _ = await enabled(door)
    body = {"password": PASSWORD, "code": "000000"}
    for _ in range(5):
        assert (await door.call("POST", "/auth/mfa/disable", token, json=body)).status_code == 400
    assert (await door.call("POST", "/auth/mfa/disable", token, json=body)).status_code == 429
