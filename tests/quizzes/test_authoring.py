"""Writing quizzes: types, limits, order, publishing."""

from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import update

from studium.models import LessonType, QuestionType, QuizQuestion
from tests.answers import ok, refused
from tests.quizzes.helpers import CHOICE, ESSAY, SHORT, TRUTH, ask, edit, key_of, new_quiz, start, take
from tests.world import World, lesson

QUIZZES = "/courses/{C1}/quizzes"
QUESTIONS = f"{QUIZZES}/{{QX}}/questions"


async def order_of(world: World) -> list[str]:
    items = await key_of(world)
    assert [item["order_index"] for item in items] == list(range(1, len(items) + 1))
    return [item["question_text"] for item in items]


async def test_a_quiz_hangs_on_a_quiz_lesson_and_there_is_one(world: World) -> None:
    await world.add(lesson(world, "L5", "C1", 5, LessonType.QUIZ))
    refused(await world.call("ada", "POST", QUIZZES, json=wish(world, "L1")), 422, "not_a_quiz_lesson")
    refused(await world.call("ada", "POST", QUIZZES, json=wish(world, "M1")), 422, "not_a_quiz_lesson")
    refused(await world.call("ada", "POST", QUIZZES, json=wish(world, "L3")), 409, "lesson_has_quiz")
    made = ok(await world.call("ada", "POST", QUIZZES, json=wish(world, "L5")), 201)
    assert (made["max_attempts"], made["passing_score"], made["is_published"]) == (3, 70, False)
    assert (made["questions_count"], made["total_points"]) == (0, 0)


def wish(world: World, where: str) -> dict[str, Any]:
    return {"lesson_id": str(world.ids[where]), "title": "New"}


@pytest.mark.parametrize(
    "settings",
    [
        {"max_attempts": 0},
        {"max_attempts": 101},
        {"passing_score": 100.01},
        {"passing_score": -1},
        {"time_limit_minutes": 0},
        {"time_limit_minutes": 1_441},
        {"quiz_type": "duel"},
        {"title": " "},
        {"is_open": True},
    ],
)
async def test_settings_have_bounds(world: World, settings: dict[str, Any]) -> None:
    answer = await world.call("ada", "PATCH", f"{QUIZZES}/{{Q1}}", json=settings)
    assert answer.status_code == 422
    forged = await world.call("ada", "PATCH", f"{QUIZZES}/{{Q1}}", json={"is_published": False})
    refused(forged, 403, "field_not_allowed")


async def test_publishing_needs_questions_that_can_be_marked(world: World) -> None:
    await world.add(lesson(world, "L5", "C1", 5, LessonType.QUIZ))
    made = ok(await world.call("ada", "POST", QUIZZES, json=wish(world, "L5")), 201)
    world.ids["QX"] = UUID(made["id"])
    path = f"{QUIZZES}/{{QX}}"
    assert refused(await world.call("ada", "POST", f"{path}/publish"), 409, "quiz_not_publishable")["reasons"]
    assert (await world.call("sam", "GET", path)).status_code == 404
    await world.add(
        QuizQuestion(
            quiz_id=UUID(made["id"]),
            question_text="?",
            question_type=QuestionType.TRUE_FALSE,
            points=Decimal(1),
            order_index=1,
        )
    )
    refusal = refused(await world.call("ada", "POST", f"{path}/publish"), 409, "quiz_not_publishable")
    assert refusal["reasons"] == ['Question 1: The correct answer must be "true" or "false".']
    async with world.runtime.database.write_session() as session:
        await session.execute(
            update(QuizQuestion).where(QuizQuestion.quiz_id == UUID(made["id"])).values(correct_answer="true")
        )
    published = ok(await world.call("ada", "POST", f"{path}/publish"))
    again = ok(await world.call("ada", "POST", f"{path}/publish"))
    assert (published["is_published"], again["version"]) == (True, published["version"])
    seen = ok(await world.call("sam", "GET", path))
    assert "questions" not in seen
    ok(await world.call("ada", "POST", f"{path}/unpublish"))
    assert (await world.call("sam", "GET", path)).status_code == 404


