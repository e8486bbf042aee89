"""What learners do all the time takes a fixed number of statements, whoever does it and whatever it completes."""

import asyncio

import pytest
from sqlalchemy import text

from tests.world import World

WHO = 1
"""The statement that finds out who is asking."""

LOCK, WRITE, COUNT = 1, 1, 1
REPORTS = [
    {"time_spent_seconds": 20},
    {"time_spent_seconds": 10, "completion_percentage": 30, "metadata": {"speed": 1.5}},
    {"status": "in_progress", "time_spent_seconds": 2_000_000_000},
    {"last_position_seconds": 0},
]


async def statements_of(world: World, who: str, method: str, path: str, **sent: object) -> int:
    async with world.counting() as seen:
        answer = await world.call(who, method, path, **sent)
    assert answer.status_code < 300, answer.text
    return len(seen)


async def test_a_completion_takes_three_statements_and_an_override_one_more(world: World) -> None:
    path = "/enrollments/{E1}/lessons/{%s}/complete"
    assert await statements_of(world, "sam", "POST", path % "L1") == WHO + LOCK + WRITE + COUNT
    assert await statements_of(world, "root", "POST", path % "L2") == WHO + LOCK + WRITE + COUNT + 1


async def test_a_report_takes_four_statements(world: World) -> None:
    for report in REPORTS:
        path = "/enrollments/{E1}/lessons/{L1}/progress"
        assert await statements_of(world, "sam", "PATCH", path, json=report) == WHO + LOCK + 1 + WRITE + COUNT


async def test_enrolling_takes_three_statements(world: World) -> None:
    body = {"course_id": str(world.ids["C1"])}
    assert await statements_of(world, "mia", "POST", "/enrollments", json=body) == WHO + LOCK + WRITE + 1


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
@pytest.mark.parametrize("act", ["complete", "progress"])
async def test_a_lesson_that_is_deleted_meanwhile_is_404(world: World, act: str) -> None:
    """The insert sees the lesson, waits for the other's transaction, and then breaks the foreign key."""
    path = "/enrollments/{E1}/lessons/{L2}/" + act
    method, sent = ("POST", {}) if act == "complete" else ("PATCH", {"json": {"last_position_seconds": 3}})
    async with world.runtime.database.write_session() as session:
        await session.execute(text("DELETE FROM lessons WHERE id = :id"), {"id": world.ids["L2"]})
        waiting = asyncio.create_task(world.call("sam", method, path, **sent))
        await asyncio.sleep(0.3)
        assert not waiting.done()
    answer = await waiting
    assert answer.status_code == 404, answer.text
