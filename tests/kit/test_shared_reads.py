"""Equal figures are made once for all who ask before the making begins, and never for somebody who asks later."""

import asyncio

import pytest

from studium.kit.db.prepared import SqliteReads
from tests.world import World


class Figures:
    def __init__(self) -> None:
        self.reads, self.made, self.at_work, self.most = SqliteReads("sqlite://"), 0, 0, 0
        self.may_end = asyncio.Event()

    async def make(self) -> int:
        self.made += 1
        number = self.made
        self.at_work += 1
        self.most = max(self.most, self.at_work)
        await self.may_end.wait()
        self.at_work -= 1
        return number

    def ask(self, key: str = "school") -> "asyncio.Task[int]":
        return asyncio.create_task(self.reads.shared(key, self.make))


async def test_whoever_asks_while_it_is_made_gets_the_next_one() -> None:
    figures = Figures()
    first = [figures.ask() for _ in range(5)]
    while not figures.made:
        await asyncio.sleep(0)
    later = [figures.ask() for _ in range(5)]
    await asyncio.sleep(0)
    figures.may_end.set()
    assert await asyncio.gather(*first) == [1] * 5
    assert await asyncio.gather(*later) == [2] * 5
    assert await figures.ask() == 3


async def test_who_goes_away_takes_nothing_from_the_others() -> None:
    figures = Figures()
    gone, stays = figures.ask(), figures.ask()
    while not figures.made:
        await asyncio.sleep(0)
    gone.cancel()
    figures.may_end.set()
    assert await stays == 1


async def test_a_failure_is_everybodys_and_is_not_kept() -> None:
    figures = Figures()

    async def fail() -> int:
        raise LookupError

    asked = [asyncio.create_task(figures.reads.shared("school", fail)) for _ in range(2)]
    for each in asked:
        with pytest.raises(LookupError):
            await each
    figures.may_end.set()
    assert await figures.ask() == 1


async def test_four_are_made_at_a_time() -> None:
    figures = Figures()
    asked = [figures.ask(f"course {number}") for number in range(12)]
    for _ in range(20):
        await asyncio.sleep(0)
    assert figures.most == 4
    figures.may_end.set()
    await asyncio.gather(*asked)
    assert figures.most == 4


async def test_a_crowd_with_one_question_is_not_refused(world: World) -> None:
    async with world.counting() as alone:
        assert (await world.call("root", "GET", "/analytics/system/overview")).status_code == 200
    async with world.counting() as seen:
        paths = ["/analytics/system/overview"] * 40
        answers = await asyncio.gather(*(world.call("root", "GET", path) for path in paths))
    assert {answer.status_code for answer in answers} == {200}
    assert len(seen) <= len(paths) + 12 * len(alone)