async def test_order_is_kept_whatever_is_inserted_moved_and_removed(world: World) -> None:
    await new_quiz(world, *({**ESSAY, "question_text": name} for name in "abcd"))
    await ask(world, {**ESSAY, "question_text": "x", "order_index": 1})
    await ask(world, {**ESSAY, "question_text": "y", "order_index": 500})
    assert await order_of(world) == list("xabcdy")
    await edit(world, "QX4", order_index=1)
    await edit(world, "QX1", order_index=400)
    assert await order_of(world) == list("dxbcya")
    ok(await world.call("ada", "DELETE", f"{QUESTIONS}/{{QX2}}"), 204)
    assert await order_of(world) == list("dxcya")


async def test_reordering_takes_a_full_permutation(world: World) -> None:
    await new_quiz(world, *({**ESSAY, "question_text": name} for name in "abc"))
    ids = [item["id"] for item in await key_of(world)]
    path = f"{QUESTIONS}/reorder"
    moved = ok(await world.call("ada", "PATCH", path, json={"question_ids": [ids[2], ids[0], ids[1]]}))
    assert [item["question_text"] for item in moved["items"]] == ["c", "a", "b"]
    assert await order_of(world) == ["c", "a", "b"]
    stranger = str(world.ids["K1"])
    for wrong in (ids[:2], [*ids, ids[0]], [*ids[:2], stranger], []):
        answer = await world.call("ada", "PATCH", path, json={"question_ids": wrong})
        refused(answer, 422, "invalid_question_order")
    assert await order_of(world) == ["c", "a", "b"]


async def test_options_keep_their_ids(world: World) -> None:
    await new_quiz(world, CHOICE)
    four, five, many = (await key_of(world))[0]["options"]
    assert len({four["id"], five["id"], many["id"]}) == 3
    changed = await edit(
        world, "QX1", options=[{**five, "text": "five"}, four, {"text": "new"}, {"id": "mine", "text": "own"}]
    )
    assert [option["id"] for option in changed["options"][:2]] == [five["id"], four["id"]]
    assert not {option["id"] for option in changed["options"][2:]} & {five["id"], four["id"], many["id"], "mine"}


async def test_what_learners_rely_on_stays(world: World) -> None:
    await new_quiz(world, TRUTH)
    await take(world)
    path = f"{QUIZZES}/{{QX}}"
    refused(await world.call("ada", "PATCH", path, json={"quiz_type": "practice"}), 409, "quiz_type_fixed")
    refused(await world.call("ada", "DELETE", path), 409, "quiz_has_attempts")
    refused(await world.call("ada", "DELETE", f"{QUESTIONS}/{{QX1}}"), 409, "last_question")
    ok(await world.call("ada", "POST", f"{path}/unpublish"))
    ok(await world.call("ada", "DELETE", f"{QUESTIONS}/{{QX1}}"), 204)


async def test_a_quiz_has_at_most_so_many_points(world: World) -> None:
    await new_quiz(world, *[{**ESSAY, "points": 999.99}] * 10)
    refused(await world.call("ada", "POST", QUESTIONS, json={**ESSAY, "points": 0.1}), 409, "too_many_questions")
    ok(await world.call("ada", "POST", QUESTIONS, json={**ESSAY, "points": 0.09}), 201)
    assert ok(await world.call("ada", "GET", f"{QUIZZES}/{{QX}}"))["total_points"] == 9_999.99
    await edit(world, "QX1", points=900)
    ok(await world.call("ada", "POST", QUESTIONS, json={**ESSAY, "points": 90}), 201)
    first = f"{QUESTIONS}/{{QX1}}"
    refused(await world.call("ada", "PATCH", first, json={"points": 999.99}), 409, "too_many_questions")


async def test_learners_and_staff_see_two_different_things(world: World) -> None:
    await new_quiz(world, CHOICE, SHORT)
    refused(await world.call("sam", "GET", QUESTIONS), 403, "attempt_required")
    refused(await world.call("sam", "GET", f"{QUESTIONS}/{{QX1}}"), 403, "attempt_required")
    attempt = await start(world)
    assert ok(await world.call("sam", "GET", QUESTIONS))["items"] == attempt["questions"]
    one = ok(await world.call("sam", "GET", f"{QUESTIONS}/{{QX1}}"))
    assert one == attempt["questions"][0]
    assert (await world.call("sam", "GET", f"{QUESTIONS}/{{K1}}")).status_code == 404
    staff = ok(await world.call("ada", "GET", f"{QUESTIONS}/{{QX1}}"))
    assert staff.keys() - one.keys() >= {"explanation", "correct_answer", "metadata"}
