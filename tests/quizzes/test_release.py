"""Marks that are held: nobody but graders sees them, and a release shows all of them once."""

from typing import Any

import pytest
from sqlalchemy import select

from studium.models import AuditEvent, GradeChange, QuizAttempt
from studium.modules.quizzes.grading import actions_release
from tests.answers import ok, refused
from tests.notifications.test_mails import arrived
from tests.quizzes.helpers import ESSAY, TRUTH, attempts, edit, enroll, key_of, new_quiz, said, take
from tests.quizzes.test_attempts import statuses_of_lesson
from tests.quizzes.test_grading import GRADE, scores
from tests.world import World

QUIZ = "/courses/{C1}/quizzes/{QX}"
RELEASE = f"{QUIZ}/release"
SEEN_BY_LEARNERS = (
    f"{attempts()}",
    f"{attempts()}/{{T}}",
    "/attempts/{T}",
    "/enrollments/{E1}",
    "/enrollments/{E1}/lessons",
    "/enrollments/my-courses",
    "/analytics/my-progress",
    "/analytics/my-dashboard",
)


async def held(world: World, *questions: dict[str, Any], **settings: Any) -> list[dict[str, Any]]:  # noqa: ANN401 -- settings of any type.
    """Sam's attempt at a quiz whose marks are released together: a wrong answer and an essay; its questions."""
    await new_quiz(world, *(questions or (TRUTH, ESSAY)), release="together", passing_score=50, **settings)
    asked = await key_of(world)
    texts = ["false" if each["question_type"] == "true_false" else "Because." for each in asked]
    world.ids["T"] = (await take(world, *map(said, asked, texts)))["id"]
    return asked


async def seen_by_sam(world: World) -> list[Any]:
    """Everything that a learner gets, but for the version, which says no more than that something happened."""
    return [shown(ok(await world.call("sam", "GET", path))) for path in SEEN_BY_LEARNERS]


def shown(value: Any) -> Any:  # noqa: ANN401 -- any JSON.
    if isinstance(value, dict):
        return {name: shown(inner) for name, inner in value.items() if name not in {"version", "as_of"}}
    return [shown(inner) for inner in value] if isinstance(value, list) else value


async def graded_by_hand(world: World, questions: list[dict[str, Any]], *points: float | None, **more: Any) -> Any:  # noqa: ANN401 -- JSON.
    return ok(await world.call("ada", "POST", GRADE, json=scores(questions, *points, **more)))


async def released(world: World, status: int = 200) -> tuple[int, int, int]:
    found = ok(await world.call("ada", "POST", RELEASE), status)
    return found["released"], found["left"], found["waiting"]


async def test_a_learner_sees_no_trace_of_a_mark_before_the_release(world: World) -> None:
    questions = await held(world)
    before = await seen_by_sam(world)
    drafted = await graded_by_hand(world, questions, 1, 5, feedback="A canary sings.")
    assert (drafted["status"], drafted["score"], drafted["is_passed"]) == ("submitted", None, None)
    assert [(each["points"], each["feedback"]) for each in drafted["draft"]["scores"]] in (
        [(1, None), (5, None)],
        [(5, None), (1, None)],
    )
    assert drafted["draft"]["feedback"] == "A canary sings."
    assert drafted["marked_at"] is not None
    assert await seen_by_sam(world) == before
    assert "completed" not in await statuses_of_lesson(world)
    assert await arrived(world, "sam@school.example") == []
    statistics = ok(await world.call("ada", "GET", f"{QUIZ}/statistics"))
    assert statistics["attempts"] == 0

    assert await released(world) == (1, 0, 0)
    result = ok(await world.call("sam", "GET", f"{attempts()}/{{T}}"))
    assert (result["status"], result["score"], result["feedback"]) == ("graded", 6, "A canary sings.")
    assert (result["draft"], result["marked_at"]) == (None, None)
    assert "completed" in await statuses_of_lesson(world)
    assert len(await arrived(world, "sam@school.example")) == 1
    assert ok(await world.call("ada", "GET", f"{QUIZ}/statistics"))["attempts"] == 1

    assert await released(world) == (0, 0, 0)
    assert len(await arrived(world, "sam@school.example")) == 1
    (change,) = ok(await world.call("ada", "GET", f"{attempts()}/{{T}}/grades"))["items"]
    assert (change["grader"]["full_name"], change["reason"]) == ("Ada Example", "release")
    assert (change["before"]["score"], change["after"]["score"]) == (None, 6)


