"""The present key for the attempts that are finished: reported, repeatable, interruptible, and undone by nobody."""

from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from studium.models import AuditEvent, GradeChange
from studium.modules.quizzes.grading import actions_regrade
from tests.answers import ok, refused
from tests.quizzes.helpers import (
    CHOICE,
    ESSAY,
    SHORT,
    TRUTH,
    attempts,
    edit,
    enroll,
    key_of,
    new_quiz,
    picked,
    said,
    start,
    take,
)
from tests.quizzes.test_attempts import statuses_of_lesson
from tests.quizzes.test_grading import scores
from tests.world import World

PATH = "/courses/{C1}/quizzes/{QX}"


async def regrade(
    world: World, status: int = 200, *, dry_run: bool = False, never_lower: bool = False
) -> dict[str, Any]:
    wish = {"dry_run": dry_run, "never_lower": never_lower}
    return ok(await world.call("ada", "POST", f"{PATH}/regrade", json=wish), status)


def marks(report: list[dict[str, Any]]) -> dict[str, tuple[Any, Any]]:
    """Score before and after, by learner."""
    return {
        entry["student"]["full_name"].split()[0]: (entry["before"]["score"], entry["after"]["score"])
        for entry in report
    }


async def correct(world: World, question: str, *right: str) -> None:
    """Let these options be the right ones."""
    (found,) = (q for q in await key_of(world) if q["id"] == str(world.ids[question]))
    await edit(world, question, options=[{**o, "is_correct": o["text"] in right} for o in found["options"]])


async def two_learners(world: World) -> None:
    """Sam said what the key says, mia what it should have said; both were right about the sky."""
    await new_quiz(world, CHOICE, TRUTH, passing_score=100)
    choice, truth = await key_of(world)
    name = await enroll(world, "mia")
    await take(world, picked(choice, "4"), said(truth, "true"))
    await take(world, picked(choice, "5"), said(truth, "true"), who="mia", enrollment=name)
    await correct(world, "QX1", "5")


async def everything(world: World) -> list[Any]:
    return [ok(await world.call("ada", "GET", f"{attempts('QX', name)}"))["items"] for name in ("E1", "E-mia")]


async def test_a_dry_run_tells_and_changes_nothing(world: World) -> None:
    await two_learners(world)
    before = await everything(world)
    told = await regrade(world, dry_run=True)
    assert marks(told["report"]) == {"Sam": (2, 1), "Mia": (1, 2)}
    assert (told["status"], told["attempts_total"], told["attempts_done"], told["attempts_changed"]) == (
        "done",
        2,
        2,
        2,
    )
    assert await everything(world) == before
    assert await world.count(GradeChange) == 0


async def test_the_present_key_applies(world: World) -> None:
    await two_learners(world)
    done = await regrade(world)
    assert marks(done["report"]) == {"Sam": (2, 1), "Mia": (1, 2)}
    (sams,), (mias,) = await everything(world)
    assert (sams["score"], sams["percentage"], sams["is_passed"]) == (1, 50, False)
    assert (mias["score"], mias["percentage"], mias["is_passed"]) == (2, 100, True)
    # What sam has completed stays; mia's lesson is completed now.
    assert await statuses_of_lesson(world) == ["completed", "completed"]
    shown = ok(await world.call("mia", "GET", f"{attempts('QX', 'E-mia')}/{mias['id']}"))
    assert (shown["results"][0]["is_correct"], shown["results"][0]["points_awarded"]) == (True, 1)
    kept = ok(await world.call("ada", "GET", f"{PATH}/regrades/{done['id']}"))
    assert kept == {**done, "report": None}
    report = ok(await world.call("ada", "GET", f"{PATH}/regrades/{done['id']}/report?limit=1"))
    rest = ok(await world.call("ada", "GET", f"{PATH}/regrades/{done['id']}/report?cursor={report['next_cursor']}"))
    assert [*report["items"], *rest["items"]] == done["report"]
    (change,) = ok(await world.call("ada", "GET", f"{attempts()}/{sams['id']}/grades"))["items"]
    assert (change["grader"]["full_name"], change["reason"]) == ("Ada Example", f"regrade {done['id']}")
    assert (change["before"]["score"], change["after"]["score"]) == (2, 1)
    again = await regrade(world)
    assert again["attempts_changed"] == 0
    assert [item["id"] for item in ok(await world.call("ada", "GET", f"{PATH}/regrades"))["items"]] == [
        again["id"],
        done["id"],
    ]
    async with world.runtime.database.read_session() as session:
        found = select(AuditEvent.actor_id, AuditEvent.target_id).where(AuditEvent.action == "quiz.regrade")
        assert (await session.execute(found)).all() == [(world.ids["ada"], world.ids["QX"])] * 2


