"""Limits of jobs: a queue each, one at a time, so many seconds, and so many workers that may die."""

import asyncio
import gc
import signal
from collections.abc import Callable
from pathlib import Path
from subprocess import Popen

import pytest
from sqlalchemy import text

from studium.kit.base.ids import new_id
from studium.kit.jobs.events import publish
from studium.kit.jobs.registry import DEADLY, MAX_DEATHS, Queue, TookTooLong, registered_jobs
from studium.kit.runtime import Runtime
from studium.modules.registry import load_handlers
from tests.jobs.library import BookReturned, ClockStopped, CrateArrived, lines, shelved
from tests.jobs.test_workers import until

Starter = Callable[..., Popen[bytes]]
_SILENT_FOR_LONG = "UPDATE procrastinate_workers SET last_heartbeat = now() - interval '1 hour'"


async def arrive(runtime: Runtime, sender: str, content: str, crates: int = 1) -> None:
    async with runtime.database.write_session() as session:
        for _ in range(crates):
            await publish(session, CrateArrived(crate_id=new_id(), sender=sender, content=content))


async def died(runtime: Runtime, process: Popen[bytes]) -> None:
    """Wait until a worker is killed, and let the others know it at once."""
    assert await asyncio.wait_for(asyncio.to_thread(process.wait), 40) == -signal.SIGKILL
    if runtime.database.dialect == "postgresql":
        async with runtime.database.write_session() as session:
            await session.execute(text(_SILENT_FOR_LONG))


async def begun(folder: Path, count: int) -> bool:
    return sum(line.startswith("begun") for line in lines(folder / "crates")) >= count


async def test_a_job_that_killed_three_workers_is_a_dead_letter(
    runtime: Runtime, start_worker: Starter, tmp_path: Path
) -> None:
    await arrive(runtime, "a", "deadly")
    for _ in range(MAX_DEATHS):
        assert await runtime.jobs.dead_jobs() == []
        await died(runtime, start_worker())
    await runtime.jobs.start()

    async def is_dead() -> bool:
        return (await runtime.jobs.pending())["dead"] == 1

    await until(is_dead, 40)
    [dead] = await runtime.jobs.dead_jobs()
    assert (dead.error, dead.tries) == (DEADLY, MAX_DEATHS)
    assert len(lines(tmp_path / "crates")) == MAX_DEATHS, "it was not begun a fourth time"
    assert await runtime.jobs.requeue(dead.id)
    assert (await runtime.jobs.pending())["dead"] == 0


async def test_other_jobs_outlive_what_kills_their_worker(runtime: Runtime, start_worker: Starter) -> None:
    """They are claimed together with it, and run again each time; the deadly one alone becomes a dead letter."""
    books = {str(new_id()) for _ in range(20)}
    async with runtime.database.write_session() as session:
        for book in sorted(books):
            await publish(session, BookReturned(book_id=book, shelf="a"))  # type: ignore[arg-type]  # a text will do.
    await arrive(runtime, "a", "deadly")
    for _ in range(MAX_DEATHS):
        await died(runtime, start_worker())
    await runtime.jobs.start()

    async def is_over() -> bool:
        return await runtime.jobs.pending() == {"ready": 0, "running": 0, "dead": 1}

    await until(is_over, 40)
    assert sorted(await shelved(runtime, "a")) == sorted(books)


async def test_a_queue_does_not_wait_for_another(runtime: Runtime, tmp_path: Path) -> None:
    for sender in "abcdef":
        await arrive(runtime, sender, "endless")
    runtime.jobs.stop_seconds = 0
    await runtime.jobs.start()
    await until(lambda: begun(tmp_path, runtime.jobs.workers[Queue.IMPORTS]))
    async with runtime.database.write_session() as session:
        await publish(session, BookReturned(book_id=new_id(), shelf="a"))

    async def is_shelved() -> bool:
        return len(await shelved(runtime, "a")) == 1

    assert await until(is_shelved) < 2
    await runtime.jobs.stop()


async def test_one_at_a_time_for_each_owner_in_order(runtime: Runtime, tmp_path: Path) -> None:
    await arrive(runtime, "a", "light", crates=3)
    await arrive(runtime, "b", "light")
    await runtime.jobs.start()

    async def is_idle() -> bool:
        return set((await runtime.jobs.pending()).values()) == {0}

    await until(is_idle, 40)
    told = [line.split() for line in lines(tmp_path / "crates")]
    of_a = [(what, crate) for what, sender, crate in told if sender == "a"]
    crates = [crate for what, crate in of_a if what == "begun"]
    assert crates == sorted(crates), "the ids grow in the order in which they were stored"
    assert of_a == [(what, crate) for crate in crates for what in ("begun", "done")]
    assert [sender for what, sender, _ in told if what == "begun"].index("b") < 2, "b does not wait for all of a"


async def test_what_a_stopped_worker_gives_back_is_not_counted(runtime: Runtime, tmp_path: Path) -> None:
    """However often a school is restarted during a long import, it is no dead letter."""
    await arrive(runtime, "a", "endless")
    runtime.jobs.stop_seconds = 0
    for turn in range(1, MAX_DEATHS + 2):
        if runtime.database.dialect == "postgresql":
            async with runtime.database.write_session() as session:
                await session.execute(text("UPDATE procrastinate_jobs SET scheduled_at = NULL WHERE status = 'todo'"))
        await runtime.jobs.start()
        await until(lambda turn=turn: begun(tmp_path, turn))  # type: ignore[misc]
        await runtime.jobs.stop()
    assert await runtime.jobs.pending() == {"ready": 1, "running": 0, "dead": 0}
    gc.collect()


async def test_a_job_that_takes_too_long_has_failed(runtime: Runtime) -> None:
    async with runtime.database.write_session() as session:
        await publish(session, ClockStopped(clock_id=new_id()))
    with pytest.raises(TookTooLong, match=r"longer than 0\.1 seconds"):
        await asyncio.wait_for(runtime.jobs.drain(), 10)
    assert await shelved(runtime, "clock") == []
    assert (await runtime.jobs.pending())["ready"] == 1, "it is tried again"


def test_every_kind_has_a_limit() -> None:
    load_handlers()
    assert {kind.name: kind.seconds for kind in registered_jobs() if not 0 < kind.seconds <= 7200} == {}


async def test_jobs_that_are_dead_or_wait_can_be_dropped(runtime: Runtime) -> None:
    async with runtime.database.write_session() as session:
        await publish(session, BookReturned(book_id=new_id(), shelf="unknown"))
    await runtime.jobs.drain(raising=False)
    [dead] = await runtime.jobs.dead_jobs()
    assert await runtime.jobs.drop(dead.id)
    for unknown in (dead.id, "x", "", "9" * 40, str(new_id())):
        assert not await runtime.jobs.drop(unknown)
    assert await runtime.jobs.pending() == {"ready": 0, "running": 0, "dead": 0}
