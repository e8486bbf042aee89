"""A course's roster and its figures, held against the rows."""

from collections import Counter
from decimal import ROUND_HALF_UP, Decimal
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select, update

from studium.models import Enrollment, EnrollmentStatus, User
from tests.courses.teaching import ok
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
        async with world.runtime.database.writing() as session:
            await session.execute(update(Enrollment).where(Enrollment.id == UUID(enrolled["id"])).values(facts))
    async with world.runtime.database.writing() as session:
        await session.execute(update(User).where(User.id == world.ids["max"]).values(full_name="Max 100%_o'Hara"))
    return world


def quotient(amount: Decimal | int, count: int) -> float:
    return float((Decimal(amount) / count).quantize(PLACES, ROUND_HALF_UP))


async def test_the_figures_are_those_of_the_rows(full: World) -> None:
    async with full.runtime.database.reading() as session:
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
    async with full.runtime.database.writing() as session:
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
