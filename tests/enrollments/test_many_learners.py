"""A course with a hundred thousand active learners: a new lesson is there at once, and counts for all of them soon."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from time import perf_counter
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import func, insert, select

from studium.kit.base.clock import now
from studium.kit.base.ids import new_id
from studium.models import Enrollment, LessonProgress, ProgressStatus, Role, User
from studium.modules.enrollments.actions_reconcile import find_drift
from studium.modules.enrollments.actions_recount import AT_ONCE
from tests.answers import ok
from tests.courses.teaching import new_lesson
from tests.world import World

PEOPLE = 100_000
AT_A_TIME = 10_000
AT_ONCE_SECONDS = 0.1
Noted = Callable[[str, object], None]


async def fill(world: World, people: int) -> None:
    """Let so many learners into C2, every second one with its only lesson under way."""
    course, lesson, at = world.ids["C2"], world.ids["M1"], now() - timedelta(days=1)
    for _ in range(0, people, AT_A_TIME):
        ids = [(new_id(), new_id()) for _ in range(min(people, AT_A_TIME))]
        users = [person(user) for user, _ in ids]
        enrollments = [
            {"id": enrollment, "student_id": user, "course_id": course, "enrolled_at": at, "total_lessons_count": 1}
            for user, enrollment in ids
        ]
        progress = [under_way(enrollment, lesson) for _, enrollment in ids[::2]]
        async with world.runtime.database.write_session() as session:
            await session.execute(insert(User), users)
            await session.execute(insert(Enrollment), enrollments)
            await session.execute(insert(LessonProgress), progress)


def person(user: UUID) -> dict[str, Any]:
    return {
        "id": user,
        "email": f"{user.hex}@school.example",
        "full_name": "Somebody",
        "role": Role.STUDENT,
        "password_hash": "none",
        "is_active": True,
    }


def under_way(enrollment: UUID, lesson: UUID) -> dict[str, Any]:
    return {
        "id": new_id(),
        "enrollment_id": enrollment,
        "lesson_id": lesson,
        "status": ProgressStatus.IN_PROGRESS,
        "started_at": now(),
    }


async def totals(world: World) -> dict[int, int]:
    """How many enrollments of C2 count how many lessons."""
    statement = (
        select(Enrollment.total_lessons_count, func.count())
        .where(Enrollment.course_id == world.ids["C2"])
        .group_by(Enrollment.total_lessons_count)
    )
    async with world.runtime.database.read_session() as session:
        return {row[0]: row[1] for row in (await session.execute(statement)).all()}


async def nothing_has_drifted(world: World) -> None:
    async with world.runtime.database.read_session() as session:
        assert await find_drift(session) == []


async def add_lesson(world: World) -> float:
    """Eve adds a lesson to C2; the seconds that she waits."""
    began = perf_counter()
    wish = {"title": "One more", "lesson_type": "text"}
    ok(await world.call("eve", "POST", "/courses/{C2}/lessons", json=wish), 201)
    return perf_counter() - began


async def test_up_to_a_thousand_are_recounted_at_once(world: World) -> None:
    await fill(world, AT_ONCE)
    await add_lesson(world)
    assert await totals(world) == {2: AT_ONCE}
    await nothing_has_drifted(world)


async def test_more_are_recounted_by_jobs(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("studium.modules.enrollments.actions_recount.BATCH", 400)
    await fill(world, AT_ONCE + 1)
    await add_lesson(world)
    assert await totals(world) == {1: AT_ONCE + 1}
    await world.jobs()
    assert await totals(world) == {2: AT_ONCE + 1}
    await nothing_has_drifted(world)


@pytest.mark.slow
@pytest.mark.timeout(600)
async def test_a_hundred_thousand_wait_for_nothing(world: World, record_testsuite_property: Noted) -> None:
    await new_lesson(world, str(world.ids["C1"]))  # The first request of a process prepares its statements.
    await fill(world, PEOPLE)
    enrolled = ok(await world.call("mia", "POST", "/enrollments", json={"course_id": str(world.ids["C2"])}), 201)
    waited = [await add_lesson(world) for _ in range(3)]
    record_testsuite_property("seconds to add a lesson", waited)
    assert min(waited) < AT_ONCE_SECONDS
    began = perf_counter()
    jobs = asyncio.create_task(world.jobs())
    steps: list[float] = []
    while not jobs.done():
        step = perf_counter()
        report = {"last_position_seconds": len(steps)}
        ok(await world.call("mia", "PATCH", f"/enrollments/{enrolled['id']}/lessons/{{M1}}/progress", json=report))
        steps.append(perf_counter() - step)
        await asyncio.sleep(0.01)
    await jobs
    record_testsuite_property("seconds to recount", perf_counter() - began)
    record_testsuite_property("longest wait of a learner meanwhile", max(steps))
    assert await totals(world) == {4: PEOPLE + 1}
    await nothing_has_drifted(world)
