"""A course's roster and its figures, held against the rows."""

from collections import Counter
from datetime import timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import func, select, update

from studium.kit.base.clock import now
from studium.kit.base.ids import new_id
from studium.models import (
    AttemptStatus,
    Enrollment,
    EnrollmentStatus,
    Lesson,
    LessonProgress,
    ProgressStatus,
    QuizAttempt,
    User,
)
from tests.answers import ok, refused
from tests.web.attempts import take_quizzes
from tests.world import World, add_students

PLACES = Decimal("0.01")
ROSTER = "/enrollments/courses/{C2}"
NAMES = ["noor", "li", "zoe", "max", "ivo", "una", "kim"]
STATES = ["active", "active", "active", "completed", "completed", "dropped", "expired"]
SHARES = ["33.33", "66.66", "0.01", "100", "100", "50", "12.34"]
STARS = [None, 2, None, 5, 5, 1, None]
SECONDS = [0, 61, 5, 7_000, 12, 3, 9]


@pytest.fixture
async def full(world: World) -> World:
    """Seven learners in C2, with the states, shares, stars and seconds above; one has odd letters in the name."""
    await add_students(world, *NAMES)
    for i, name in enumerate(NAMES):
        enrolled = ok(await world.call(name, "POST", "/enrollments", json={"course_id": str(world.ids["C2"])}), 201)
        facts = {
            "status": EnrollmentStatus(STATES[i]),
            "progress_percentage": Decimal(SHARES[i]),
            "rating": STARS[i],
            "total_time_spent_seconds": SECONDS[i],
        }
        if STATES[i] == "completed":
            facts |= {"completed_at": Enrollment.enrolled_at, "completed_lessons_count": 1}
        async with world.runtime.database.write_session() as session:
            await session.execute(update(Enrollment).where(Enrollment.id == UUID(enrolled["id"])).values(facts))
    async with world.runtime.database.write_session() as session:
        (await session.get_one(User, world.ids["max"])).full_name = "Max 100%_o'Hara"
    return world


def quotient(amount: Decimal | int, count: int) -> float:
    return float((Decimal(amount) / count).quantize(PLACES, ROUND_HALF_UP))


async def test_the_figures_are_those_of_the_rows(full: World) -> None:
    async with full.runtime.database.read_session() as session:
        rows = list((await session.execute(select(Enrollment).where(Enrollment.course_id == full.ids["C2"]))).scalars())
    learning = [row.progress_percentage for row in rows if row.status in ("active", "completed")]
    stars = [row.rating for row in rows if row.rating is not None]
    assert ok(await full.call("eve", "GET", f"{ROSTER}/stats")) == {
        "total": 7,
        "by_status": Counter(row.status.value for row in rows),
        "average_progress": quotient(sum(learning, Decimal(0)), len(learning)),
        "completion_rate": quotient(200, 7),
        "average_rating": quotient(sum(stars), len(stars)),
        "reviews_count": 4,
        "average_time_spent_seconds": round(sum(SECONDS) / 7),
    }


async def test_a_half_is_rounded_up_as_everywhere(full: World) -> None:
    """Two learners with 0.01 and 0 percent have 0.005 on average: banker's rounding would say 0."""
    async with full.runtime.database.write_session() as session:
        others = Enrollment.course_id == full.ids["C2"], Enrollment.student_id.not_in([full.ids["zoe"], full.ids["li"]])
        left = {"status": EnrollmentStatus.DROPPED, "completed_at": None, "progress_percentage": 0}
        await session.execute(update(Enrollment).where(*others).values(left))
        none = Enrollment.course_id == full.ids["C2"], Enrollment.student_id == full.ids["li"]
        await session.execute(update(Enrollment).where(*none).values(progress_percentage=0))
    assert ok(await full.call("eve", "GET", f"{ROSTER}/stats"))["average_progress"] == 0.01


async def test_a_course_without_learners_has_no_averages(world: World) -> None:
    figures = ok(await world.call("eve", "GET", f"{ROSTER}/stats"))
    assert (figures["total"], figures["reviews_count"]) == (0, 0)
    assert figures["average_progress"] is figures["completion_rate"] is figures["average_rating"] is None
    assert figures["by_status"] == dict.fromkeys(EnrollmentStatus, 0)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({}, {*NAMES}),
        ({"status": "active"}, {"noor", "li", "zoe"}),
        ({"status": "dropped"}, {"una"}),
        ({"q": "NOOR"}, {"noor"}),
        ({"q": "%"}, {"max"}),
        ({"q": "_"}, {"max"}),
        ({"q": "o'h"}, {"max"}),
        ({"q": "nobody"}, set()),
        ({"q": "max", "status": "active"}, set()),
    ],
)
async def test_the_roster_can_be_narrowed(full: World, query: dict[str, str], found: set[str]) -> None:
    who = {str(full.ids[name]): name for name in NAMES}
    page = ok(await full.call("eve", "GET", ROSTER, params=query))
    assert {who[item["student_id"]] for item in page["items"]} == found
    assert "@" not in str(page)


