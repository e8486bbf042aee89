"""Two tabs, or twenty: one attempt is open at a time, and it is handed in once."""

import asyncio
from collections import Counter
from typing import Any

import pytest
from sqlalchemy import select

from studium.access.actor import Actor
from studium.kit.base.clock import now
from studium.kit.base.ids import new_id
from studium.kit.base.versions import ANY_VERSION, IfMatchHeader
from studium.models import Course, Lesson, LessonProgress, ProgressStatus, Quiz, QuizAttempt, QuizQuestion, Role
from studium.models.course import AS_MUTEX
from studium.modules.courses.actions_lessons import delete_lesson
from studium.modules.enrollments.actions_recount import lock_active_enrollments
from studium.modules.quizzes.authoring.actions_questions import update_question
from studium.modules.quizzes.authoring.locking import lock_marks
from studium.modules.quizzes.grading import actions_regrade, actions_release
from studium.modules.quizzes.schemas import QuestionUpdate
from studium.modules.quizzes.schemas_staff import RegradeIn
from tests.answers import ok, refused
from tests.quizzes.helpers import TRUTH, attempts, enroll, key_of, new_quiz, said, take
from tests.world import World, open_attempt

ATTEMPTS = attempts("Q1")
MANY = 20


async def at_once(world: World, method: str, path: str, **content: Any) -> list[Any]:  # noqa: ANN401 -- whatever the client takes.
    return await asyncio.gather(*(world.call("sam", method, path, **content) for _ in range(MANY)))


def statuses(answers: list[Any]) -> Counter[int]:
    return Counter(answer.status_code for answer in answers)


async def test_twenty_starts_make_one_attempt_a_round_and_never_a_fourth(world: World) -> None:
    for number in (1, 2, 3):
        started = await at_once(world, "POST", ATTEMPTS)
        assert statuses(started) == {201: 1, 409: MANY - 1}
        codes = Counter(answer.json()["code"] for answer in started if answer.status_code == 409)
        assert codes == {"attempt_in_progress": MANY - 1}
        (attempt,) = (answer.json() for answer in started if answer.status_code == 201)
        assert attempt["attempt_number"] == number
        handed_in = await at_once(world, "POST", f"{ATTEMPTS}/{attempt['id']}/submit")
        assert statuses(handed_in) == {200: 1, 409: MANY - 1}
    last = await at_once(world, "POST", ATTEMPTS)
    assert Counter(answer.json()["code"] for answer in last) == {"no_attempts_left": MANY}
    assert await world.count(QuizAttempt) == 3


async def test_twenty_submits_keep_the_answers_of_one_and_complete_the_lesson_once(world: World) -> None:
    attempt = (await world.call("sam", "POST", ATTEMPTS)).json()
    right: list[dict[str, Any]] = [
        {"question_id": str(world.ids["K1"]), "selected_option_ids": ["right"]},
        {"question_id": str(world.ids["K2"]), "answer_text": "true"},
    ]
    path = f"{ATTEMPTS}/{attempt['id']}/submit"
    answers = await at_once(world, "POST", path, json={"answers": right})
    assert statuses(answers) == {200: 1, 409: MANY - 1}
    assert {answer.json().get("code") for answer in answers} == {None, "attempt_already_submitted"}
    (won,) = (answer.json() for answer in answers if answer.status_code == 200)
    assert won["is_passed"]
    kept = (await world.call("sam", "GET", f"{ATTEMPTS}/{attempt['id']}")).json()
    assert {answer["question_id"] for answer in kept["answers"]} == {answer["question_id"] for answer in right}
    async with world.runtime.database.read_session() as session:
        rows = (
            await session.execute(select(LessonProgress).where(LessonProgress.lesson_id == world.ids["L3"]))
        ).scalars()
        (progress,) = rows.all()
    assert (progress.status, progress.attempts_count) == (ProgressStatus.COMPLETED, 1)
    enrollment = (await world.call("sam", "GET", "/enrollments/{E1}")).json()
    assert (enrollment["completed_lessons_count"], enrollment["progress_percentage"]) == (1, 25)


async def test_saving_and_handing_in_at_once_loses_nothing_that_was_acknowledged(world: World) -> None:
    await open_attempt(world)
    saving = {"answers": [{"question_id": str(world.ids["K2"]), "answer_text": "true"}]}
    saves = [world.call("sam", "PATCH", f"{ATTEMPTS}/{{T1}}", json=saving) for _ in range(6)]
    done, *saved = await asyncio.gather(world.call("sam", "POST", f"{ATTEMPTS}/{{T1}}/submit"), *saves)
    assert done.status_code == 200
    assert statuses(saved).keys() <= {200, 409}
    score = (await world.call("sam", "GET", f"{ATTEMPTS}/{{T1}}")).json()["score"]
    assert score == (1 if 200 in statuses(saved) else 0)


