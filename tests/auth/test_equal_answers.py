"""Neither text nor time tells a known address from an unknown one."""

import statistics
from collections.abc import Awaitable, Callable
from datetime import timedelta
from time import process_time

import pytest

from studium.kit.base import clock
from studium.kit.security.passwords import MEMORY_KIB, PASSES, executor
from tests.auth.helpers import Door

TRIES = 40


async def median_difference(one: Callable[[int], Awaitable[object]], two: Callable[[int], Awaitable[object]]) -> float:
    """In milliseconds of work, which the load of the machine does not change as it does what a clock shows.

    Neither way waits for anything but the database, and both ask it for the same.
    """
    times: tuple[list[float], list[float]] = ([], [])
    for n in range(TRIES):
        for kept, call in zip(times, (one, two), strict=True):
            began = process_time()
            await call(n)
            kept.append((process_time() - began) * 1000)
    return abs(statistics.median(times[0]) - statistics.median(times[1]))


async def test_a_wrong_password_takes_as_long_for_nobody(door: Door):
    async def knock(email: str, n: int) -> None:
        door.source = f"203.0.113.{n}"
        assert (await door.try_login(email, "not the password")).status_code == 401

    with executor.with_cost(memory_kib=MEMORY_KIB, passes=PASSES):
        for n in range(TRIES):
            await door.person(f"sam{n}@school.example")
        known, unknown = "sam{}@school.example", "nobody{}@school.example"
        difference = await median_difference(lambda n: knock(known.format(n), n), lambda n: knock(unknown.format(n), n))
    assert difference <= 10


@pytest.mark.parametrize("path", ["forgot-password", "verify-email"])
async def test_asking_for_a_mail_takes_as_long_for_nobody(door: Door, path: str):
    for n in range(TRIES):
        await door.person(f"sam{n}@school.example", email_verified_at=None)

    async def ask(email: str) -> None:
        assert (await door.call("POST", f"/auth/{path}", json={"email": email})).status_code == 200

    with clock.shifted(timedelta(minutes=2)):
        assert (
            await median_difference(lambda n: ask(f"sam{n}@school.example"), lambda n: ask(f"no{n}@school.example"))
            <= 10
        )
