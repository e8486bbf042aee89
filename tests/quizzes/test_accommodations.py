"""What one learner is allowed beyond the rule, from the next attempt on."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from studium.models import AuditEvent
from tests.answers import ok, refused
from tests.quizzes.helpers import TRUTH, attempts, enroll, new_quiz, start
from tests.world import World

PLACE = "/courses/{C1}/quizzes/{QX}/accommodations"
PATH = f"{PLACE}/{{sam}}"


def minutes(attempt: dict[str, Any]) -> float:
    span = datetime.fromisoformat(attempt["deadline_at"]) - datetime.fromisoformat(attempt["started_at"])
    return span / timedelta(minutes=1)


async def hand_in(world: World, attempt: dict[str, Any]) -> dict[str, Any]:
    return ok(await world.call("sam", "POST", f"{attempts()}/{attempt['id']}/submit"))


async def test_more_time_and_more_attempts_for_one(world: World) -> None:
    await new_quiz(world, TRUTH, time_limit_minutes=20, max_attempts=1)
    other = await enroll(world, "mia")
    plain = await start(world)
    assert plain["rules"] == {"time_limit_minutes": 20, "extra_time_percent": 0, "max_attempts": 1, "extra_attempts": 0}
    assert minutes(plain) == 20

    more = {"extra_time_percent": 25, "extra_attempts": 1}
    made = ok(await world.call("ada", "PUT", PATH, json=more), 201)
    assert (made["student"]["full_name"], made["version"]) == ("Sam Example", 1)
    assert "email" not in str(made)
    read = ok(await world.call("sam", "GET", f"{attempts()}/{plain['id']}"))
    assert (read["deadline_at"], read["rules"]) == (plain["deadline_at"], plain["rules"])  # Under way: nothing moves.

    result = await hand_in(world, plain)
    assert result["results"] is None  # There is an attempt left, so the key stays hidden.
    assert ok(await world.call("sam", "GET", attempts()))["summary"]["attempts_left"] == 1
    second = await start(world)
    assert second["rules"] == {**plain["rules"], **more}
    assert minutes(second) == 25
    assert (await hand_in(world, second))["results"] is not None
    refused(await world.call("sam", "POST", attempts()), 409, "no_attempts_left")
    theirs = await start(world, who="mia", enrollment=other)
    assert (minutes(theirs), theirs["rules"]["extra_attempts"]) == (20, 0)


async def test_setting_it_again_reading_it_and_taking_it_back(world: World) -> None:
    await new_quiz(world, TRUTH, time_limit_minutes=20)
    refused(await world.call("ada", "GET", PATH), 404, "not_found")
    ok(await world.call("ada", "PUT", PATH, json={"extra_time_percent": 50}), 201)
    same = ok(await world.call("ada", "PUT", PATH, json={"extra_time_percent": 50}))
    assert same["version"] == 1
    changed = ok(await world.call("ada", "PUT", PATH, json={"extra_attempts": 2}, headers={"If-Match": '"v1"'}))
    assert (changed["extra_time_percent"], changed["extra_attempts"], changed["version"]) == (0, 2, 2)
    stale = await world.call("ada", "PUT", PATH, json={}, headers={"If-Match": '"v1"'})
    refused(stale, 412, "precondition_failed")
    assert ok(await world.call("ada", "GET", PATH)) == changed
    assert ok(await world.call("ada", "GET", PLACE))["items"] == [changed]
    for _ in range(2):
        ok(await world.call("ada", "DELETE", PATH), 204)
    refused(await world.call("ada", "GET", PATH), 404, "not_found")
    assert (await start(world))["rules"]["extra_attempts"] == 0
    async with world.runtime.database.read_session() as session:
        kept = select(AuditEvent.details).where(AuditEvent.action == "quiz.accommodate").order_by(AuditEvent.id)
        details = (await session.execute(kept)).scalars().all()
    assert [(each["extra_time_percent"], each["extra_attempts"]) for each in details if each] == [
        (50, 0),
        (0, 2),
        (0, 0),
    ]


@pytest.mark.parametrize(
    "wish",
    [
        {"extra_time_percent": -1},
        {"extra_time_percent": 401},
        {"extra_attempts": 101},
        {"extra_attempts": True},
        {"extra_time_percent": 1.5},
        {"forever": True},
    ],
)
async def test_bounds(world: World, wish: dict[str, Any]) -> None:
    answer = await world.call("ada", "PUT", "/courses/{C1}/quizzes/{Q1}/accommodations/{sam}", json=wish)
    assert answer.status_code == 422


async def test_only_for_learners_of_the_course(world: World) -> None:
    for who in ("mia", "ada", "K1"):
        path = f"/courses/{{C1}}/quizzes/{{Q1}}/accommodations/{{{who}}}"
        refused(await world.call("ada", "PUT", path, json={"extra_attempts": 1}), 404, "not_found")


async def test_without_a_limit_more_changes_nothing(world: World) -> None:
    await new_quiz(world, TRUTH, quiz_type="practice")
    ok(await world.call("ada", "PUT", PATH, json={"extra_time_percent": 100, "extra_attempts": 5}), 201)
    attempt = await start(world)
    assert (attempt["deadline_at"], attempt["rules"]["max_attempts"]) == (None, None)
    assert ok(await world.call("sam", "GET", attempts()))["summary"]["attempts_left"] is None
