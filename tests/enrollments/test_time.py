"""Time on lessons is credited no faster than the clock runs, over all lessons and open tabs."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from studium.kit.base.clock import frozen, now
from tests.answers import ok
from tests.world import World

MUCH = 100_000


@contextmanager
def later(seconds: int) -> Iterator[None]:
    with frozen(now() + timedelta(seconds=seconds)):
        yield


async def report(world: World, lesson: str, seconds: int, who: str = "sam") -> int:
    """The seconds credited to the lesson after a report."""
    path = f"/enrollments/{{E1}}/lessons/{{{lesson}}}/progress"
    told = ok(await world.call(who, "PATCH", path, json={"time_spent_seconds": seconds}))
    return int(told["time_spent_seconds"])


async def total(world: World) -> int:
    return int(ok(await world.call("sam", "GET", "/enrollments/{E1}"))["total_time_spent_seconds"])


async def test_a_lesson_gets_the_clock_since_its_first_report_and_a_minute(world: World) -> None:
    with later(0):
        assert await report(world, "L1", 30) == 30
        assert await report(world, "L1", MUCH) == 60
        assert await report(world, "L1", 10) == 60
        with later(100):
            assert await report(world, "L1", 150) == 150
            assert await report(world, "L1", MUCH) == 160
            assert await total(world) == 160


async def test_open_tabs_share_one_clock(world: World) -> None:
    wish = {"course_id": str(world.ids["C1"])}
    path = "/enrollments/" + ok(await world.call("mia", "POST", "/enrollments", json=wish), 201)["id"]

    async def watch(lesson: str) -> int:
        address = f"{path}/lessons/{{{lesson}}}/progress"
        answer = await world.call("mia", "PATCH", address, json={"time_spent_seconds": MUCH})
        return int(ok(answer)["time_spent_seconds"])

    with later(0):
        assert [await watch("L1"), await watch("L2")] == [60, 60]
        with later(500):
            assert [await watch("L1"), await watch("L2")] == [560, 60]
            answers = await asyncio.gather(*(watch(lesson) for lesson in ("L1", "L2", "L3") * 4))
            assert max(answers) == 560
            seen = ok(await world.call("mia", "GET", path))
            assert seen["total_time_spent_seconds"] == 500 + 3 * 60


async def test_an_admin_sets_the_time_and_nobody_takes_it_back(world: World) -> None:
    assert await report(world, "L1", 5_000, who="root") == 5_000
    assert await report(world, "L1", 10) == 5_000
    assert await report(world, "L2", MUCH) == 0
    assert await total(world) == 5_000
