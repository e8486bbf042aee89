"""What is refused on an enrollment, with which status, and that nothing changes by it."""

from typing import Any

import pytest
from sqlalchemy import select

from studium.kit.base.ids import new_id
from studium.models import Enrollment, LessonProgress
from tests.answers import ok, refused
from tests.world import World

COMPLETE, PROGRESS = "/enrollments/{E1}/lessons/{%s}/complete", "/enrollments/{E1}/lessons/{%s}/progress"


async def rows(world: World) -> list[Any]:
    """Everything that a learner's steps may write."""
    async with world.runtime.database.read_session() as session:
        enrollments = await session.execute(select(Enrollment.__table__).order_by(Enrollment.id))
        progress = await session.execute(select(LessonProgress.__table__).order_by(LessonProgress.id))
        return [*enrollments.all(), *progress.all()]


BAD_REPORTS: list[dict[str, Any]] = [
    {"completion_percentage": -1},
    {"completion_percentage": 100.01},
    {"completion_percentage": 50.123},
    {"completion_percentage": "50"},
    {"completion_percentage": None},
    {"completion_percentage": True},
    {"time_spent_seconds": -1},
    {"time_spent_seconds": 2_000_000_001},
    {"time_spent_seconds": 1.5},
    {"time_spent_seconds": "1"},
    {"last_position_seconds": -1},
    {"last_position_seconds": 10**12},
    {"last_position_seconds": None},
    {"status": "done"},
    {"status": None},
    {"metadata": {"a": "x" * 20_000}},
    {"metadata": []},
    {"unknown": 1},
]
FORGED_REPORTS = ["id", "started_at", "completed_at", "attempts_count"]
FORGED = [
    "progress_percentage",
    "completed_lessons_count",
    "total_lessons_count",
    "total_time_spent_seconds",
    "certificate_issued_at",
    "completed_at",
    "student_id",
    "course_id",
    "rating",
    "review",
    "id",
    "version",
]


async def test_reports_out_of_range_are_refused(world: World) -> None:
    before = await rows(world)
    for report in BAD_REPORTS:
        answer = await world.call("sam", "PATCH", PROGRESS % "L1", json=report)
        assert (answer.status_code, answer.json()["code"]) == (422, "invalid_input"), report
    for name in FORGED_REPORTS:
        refused(await world.call("sam", "PATCH", PROGRESS % "L1", json={name: None}), 403, "field_not_allowed")
    assert await rows(world) == before


async def test_an_empty_report_changes_nothing(world: World) -> None:
    before = await rows(world)
    told = ok(await world.call("sam", "PATCH", PROGRESS % "L1", json={}))
    assert (told["status"], told["started_at"], told["completion_percentage"]) == ("not_started", None, 0)
    assert await rows(world) == before
    ok(await world.call("sam", "PATCH", PROGRESS % "L1", json={"completion_percentage": 40}))
    before = await rows(world)
    assert ok(await world.call("sam", "PATCH", PROGRESS % "L1", json={}))["completion_percentage"] == 40
    assert await rows(world) == before


async def test_counters_cannot_be_written(world: World) -> None:
    before = await rows(world)
    for who in ("sam", "ada", "root"):
        for name in FORGED:
            refused(await world.call(who, "PATCH", "/enrollments/{E1}", json={name: 100}), 403, "field_not_allowed")
    bad: list[Any] = [{"status": "done"}, {"status": None}, {"status": 1}, {"unknown": 1}, []]
    for wish in bad:
        refused(await world.call("sam", "PATCH", "/enrollments/{E1}", json=wish), 422, "invalid_input")
    assert ok(await world.call("sam", "PATCH", "/enrollments/{E1}", json={}))["status"] == "active"
    assert await rows(world) == before


async def test_lessons_that_are_not_there_are_404(world: World) -> None:
    before = await rows(world)
    world.ids["nowhere"] = new_id()
    for lesson in ("M1", "N1", "nowhere"):
        for who in ("sam", "root"):
            refused(await world.call(who, "POST", COMPLETE % lesson), 404, "not_found")
            for report in ({}, {"last_position_seconds": 1}):
                refused(await world.call(who, "PATCH", PROGRESS % lesson, json=report), 404, "not_found")
    for path in ("/enrollments/{E1}/lessons/x/complete", "/enrollments/x/lessons/{L1}/complete"):
        assert (await world.call("sam", "POST", path)).status_code == 422
    assert await rows(world) == before