async def test_nobody_loses_where_that_is_wanted(world: World) -> None:
    await two_learners(world)
    done = await regrade(world, never_lower=True)
    assert marks(done["report"]) == {"Sam": (2, 2), "Mia": (1, 2)}
    assert done["attempts_changed"] == 1


async def test_question_by_question_nobody_loses(world: World) -> None:
    """One question gets better and one worse: the better one counts, the worse one stays."""
    await new_quiz(world, CHOICE, TRUTH)
    choice, truth = await key_of(world)
    await take(world, picked(choice, "5"), said(truth, "true"))
    await correct(world, "QX1", "5")
    await edit(world, "QX2", correct_answer="false")
    assert marks((await regrade(world, dry_run=True))["report"]) == {"Sam": (1, 1)}
    assert marks((await regrade(world, never_lower=True))["report"]) == {"Sam": (1, 2)}


async def test_who_would_stand_worse_by_other_points_stays(world: World) -> None:
    """2 of 3 points (66.67 %) would become 2 of 10: more points for what sam got wrong."""
    await new_quiz(world, TRUTH, TRUTH, {**TRUTH, "correct_answer": "false"})
    await take(world, *[said(question, "true") for question in await key_of(world)])
    await edit(world, "QX3", points=8)
    assert marks((await regrade(world, never_lower=True))["report"]) == {"Sam": (2, 2)}
    told = await regrade(world)
    assert (told["report"][0]["after"]["percentage"], told["report"][0]["after"]["max_score"]) == (20, 10)


async def test_what_a_person_marked_stays(world: World) -> None:
    await new_quiz(world, ESSAY, SHORT, TRUTH)
    questions = await key_of(world)
    attempt = await take(
        world, said(questions[0], "Because."), said(questions[1], "Pariss"), said(questions[2], "true")
    )
    path = f"{attempts()}/{attempt['id']}"
    ok(await world.call("ada", "POST", f"{path}/grade", json=scores(questions, 4, 0.5, None)))
    await edit(world, "QX1", points=3)
    await edit(world, "QX3", correct_answer="false")
    done = await regrade(world)
    assert marks(done["report"]) == {"Sam": (5.5, 3.5)}  # 4 of 5 is cut to the 3 there are; 0.5 stays; the sky is lost.
    assert done["report"][0]["after"]["max_score"] == 5


async def test_what_waits_for_a_grader_goes_on_waiting(world: World) -> None:
    await new_quiz(world, ESSAY, TRUTH)
    essay, truth = await key_of(world)
    attempt = await take(world, said(essay, "Because."), said(truth, "false"))
    await edit(world, "QX2", correct_answer="false")
    (entry,) = (await regrade(world))["report"]
    assert (entry["before"]["status"], entry["after"]["status"], entry["is_changed"]) == (
        "submitted",
        "submitted",
        True,
    )
    graded = await world.call("ada", "POST", f"{attempts()}/{attempt['id']}/grade", json=scores([essay], 5))
    assert ok(graded)["score"] == 6


