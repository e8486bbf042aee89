"""Failures: tried again after a pause, dead in the end, and alive again when an operator says so."""

from pathlib import Path

import pytest
from sqlalchemy import text

from studium.kit.base.ids import new_id
from studium.kit.base.metrics import REGISTRY
from studium.kit.jobs.events import publish
from studium.kit.jobs.registry import MAX_TRIES, PermanentJobError, retry_delay
from studium.kit.runtime import Runtime
from tests.jobs.library import BookReturned, LetterDue, ShelfFull, lines, shelved

_DUE_NOW = {
    "sqlite": "UPDATE jobs SET run_at = '2000-01-01 00:00:00.000000' WHERE state = 'ready'",
    "postgresql": "UPDATE procrastinate_jobs SET scheduled_at = NULL WHERE status = 'todo'",
}


async def make_due(runtime: Runtime) -> None:
    """Let the pause of every job be over."""
    async with runtime.database.write_session() as session:
        await session.execute(text(_DUE_NOW[runtime.database.dialect]))


async def test_failed_job_waits_and_then_succeeds(runtime: Runtime, tmp_path: Path) -> None:
    (tmp_path / "full").touch()
    book = new_id()
    async with runtime.database.write_session() as session:
        await publish(session, BookReturned(book_id=book, shelf="full"))
    with pytest.raises(ShelfFull):
        await runtime.jobs.drain(raising=True)
    assert await shelved(runtime, "full") == []
    await runtime.jobs.drain(raising=True)
    assert (await runtime.jobs.pending())["ready"] == 1, "the pause is not over"
    (tmp_path / "full").unlink()
    await make_due(runtime)
    await runtime.jobs.drain(raising=True)
    assert await shelved(runtime, "full") == [str(book)]


async def test_eight_failures_are_a_dead_letter_that_can_be_requeued(runtime: Runtime, tmp_path: Path) -> None:
    (tmp_path / "closed").touch()
    letter = new_id()
    async with runtime.database.write_session() as session:
        await publish(session, LetterDue(letter_id=letter))
    for _ in range(MAX_TRIES):
        assert await runtime.jobs.dead_jobs() == []
        await make_due(runtime)
        await runtime.jobs.drain(raising=False)
    [dead] = await runtime.jobs.dead_jobs()
    assert dead.tries == MAX_TRIES
    assert dead.payload == {"letter_id": str(letter)}
    (tmp_path / "closed").unlink()
    assert await runtime.jobs.requeue(dead.id)
    assert not await runtime.jobs.requeue(dead.id)
    await runtime.jobs.drain(raising=True)
    sent = lines(tmp_path / "letters")
    assert len(sent) == MAX_TRIES + 1
    assert {line.split()[1] for line in sent} == {dead.id}, "the id of a job is the same over all its tries"
    assert await runtime.jobs.pending() == {"ready": 0, "running": 0, "dead": 0}


async def test_giving_up_is_a_dead_letter_at_once(runtime: Runtime) -> None:
    async with runtime.database.write_session() as session:
        await publish(session, BookReturned(book_id=new_id(), shelf="unknown"))
    with pytest.raises(PermanentJobError):
        await runtime.jobs.drain(raising=True)
    [dead] = await runtime.jobs.dead_jobs()
    assert dead.tries == 1
    assert await shelved(runtime, "unknown") == []


async def test_failures_are_counted(runtime: Runtime) -> None:
    async with runtime.database.write_session() as session:
        await publish(session, BookReturned(book_id=new_id(), shelf="unknown"))
    labels = {"name": "library.shelve", "outcome": "failed"}
    before = REGISTRY.get_sample_value("studium_jobs_total", labels) or 0
    await runtime.jobs.drain(raising=False)
    assert REGISTRY.get_sample_value("studium_jobs_total", labels) == before + 1


def test_pauses_grow_up_to_a_limit() -> None:
    assert 1 <= retry_delay(1) <= 1.25
    assert 16 <= retry_delay(3) <= 20
    assert retry_delay(40) <= 600 * 1.25
