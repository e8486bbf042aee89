"""A deadlock is nobody's mistake: the loser's request is tried again by itself, and a lock held too long is 503."""

import asyncio
from time import monotonic

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from studium.access.audit import record_audit
from studium.kit.db.repeats import repeated
from studium.models import AuditEvent, LessonProgress
from tests.world import World

COMPLETE = "/enrollments/{E1}/lessons/{L1}/complete"
HOLD_LESSON = "SELECT 1 FROM lessons WHERE id = %s FOR UPDATE"
HOLD_ENROLLMENT = "SELECT 1 FROM enrollments WHERE id = %s FOR UPDATE"


async def until_somebody_waits(database_url: str) -> None:
    """Some session of this database waits for a lock. Not asked in a transaction: there, activity stands still."""
    waiting = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    async with await psycopg.AsyncConnection.connect(database_url, autocommit=True) as watcher:
        while (await (await watcher.execute(waiting)).fetchone()) == (0,):
            await asyncio.sleep(0.01)


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_the_loser_of_a_deadlock_is_tried_again(world: World, database_url: str) -> None:
    before = await world.count(LessonProgress)
    async with await psycopg.AsyncConnection.connect(database_url) as other:
        await other.execute("SET deadlock_timeout = '1min'")  # So that the request is the one that notices.
        await other.execute(HOLD_LESSON, [world.ids["L1"]])
        request = asyncio.create_task(world.call("sam", "POST", COMPLETE))
        await until_somebody_waits(database_url)
        await other.execute(HOLD_ENROLLMENT, [world.ids["E1"]])  # Granted when the request has lost.
        assert not request.done()
    assert (await request).status_code == 200
    assert await world.count(LessonProgress) == before + 1


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_a_lock_that_is_held_for_long_is_not_waited_for(world: World, database_url: str) -> None:
    before, began = await world.count(LessonProgress), monotonic()
    async with await psycopg.AsyncConnection.connect(database_url) as other:
        await other.execute(HOLD_LESSON, [world.ids["L1"]])
        answer = await world.call("sam", "POST", COMPLETE)
        assert monotonic() - began < 4
    assert (answer.status_code, answer.json()["code"], answer.headers["Retry-After"]) == (503, "overloaded", "1")
    assert await world.count(LessonProgress) == before
    assert (await world.call("sam", "POST", COMPLETE)).status_code == 200


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_what_was_committed_before_a_deadlock_is_not_done_again(world: World) -> None:
    """A try that committed something is not tried again, whatever its next transaction loses."""
    database, before, tries = world.runtime.database, await world.count(AuditEvent), []

    async def work() -> None:
        tries.append(1)
        async with database.write_session() as session:
            await record_audit(session, "test.happened", actor_id=None)
        async with database.write_session() as session:
            await session.execute(text("DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = '40P01'; END $$"))

    with pytest.raises(DBAPIError):
        await repeated(work)
    assert len(tries) == 1
    assert await world.count(AuditEvent) == before + 1
