"""A Redis that stops or hangs opens no gate, closes none, and is hardly felt."""

import asyncio
from collections import Counter
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from time import monotonic
from typing import Any

import pytest

from studium.access.password_attempts import PER_ACCOUNT
from studium.access.throttle import note
from tests.auth.helpers import Door, code_of
from tests.auth.test_mailed_codes import SAM, enabled, newest_code
from tests.auth.test_throttles import fail
from tests.auth.test_totp import verify
from tests.servers import Server, redis_server

WITHIN_SECONDS = 3


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[Server]:
    with redis_server(tmp_path) as server:
        yield server


@pytest.fixture
def settings_changes(redis: Server) -> dict[str, Any]:
    return {"redis_url": f"redis://127.0.0.1:{redis.port}/0"}


@contextmanager
def stopped(redis: Server) -> Iterator[None]:
    redis.stop()
    try:
        yield
    finally:
        redis.start()


@pytest.fixture(params=["stopped", "hanging"])
def outage(request: pytest.FixtureRequest, redis: Server) -> AbstractContextManager[None]:
    """What breaks Redis for the length of a block."""
    return stopped(redis) if request.param == "stopped" else redis.hanging()


async def test_the_second_factor_goes_on(door: Door, outage: AbstractContextManager[None]):
    await enabled(door)
    before = (await door.log_in(SAM))["challenge_token"]
    code = await newest_code(door)
    began = monotonic()
    with outage:
        answers = await asyncio.gather(*(verify(door, before, code) for _ in range(4)))
        assert Counter(answer.status_code for answer in answers) == {200: 1, 401: 3}
        during = (await door.log_in(SAM))["challenge_token"]
        used = code
        code = await newest_code(door)
        assert (await verify(door, during, used)).status_code == 401
        assert (await verify(door, during, code)).status_code == 200
        assert monotonic() - began < WITHIN_SECONDS
    door.runtime.cache._breaker.open_until = 0.0  # type: ignore[attr-defined]  # Only Redis has one: time flies.
    for challenge, spent in ((before, used), (during, code)):
        again = await verify(door, challenge, spent)
        assert (again.status_code, code_of(again)) == (401, "invalid_challenge")


async def test_a_code_that_redis_never_heard_of_is_still_good_and_wrong_ones_still_count(
    door: Door, outage: AbstractContextManager[None]
):
    await enabled(door)
    with outage:
        challenge = (await door.log_in(SAM))["challenge_token"]
        code = await newest_code(door)
        wrong = f"{(int(code) + 1) % 1_000_000:06}"
        for _ in range(4):
            assert (await verify(door, challenge, wrong)).status_code == 401
    door.runtime.cache._breaker.open_until = 0.0  # type: ignore[attr-defined]  # Only Redis has one: time flies.
    assert code_of(await verify(door, challenge, wrong)) == "wrong_second_factor"
    spent = await verify(door, challenge, code)
    assert (spent.status_code, code_of(spent)) == (401, "invalid_challenge")


async def test_failures_count_before_during_and_after(door: Door, outage: AbstractContextManager[None]):
    await door.person(SAM)
    assert await fail(door, 4) == [401] * 4
    with outage:
        assert await fail(door, 6) == [401] * 6
        assert (await door.try_login(SAM)).status_code == 429
    assert (await door.try_login(SAM)).status_code == 429
    door.source = "203.0.113.9"
    assert (await door.try_login(SAM)).status_code == 200


async def test_the_owner_gets_in_during_an_attack(door: Door, outage: AbstractContextManager[None]):
    await door.person(SAM)
    await door.log_in(SAM)
    home = door.source
    with outage:
        async with door.database.write_session() as session:
            for _ in range(PER_ACCOUNT.hits):
                await note(session, PER_ACCOUNT.scope, SAM)
        door.source = "203.0.113.9"
        assert (await door.try_login(SAM)).status_code == 429
        door.source = home
        assert (await door.try_login(SAM)).status_code == 200