async def test_what_a_machine_marks_is_held_too(world: World) -> None:
    await new_quiz(world, TRUTH, release="together")
    (truth,) = await key_of(world)
    attempt = await take(world, said(truth, "true"))
    assert (attempt["status"], attempt["score"], attempt["results_hidden"]) == ("submitted", None, "being_graded")
    world.ids["T"] = attempt["id"]
    summary = ok(await world.call("sam", "GET", attempts()))["summary"]
    assert (summary["attempts_used"], summary["best_score"], summary["is_passed"]) == (1, None, False)
    assert "completed" not in await statuses_of_lesson(world)
    (found,) = ok(await world.call("ada", "GET", f"{QUIZ}/attempts?status=submitted"))["items"]
    assert found["marked_at"] is not None
    assert ok(await world.call("ada", "GET", "/grading"))["items"] == []
    assert await released(world) == (1, 0, 0)
    assert "completed" in await statuses_of_lesson(world)
    assert len(await arrived(world, "sam@school.example")) == 1


async def test_practice_shows_its_marks_at_once(world: World) -> None:
    quiz = await new_quiz(world, TRUTH, quiz_type="practice", release="together")
    assert quiz["release"] == "at_once"
    (truth,) = await key_of(world)
    assert (await take(world, said(truth, "true")))["status"] == "graded"


async def test_a_draft_is_made_question_by_question(world: World) -> None:
    questions = await held(world, ESSAY, ESSAY)
    first, second = (each["id"] for each in questions)
    some = await graded_by_hand(world, questions, 3, None)
    assert (len(some["draft"]["scores"]), some["marked_at"]) == (1, None)
    (waiting,) = ok(await world.call("ada", "GET", "/grading"))["items"]
    assert (waiting["question_ids"], waiting["is_drafted"]) == ([second], True)
    assert await released(world) == (0, 0, 1)
    assert (await graded_by_hand(world, questions, None, 4))["marked_at"] is not None
    taken_back = {"scores": [], "take_back": [first]}
    assert ok(await world.call("ada", "POST", GRADE, json=taken_back))["marked_at"] is None
    refused(await world.call("ada", "POST", GRADE, json={**taken_back, "release": True}), 422, "invalid_scores")
    # What is shown at once is drawn together with what was drafted.
    done = await graded_by_hand(world, questions, 5, None, release=True)
    assert (done["status"], done["score"], done["draft"]) == ("graded", 9, None)
    assert ok(await world.call("ada", "GET", "/grading"))["items"] == []


async def test_a_draft_may_also_be_kept_where_marks_are_shown_at_once(world: World) -> None:
    await new_quiz(world, ESSAY)
    questions = await key_of(world)
    world.ids["T"] = (await take(world, said(questions[0], "Because.")))["id"]
    kept = await graded_by_hand(world, questions, 2, release=False)
    assert (kept["status"], kept["draft"]["scores"][0]["points"]) == ("submitted", 2)
    assert (await graded_by_hand(world, questions, 3))["score"] == 3


async def test_other_marks_for_a_grade_that_is_shown_wait_for_the_next_release(world: World) -> None:
    questions = await held(world)
    await graded_by_hand(world, questions, 0, 5, feedback="First.")
    assert await released(world) == (1, 0, 0)
    before = await seen_by_sam(world)
    await graded_by_hand(world, questions, None, 1)
    assert await seen_by_sam(world) == before
    assert await released(world) == (1, 0, 0)
    result = ok(await world.call("sam", "GET", f"{attempts()}/{{T}}"))
    assert (result["score"], result["feedback"]) == (1, "First.")
    assert "completed" in await statuses_of_lesson(world)  # A mark lowered later takes nothing back.
    assert len(await arrived(world, "sam@school.example")) == 2