async def test_pages_of_a_roster_hold_everybody_once(full: World) -> None:
    found: list[str] = []
    query: dict[str, Any] = {"limit": 3}
    while True:
        page = ok(await full.call("eve", "GET", ROSTER, params=query))
        found += [item["student_id"] for item in page["items"]]
        if page["next_cursor"] is None:
            break
        query["cursor"] = page["next_cursor"]
    assert found == [str(full.ids[name]) for name in reversed(NAMES)]


async def test_a_roster_is_narrowed_to_the_silent_and_the_stuck(full: World) -> None:
    """Una and ivo are not active; li was seen lately; kim's has expired; noor has done the only lesson."""
    async with full.runtime.database.write_session() as session:
        days = {"noor": 20, "li": 3, "zoe": 14}
        for name, ago in days.items():
            own = Enrollment.course_id == full.ids["C2"], Enrollment.student_id == full.ids[name]
            await session.execute(update(Enrollment).where(*own).values(enrolled_at=now() - timedelta(days=30)))
            if name != "zoe":  # Never seen: since the day of enrolling.
                await session.execute(
                    update(Enrollment).where(*own).values(last_accessed_at=now() - timedelta(days=ago))
                )
        noor = select(Enrollment.id).where(Enrollment.student_id == full.ids["noor"])
        done = {"status": ProgressStatus.COMPLETED, "completed_at": now(), "started_at": now()}
        session.add(
            LessonProgress(
                id=new_id(), enrollment_id=await session.scalar(noor), lesson_id=full.ids["M1"],
                completion_percentage=100, **done
            )
        )  # fmt: skip

    async def names(**query: Any) -> list[str]:  # noqa: ANN401 -- parameters of any type.
        items = ok(await full.call("eve", "GET", ROSTER, params=query))["items"]
        return sorted(item["student"]["full_name"].split()[0] for item in items)

    assert await names(silent_days=14) == ["Noor", "Zoe"]
    assert await names(silent_days=25) == ["Zoe"]
    assert await names(silent_days=14, q="zo") == ["Zoe"]
    assert await names(lesson_id=full.ids["M1"]) == ["Li", "Zoe"]
    assert await names(lesson_id=full.ids["M1"], silent_days=14) == ["Zoe"]
    assert await names(lesson_id=full.ids["L1"]) == []
    assert await names(silent_days=14, status="completed") == []
    for wrong in ("silent_days=0", "silent_days=x", "lesson_id=1"):
        refused(await full.call("eve", "GET", f"{ROSTER}?{wrong}"), 422, "invalid_input")


async def test_the_roster_says_where_each_stands_and_the_best_result(full: World) -> None:
    """Held against the rows: the first lesson that is not done, unless all is, and the best of what is graded."""
    done = ok(await full.call("eve", "GET", f"{ROSTER}?limit=100"))["items"]
    ahead = {one["student"]["full_name"].split()[0].lower(): one["next_lesson_title"] for one in done}
    assert (ahead["zoe"], ahead["ivo"]) == ("Lesson M1", None)
    assert {one["best_percentage"] for one in done} == {None}
    await take_quizzes(full)
    (sam,) = [
        one
        for one in ok(await full.call("ada", "GET", "/enrollments/courses/{C1}"))["items"]
        if one["student_id"] == str(full.ids["sam"])
    ]
    async with full.runtime.database.read_session() as session:
        finished = select(LessonProgress.lesson_id).where(
            LessonProgress.enrollment_id == full.ids["E1"], LessonProgress.status == ProgressStatus.COMPLETED
        )
        wanted = select(Lesson).where(
            Lesson.course_id == full.ids["C1"], Lesson.archived_at.is_(None), Lesson.id.not_in(finished)
        )
        first = (await session.execute(wanted.order_by(Lesson.order_index).limit(1))).scalar_one()
        best = select(func.max(QuizAttempt.percentage)).where(
            QuizAttempt.enrollment_id == full.ids["E1"], QuizAttempt.status == AttemptStatus.GRADED
        )
        assert sam["best_percentage"] == float((await session.execute(best)).scalar_one() or 0) > 0
    assert (sam["next_lesson_id"], sam["next_lesson_title"]) == (str(first.id), first.title)
