"""Marks given by hand: every essay covered, again allowed, every change kept."""

from collections import Counter
from datetime import timedelta
from typing import Any

from sqlalchemy import select

from studium.kit.base.clock import now
from studium.models import AuditEvent
from tests.answers import ok, refused
from tests.quizzes.helpers import ESSAY, TRUTH, attempts, enroll, key_of, new_quiz, said, start, take
from tests.quizzes.test_attempts import statuses_of_lesson
from tests.world import World, open_attempt

GRADE = f"{attempts()}/{{T}}/grade"


async def handed_in(world: World) -> list[dict[str, Any]]:
    """Sam's attempt at a true/false question (wrong) and two essays, one of them empty; its questions."""
    await new_quiz(world, TRUTH, ESSAY, ESSAY)
    questions = await key_of(world)
    attempt = await take(world, said(questions[0], "false"), said(questions[1], "Because."))
    world.ids["T"] = attempt["id"]
    assert (attempt["status"], attempt["score"], attempt["is_passed"]) == ("submitted", None, None)
    return questions


def scores(questions: list[dict[str, Any]], *points: float | None, **more: Any) -> dict[str, Any]:  # noqa: ANN401 -- members of any type.
    given = [{"question_id": q["id"], "points": p} for q, p in zip(questions, points, strict=True) if p is not None]
    return {"scores": given, **more}


async def test_marks_by_hand_with_history(world: World) -> None:
    questions = await handed_in(world)
    waiting = ok(await world.call("ada", "GET", "/courses/{C1}/quizzes/{QX}/attempts?status=submitted"))["items"]
    assert [(item["id"], item["student"]["full_name"]) for item in waiting] == [(world.ids["T"], "Sam Example")]
    wish = scores(questions, None, 4.5, 0, feedback="Go on.")
    wish["scores"][0]["feedback"] = "Well argued."
    graded = ok(await world.call("ada", "POST", GRADE, json=wish))
    assert (graded["status"], graded["score"], graded["percentage"], graded["is_passed"]) == (
        "graded",
        4.5,
        40.91,
        False,
    )
    assert [item["feedback"] for item in graded["results"]] == [None, "Well argued.", None]
    seen = ok(await world.call("sam", "GET", f"{attempts()}/{{T}}"))
    assert (seen["feedback"], seen["results"], seen["percentage"]) == ("Go on.", None, 40.91)

    better = ok(await world.call("root", "POST", GRADE, json=scores(questions, 1, 5, 5)))
    assert (better["percentage"], better["is_passed"]) == (100, True)
    assert "completed" in await statuses_of_lesson(world)
    worse = ok(await world.call("ada", "POST", GRADE, json=scores(questions, None, 0, 0)))
    assert (worse["percentage"], worse["is_passed"]) == (9.09, False)
    assert "completed" in await statuses_of_lesson(world)  # A mark lowered later takes nothing back.

    history = ok(await world.call("ada", "GET", f"{attempts()}/{{T}}/grades"))["items"]
    assert [item["grader"]["full_name"] for item in history] == ["Ada Example", "Root Example", "Ada Example"]
    assert [item["before"]["score"] for item in history] == [11, 4.5, None]
    assert [item["after"]["score"] for item in history] == [1, 11, 4.5]
    assert history[0]["before"]["results"][1] == {
        "question_id": questions[1]["id"],
        "points_awarded": 5,
        "points": 5,
        "feedback": None,
    }
    async with world.runtime.database.read_session() as session:
        found = await session.execute(select(AuditEvent.actor_id).where(AuditEvent.action == "attempt.grade"))
        assert Counter(found.scalars()) == {world.ids["ada"]: 2, world.ids["root"]: 1}


async def test_marks_that_do_not_fit(world: World) -> None:
    questions = await handed_in(world)
    first = questions[0]["id"]
    wrong: list[dict[str, Any]] = [
        scores(questions, None, 1, None),  # An essay is left out.
        scores(questions, None, 5.01, 1),  # More than there are.
        {"scores": [*scores(questions, None, 1, 1)["scores"], {"question_id": str(world.ids["K1"]), "points": 1}]},
        {"scores": [*scores(questions, 1, 1, 1)["scores"], {"question_id": first, "points": 1}]},
        scores(questions, None, -1, 1),
        scores(questions, None, 1.001, 1),
        {"scores": []},
        {},
    ]
    for wish in wrong:
        answer = await world.call("ada", "POST", GRADE, json=wish)
        assert answer.status_code == 422, answer.text
    assert ok(await world.call("ada", "GET", f"{attempts()}/{{T}}"))["status"] == "submitted"
    assert ok(await world.call("ada", "GET", f"{attempts()}/{{T}}/grades"))["items"] == []


async def test_two_graders_do_not_write_over_each_other(world: World) -> None:
    questions = await handed_in(world)
    tag = (await world.call("ada", "GET", f"{attempts()}/{{T}}")).headers["etag"]
    wish = scores(questions, None, 1, 1)
    ok(await world.call("ada", "POST", GRADE, json=wish, headers={"If-Match": tag}))
    late = await world.call("root", "POST", GRADE, json=wish, headers={"If-Match": tag})
    refused(late, 412, "precondition_failed")


async def test_an_open_attempt_is_not_marked_but_an_overdue_one_is(world: World) -> None:
    await open_attempt(world)
    path = f"{attempts('Q1')}/{{T1}}/grade"
    refused(await world.call("ada", "POST", path, json={"scores": []}), 409, "attempt_not_submitted")
    at = now() - timedelta(hours=2)
    name = await enroll(world, "mia")
    await open_attempt(world, "T2", enrollment_id=world.ids[name], started_at=at, deadline_at=at + timedelta(hours=1))
    graded = ok(await world.call("ada", "POST", f"{attempts('Q1', name)}/{{T2}}/grade", json={"scores": []}))
    assert (graded["status"], graded["score"]) == ("graded", 0)


async def test_an_empty_essay_needs_no_grader(world: World) -> None:
    await new_quiz(world, TRUTH, ESSAY)
    truth, essay = await key_of(world)
    result = await take(world, said(truth, "true"), said(essay, "  "))
    assert (result["status"], result["score"], result["percentage"]) == ("graded", 1, 16.67)
    waits = await take(world, said(essay, "Because."))
    assert waits["status"] == "submitted"
    summary = ok(await world.call("sam", "GET", attempts()))["summary"]
    assert (summary["attempts_used"], summary["best_score"]) == (2, 1)
    assert (await start(world))["attempt_number"] == 3