async def test_an_attempt_that_waited_for_an_edit_has_the_edited_questions(world: World) -> None:
    async with world.runtime.database.write_session() as session:
        quiz = await session.get_one(Quiz, world.ids["Q1"], with_for_update=True)
        question = await session.get_one(QuizQuestion, world.ids["K2"])
        await update_question(session, quiz, question, QuestionUpdate(correct_answer="false"), IfMatchHeader(None))
        starting = asyncio.create_task(world.call("sam", "POST", ATTEMPTS))
        done, _ = await asyncio.wait([starting], timeout=0.4)
        assert not done
    attempt = ok(await starting, 201)
    wrong = [{"question_id": str(world.ids["K2"]), "answer_text": "true"}]
    path = f"{ATTEMPTS}/{attempt['id']}/submit"
    assert ok(await world.call("sam", "POST", path, json={"answers": wrong}))["score"] == 0


REGRADE, RELEASE = "/courses/{C1}/quizzes/{QX}/regrade", "/courses/{C1}/quizzes/{QX}/release"
FOR_GOOD = {"dry_run": False}


async def held_back(*others: "asyncio.Task[Any]") -> None:
    """See that none of them gets through while the caller holds its locks."""
    done, _ = await asyncio.wait(others, timeout=0.4)
    assert not done


async def taken_by(world: World, *names: str) -> None:
    """Each of them says what is right in a quiz whose marks are released together."""
    await new_quiz(world, TRUTH, release="together")
    (truth,) = await key_of(world)
    for name in names:
        await take(world, said(truth, "true"), who=name, enrollment=await enroll(world, name, new=True))


async def test_a_regrade_that_waited_for_an_edit_has_the_edited_key(world: World) -> None:
    await taken_by(world, "lea")
    async with world.runtime.database.write_session() as session:
        quiz = await session.get_one(Quiz, world.ids["QX"])
        question = await session.get_one(QuizQuestion, world.ids["QX1"])
        await update_question(session, quiz, question, QuestionUpdate(correct_answer="false"), IfMatchHeader(None))
        regrading = asyncio.create_task(world.call("ada", "POST", REGRADE, json=FOR_GOOD))
        await held_back(regrading)
    assert ok(await regrading)["attempts_changed"] == 1


async def test_a_quiz_that_goes_to_the_trash_is_neither_regraded_nor_released(world: World) -> None:
    await taken_by(world, "lea")
    async with world.runtime.database.write_session() as session:
        course = await session.get_one(Course, world.ids["C1"])
        lesson = await session.get_one(Lesson, world.ids["LXQX"])
        await delete_lesson(session, None, course, lesson, ANY_VERSION)
        late = [
            asyncio.create_task(world.call("ada", "POST", REGRADE, json=FOR_GOOD)),
            asyncio.create_task(world.call("ada", "POST", RELEASE)),
        ]
        await held_back(*late)
    for answer in late:
        refused(await answer, 404, "not_found")


async def test_of_two_releases_at_once_none_stops_before_the_end(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second one looks for what the first one holds; what was marked since then is left to it."""
    monkeypatch.setattr(actions_release, "BATCH", 2)
    await taken_by(world, "lea", "tom", "zoe")
    quiz_id, ada = world.ids["QX"], world.ids["ada"]

    async def release() -> int:
        async with world.runtime.database.transaction() as tx:
            return await actions_release.release_batch(tx, quiz_id, now(), ada)

    async with world.runtime.database.transaction() as tx:
        assert await actions_release.release_batch(tx, quiz_id, now(), ada) == 2
        second = asyncio.create_task(release())
        await held_back(second)
    assert await second == 1


async def test_of_two_regrades_at_once_the_second_is_told_of_the_first(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(actions_regrade, "AT_ONCE", 0)
    await taken_by(world, "lea")
    wish = RegradeIn(dry_run=False)
    ada = Actor(world.ids["ada"], Role.INSTRUCTOR, new_id())
    async with world.runtime.database.transaction() as tx:
        first = await actions_regrade.start_regrade(tx, ada, world.ids["QX"], wish)
        second = asyncio.create_task(world.call("ada", "POST", REGRADE, json=FOR_GOOD))
        await held_back(second)
    assert refused(await second, 409, "regrade_running")["regrade_id"] == str(first["id"])


async def test_learners_begin_while_a_quiz_is_regraded(world: World) -> None:
    """Or both would wait for ever: they hold their enrollment, which the regrade wants next. SQLite has one writer."""
    await taken_by(world, "lea")
    async with world.runtime.database.transaction() as tx:
        assert await lock_marks(tx, world.ids["QX"])
        starting = asyncio.create_task(world.call("sam", "POST", attempts("QX")))
        if tx.dialect == "postgresql":
            ok(await asyncio.wait_for(starting, 30), 201)
        else:
            await held_back(starting)
        assert await actions_release.release_batch(tx, world.ids["QX"], now(), world.ids["ada"]) == 1
    ok(await starting, 201)


async def test_a_regrade_waits_for_an_import_that_will_want_its_quiz(world: World) -> None:
    """An import holds the enrollments before the quizzes; whoever held the quiz already would wait for ever."""
    await taken_by(world, "lea")
    async with world.runtime.database.write_session() as session:
        course = await session.get_one(Course, world.ids["C1"], with_for_update=AS_MUTEX)
        await lock_active_enrollments(session, course.id)
        regrading = asyncio.create_task(world.call("ada", "POST", REGRADE, json=FOR_GOOD))
        await held_back(regrading)
        await session.get_one(Quiz, world.ids["QX"], with_for_update={"nowait": True})
    assert ok(await regrading)["attempts_done"] == 1
