"""Two tabs, or twenty: one attempt is open at a time, and it is handed in once."""

import asyncio
from collections import Counter
from typing import Any

from sqlalchemy import select

from studium.kit.base.versions import IfMatchHeader
from studium.models import LessonProgress, ProgressStatus, Quiz, QuizAttempt, QuizQuestion
from studium.modules.quizzes.authoring.actions_questions import update_question
from studium.modules.quizzes.schemas import QuestionUpdate
from tests.answers import ok
from tests.quizzes.helpers import attempts
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
