"""Workers: woken by a commit, shared by processes, stopped without loss, and survived when they are killed."""

import asyncio
import signal
from collections.abc import Awaitable, Callable
from pathlib import Path
from subprocess import Popen
from time import monotonic
from zlib import crc32

import psycopg
import pytest
from sqlalchemy import text

from studium.kit.base.ids import new_id
from studium.kit.jobs.events import publish
from studium.kit.runtime import Runtime
from tests.jobs.library import BookReturned, LetterDue, lines, shelved

Starter = Callable[..., Popen[bytes]]
_SILENT_FOR_LONG = "UPDATE procrastinate_workers SET last_heartbeat = now() - interval '1 hour'"


async def until(true: Callable[[], Awaitable[bool]], seconds: float = 12) -> float:
    """Wait until it is true; return how many seconds that took."""
    started = monotonic()
    while not await true():
        assert monotonic() - started < seconds, "it did not become true in time"
        await asyncio.sleep(0.02)
    return monotonic() - started


async def exited(process: Popen[bytes]) -> int:
    return await asyncio.wait_for(asyncio.to_thread(process.wait), 12)


async def test_commit_wakes_a_worker(runtime: Runtime) -> None:
    await runtime.jobs.start()
    await asyncio.sleep(0.3)
    async with runtime.database.write_session() as session:
        await publish(session, BookReturned(book_id=new_id(), shelf="a"))
        async with session.begin_nested():
            await session.flush()
    assert await until(lambda: _has(runtime, "a", 1)) < 0.6, "the poll alone takes up to a second"


async def test_stopping_finishes_what_runs(runtime: Runtime, tmp_path: Path) -> None:
    (tmp_path / "slow").touch()
    await runtime.jobs.start()
    async with runtime.database.write_session() as session:
        await publish(session, LetterDue(letter_id=new_id()))
    await until(lambda: _lines(tmp_path / "started", 1))
    await runtime.jobs.stop()
    assert len(lines(tmp_path / "letters")) == 1
    assert await runtime.jobs.pending() == {"ready": 0, "running": 0, "dead": 0}


async def test_periodic_work_goes_on_and_ends(runtime: Runtime, tmp_path: Path) -> None:
    await runtime.jobs.start()
    await until(lambda: _lines(tmp_path / "dusted", 2))
    await runtime.jobs.stop()
    count = len(lines(tmp_path / "dusted"))
    await asyncio.sleep(0.5)
    assert len(lines(tmp_path / "dusted")) == count


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_one_process_at_a_time_sweeps(runtime: Runtime, database_url: str, tmp_path: Path) -> None:
    async with await psycopg.AsyncConnection.connect(database_url, autocommit=True) as other:
        await other.execute("SELECT pg_advisory_lock(%s)", (crc32(b"library.dust"),))
        await runtime.jobs.start()
        await asyncio.sleep(0.6)
        assert lines(tmp_path / "dusted") == []
    await until(lambda: _lines(tmp_path / "dusted", 1))


async def test_death_between_commit_and_acknowledgement(runtime: Runtime, start_worker: Starter) -> None:
    book = new_id()
    async with runtime.database.write_session() as session:
        await publish(session, BookReturned(book_id=book, shelf="a"))
    assert await exited(start_worker("after commit")) == -signal.SIGKILL
    assert await shelved(runtime, "a") == [str(book)]
    if runtime.database.dialect == "postgresql":
        async with runtime.database.write_session() as session:
            await session.execute(text(_SILENT_FOR_LONG))
    await runtime.jobs.start()
    await until(lambda: _is_idle(runtime))
    assert await shelved(runtime, "a") == [str(book)]


async def test_killed_worker_loses_no_job(runtime: Runtime, start_worker: Starter, tmp_path: Path) -> None:
    letter = new_id()
    async with runtime.database.write_session() as session:
        await publish(session, LetterDue(letter_id=letter))
    process = start_worker("during")
    await until(lambda: _lines(tmp_path / "started", 1))
    process.kill()
    await exited(process)
    await runtime.jobs.start()
    taken = await until(lambda: _is_idle(runtime))
    assert [line.split()[0] for line in lines(tmp_path / "letters")] == [str(letter)]
    assert taken < (2 if runtime.database.dialect == "sqlite" else 12)


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_two_processes_share_the_jobs(runtime: Runtime, start_worker: Starter, tmp_path: Path) -> None:
    (tmp_path / "slow").touch()
    processes = [start_worker(), start_worker()]
    await until(lambda: _dusted_by(tmp_path / "dusted", 2))
    published = 0
    async with asyncio.timeout(40):
        # A process that has begun to sweep may not listen for jobs yet, and the other one is done with forty by then.
        while {int(line.split()[2]) for line in lines(tmp_path / "letters")} != {process.pid for process in processes}:
            async with runtime.database.write_session() as session:
                for _ in range(40):
                    await publish(session, LetterDue(letter_id=new_id()))
            published += 40
            await until(lambda: _is_idle(runtime))
    sent = [line.split() for line in lines(tmp_path / "letters")]
    assert len(sent) == len({letter for letter, _, _ in sent}) == published
    for process in processes:
        process.send_signal(signal.SIGTERM)
    assert [await exited(process) for process in processes] == [0, 0]


async def _has(runtime: Runtime, shelf: str, count: int) -> bool:
    return len(await shelved(runtime, shelf)) == count


async def _lines(path: Path, count: int) -> bool:
    return len(lines(path)) >= count


async def _dusted_by(path: Path, count: int) -> bool:
    return len(set(lines(path))) >= count


async def _is_idle(runtime: Runtime) -> bool:
    return set((await runtime.jobs.pending()).values()) == {0}