async def test_a_draft_that_is_taken_back_leaves_the_grade_that_is_shown(world: World) -> None:
    questions = await held(world)
    await graded_by_hand(world, questions, 0, 5, release=True)
    await graded_by_hand(world, questions, None, 1)
    nothing = {"scores": [], "take_back": [questions[1]["id"]]}
    left = ok(await world.call("ada", "POST", GRADE, json=nothing))
    assert (left["draft"], left["marked_at"], left["score"]) == (None, None, 5)
    assert await released(world) == (0, 0, 0)


async def test_a_regrade_releases_nothing_and_bounds_what_is_drafted(world: World) -> None:
    questions = await held(world)
    await graded_by_hand(world, questions, None, 5)
    await edit(world, "QX1", correct_answer="false")
    await edit(world, "QX2", points=3)
    before = await seen_by_sam(world)
    done = ok(await world.call("ada", "POST", f"{QUIZ}/regrade", json={"dry_run": False}))
    assert done["report"][0]["after"]["score"] is None
    after = await seen_by_sam(world)
    assert without_points(after) == without_points(before)
    assert await released(world) == (1, 0, 0)
    result = ok(await world.call("sam", "GET", f"{attempts()}/{{T}}"))
    assert (result["score"], result["max_score"]) == (4, 4)


def without_points(value: Any) -> Any:  # noqa: ANN401 -- any JSON.
    """Without what a regrade changes in the paper, which is no mark."""
    if isinstance(value, dict):
        return {name: without_points(inner) for name, inner in value.items() if name not in {"points", "max_score"}}
    return [without_points(inner) for inner in value] if isinstance(value, list) else value


async def test_a_regrade_of_held_machine_marks_keeps_them_held(world: World) -> None:
    await new_quiz(world, TRUTH, release="together")
    (truth,) = await key_of(world)
    world.ids["T"] = (await take(world, said(truth, "true")))["id"]
    await edit(world, "QX1", correct_answer="false")
    ok(await world.call("ada", "POST", f"{QUIZ}/regrade", json={"dry_run": False}))
    assert ok(await world.call("sam", "GET", f"{attempts()}/{{T}}"))["score"] is None
    assert await released(world) == (1, 0, 0)
    assert ok(await world.call("sam", "GET", f"{attempts()}/{{T}}"))["score"] == 0


async def test_two_graders_on_one_piece(world: World) -> None:
    questions = await held(world)
    tag = (await world.call("ada", "GET", f"{attempts()}/{{T}}")).headers["etag"]
    wish = scores(questions, None, 1)
    ok(await world.call("ada", "POST", GRADE, json=wish, headers={"If-Match": tag}))
    refused(await world.call("root", "POST", GRADE, json=wish, headers={"If-Match": tag}), 412, "precondition_failed")


async def test_many_are_released_by_a_job_each_once(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(actions_release, "BATCH", 2)
    await new_quiz(world, TRUTH, release="together")
    (truth,) = await key_of(world)
    names = ["lea", "tom", "zoe", "ben", "kim"]
    for name in names:
        await take(world, said(truth, "true"), who=name, enrollment=await enroll(world, name, new=True))
    assert await released(world, 202) == (2, 3, 0)
    # One that is marked after the release was asked for is none of it.
    await take(world, said(truth, "true"))
    await world.jobs()
    async with world.runtime.database.read_session() as session:
        statuses = (await session.execute(select(QuizAttempt.status))).scalars().all()
        changes = (await session.execute(select(GradeChange.attempt_id))).scalars().all()
        audit = (await session.execute(select(AuditEvent.details).where(AuditEvent.action == "quiz.release"))).scalars()
        assert list(audit) == [{"released": 2, "left": 3}]
    assert sorted(map(str, statuses)) == ["graded"] * 5 + ["submitted"]
    assert len(changes) == len(set(changes)) == 5
    for name in names:
        assert len(await arrived(world, f"{name}@school.example")) == 1
    assert await released(world) == (1, 0, 0)


async def test_a_quiz_that_shows_its_marks_again_releases_nothing_by_itself(world: World) -> None:
    questions = await held(world)
    await graded_by_hand(world, questions, None, 5)
    ok(await world.call("ada", "PATCH", QUIZ, json={"release": "at_once"}))
    assert ok(await world.call("sam", "GET", f"{attempts()}/{{T}}"))["score"] is None
    assert await released(world) == (1, 0, 0)