@pytest.mark.parametrize("status", ["dropped", "expired"])
async def test_who_left_writes_nothing(world: World, status: str) -> None:
    ok(await world.call("sam", "POST", COMPLETE % "L1"))
    ok(await world.call("ada", "PATCH", "/enrollments/{E1}", json={"status": status}))
    before = await rows(world)
    for who in ("sam", "root"):
        for lesson in ("L1", "L2", "L3"):
            refused(await world.call(who, "POST", COMPLETE % lesson), 409, "enrollment_not_active")
            report = {"completion_percentage": 50, "time_spent_seconds": 5}
            refused(await world.call(who, "PATCH", PROGRESS % lesson, json=report), 409, "enrollment_not_active")
    refused(
        await world.call("sam", "POST", "/enrollments/{E1}/review", json={"rating": 5}), 409, "enrollment_not_active"
    )
    attempts = "/enrollments/{E1}/quizzes/{Q1}/attempts"
    refused(await world.call("sam", "POST", attempts), 409, "enrollment_not_active")
    assert await rows(world) == before


async def test_quiz_lessons_are_completed_by_their_quiz_only(world: World) -> None:
    before = await rows(world)
    for who in ("sam", "root"):
        refused(await world.call(who, "POST", COMPLETE % "L3"), 409, "quiz_not_passed")
        for report in ({"completion_percentage": 100}, {"status": "completed"}):
            refused(await world.call(who, "PATCH", PROGRESS % "L3", json=report), 409, "quiz_not_passed")
    assert await rows(world) == before
    assert (
        ok(await world.call("sam", "PATCH", PROGRESS % "L3", json={"completion_percentage": 99}))["status"]
        == "in_progress"
    )


async def test_a_completed_course_takes_time_and_position_only(world: World) -> None:
    wish = {"title": "Later", "lesson_type": "text"}
    later = ok(await world.call("ada", "POST", "/courses/{C3}/lessons", json=wish), 201)["id"]
    before = ok(await world.call("sam", "GET", "/enrollments/{E3}"))
    path = f"/enrollments/{{E3}}/lessons/{later}"
    refused(await world.call("sam", "POST", f"{path}/complete"), 409, "enrollment_not_active")
    report = {"completion_percentage": 100, "status": "completed", "metadata": {"a": 1}}
    told = ok(await world.call("sam", "PATCH", f"{path}/progress", json={**report, "last_position_seconds": 7}))
    assert (told["status"], told["completion_percentage"], told["metadata"]) == ("in_progress", 0, None)
    assert told["last_position_seconds"] == 7
    told = ok(
        await world.call("sam", "PATCH", "/enrollments/{E3}/lessons/{N1}/progress", json={"time_spent_seconds": 9})
    )
    assert told["time_spent_seconds"] == 9
    ok(await world.call("sam", "POST", "/enrollments/{E3}/lessons/{N1}/complete"))
    after = ok(await world.call("sam", "GET", "/enrollments/{E3}"))
    assert {name for name in after if after[name] != before[name]} == {"total_time_spent_seconds", "last_accessed_at"}
    for status in ("active", "dropped", "expired", "completed"):
        for who in ("sam", "ada", "root"):
            answer = await world.call(who, "PATCH", "/enrollments/{E3}", json={"status": status})
            assert answer.status_code == (403 if (who, status) == ("sam", "expired") else 409), (who, status)
    refused(await world.call("sam", "DELETE", "/enrollments/{E3}"), 409, "transition_not_allowed")
    refused(
        await world.call("sam", "POST", "/enrollments", json={"course_id": str(world.ids["C3"])}),
        409,
        "already_enrolled",
    )


async def test_enrolling_is_for_students_and_for_courses_that_are_there(world: World) -> None:
    before = await rows(world)
    for wish in ({}, {"course_id": None}, {"course_id": "x"}, {"course_id": 7}, {"course_id": str(new_id()), "x": 1}):
        refused(await world.call("mia", "POST", "/enrollments", json=wish), 422, "invalid_input")
    for course in (str(new_id()), str(world.ids["C0"])):
        refused(await world.call("mia", "POST", "/enrollments", json={"course_id": course}), 404, "not_found")
        for who in ("ada", "eve", "root"):
            refused(await world.call(who, "POST", "/enrollments", json={"course_id": course}), 403, "students_only")
    answer = await world.call("sam", "POST", "/enrollments", json={"course_id": str(world.ids["C1"])})
    assert refused(answer, 409, "already_enrolled")["enrollment_id"] == str(world.ids["E1"])
    assert await rows(world) == before


async def test_editions_guard_enrollments(world: World) -> None:
    answer = await world.call("sam", "GET", "/enrollments/{E1}")
    stale = {"If-Match": answer.headers["ETag"]}
    ok(await world.call("sam", "POST", COMPLETE % "L1"))
    before = await rows(world)
    for method, content in (("PATCH", {"json": {"status": "dropped"}}), ("DELETE", {})):
        refused(
            await world.call("sam", method, "/enrollments/{E1}", headers=stale, **content), 412, "precondition_failed"
        )
    assert await rows(world) == before
    fresh = {"If-Match": (await world.call("sam", "GET", "/enrollments/{E1}")).headers["ETag"]}
    ok(await world.call("sam", "DELETE", "/enrollments/{E1}", headers=fresh), 204)