async def test_the_key_says_nothing_about_some_questions(world: World) -> None:
    """One is gone, one is of another type, and of one no option that is right now was offered then."""
    await new_quiz(world, CHOICE, TRUTH, SHORT, TRUTH)
    choice, truth, short, _ = await key_of(world)
    await take(world, picked(choice, "4"), said(truth, "true"), said(short, "Paris"))
    await edit(world, "QX1", options=[{"text": "four", "is_correct": True}, {"text": "five"}])
    await edit(world, "QX2", question_type="short_answer", correct_answer="no")
    ok(await world.call("ada", "DELETE", f"{PATH}/questions/{{QX3}}"), 204)
    ok(await world.call("ada", "POST", f"{PATH}/questions", json=ESSAY), 201)
    done = await regrade(world)
    assert (marks(done["report"]), done["attempts_changed"]) == ({"Sam": (3, 3)}, 0)


async def test_open_attempts_are_left_alone(world: World) -> None:
    await new_quiz(world, TRUTH)
    attempt = await start(world)
    await edit(world, "QX1", correct_answer="false")
    assert (await regrade(world))["report"] == []
    right = {"answers": [said(attempt["questions"][0], "true")]}
    assert ok(await world.call("sam", "POST", f"{attempts()}/{attempt['id']}/submit", json=right))["score"] == 1


async def crowd(world: World, people: int) -> None:
    await new_quiz(world, TRUTH)
    (truth,) = await key_of(world)
    for i in range(people):
        who = f"pupil{i}"
        name = await enroll(world, who, new=True)
        await take(world, said(truth, "false"), who=who, enrollment=name)
    await edit(world, "QX1", correct_answer="false")


async def test_a_large_regrade_is_a_job_with_progress_that_a_crash_does_not_double(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(actions_regrade, "AT_ONCE", 2)
    monkeypatch.setattr(actions_regrade, "BATCH", 2)
    await crowd(world, 5)
    asked = await regrade(world, 202)
    assert (asked["status"], asked["attempts_total"], asked["attempts_done"], asked["report"]) == (
        "running",
        5,
        0,
        None,
    )
    refusal = refused(
        await world.call("ada", "POST", f"{PATH}/regrade", json={"dry_run": True}), 409, "regrade_running"
    )
    assert refusal["regrade_id"] == asked["id"]

    async with world.runtime.database.transaction() as tx:
        assert (await actions_regrade.regrade_batch(tx, UUID(asked["id"])))["finished_at"] is None
    half = ok(await world.call("ada", "GET", f"{PATH}/regrades/{asked['id']}"))
    assert (half["status"], half["attempts_done"], half["attempts_changed"]) == ("running", 2, 2)

    with pytest.raises(ZeroDivisionError):  # A crash in the middle of a batch: nothing of it is there.
        await crash(world, UUID(asked["id"]))
    assert ok(await world.call("ada", "GET", f"{PATH}/regrades/{asked['id']}"))["attempts_done"] == 2
    await world.jobs()
    done = ok(await world.call("ada", "GET", f"{PATH}/regrades/{asked['id']}"))
    assert (done["status"], done["attempts_done"], done["attempts_changed"]) == ("done", 5, 5)
    report = ok(await world.call("ada", "GET", f"{PATH}/regrades/{asked['id']}/report?changed=true"))["items"]
    assert {(entry["before"]["score"], entry["after"]["score"]) for entry in report} == {(0, 1)}
    assert await world.count(GradeChange) == 5
    assert ok(await world.call("ada", "GET", f"{PATH}/regrades/{asked['id']}/report?changed=false"))["items"] == []


async def crash(world: World, regrade_id: UUID) -> None:
    async with world.runtime.database.transaction() as tx:
        await actions_regrade.regrade_batch(tx, regrade_id)
        raise ZeroDivisionError


@pytest.mark.parametrize(
    "wish", [{}, {"dry_run": 1}, {"dry_run": True, "never_lower": "yes"}, {"dry_run": True, "x": 1}]
)
async def test_what_is_asked_must_be_clear(world: World, wish: dict[str, Any]) -> None:
    answer = await world.call("ada", "POST", "/courses/{C1}/quizzes/{Q1}/regrade", json=wish)
    assert answer.status_code == 422
