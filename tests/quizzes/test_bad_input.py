"""Answers that do not fit: 422, and the attempt stays open with what was saved."""

from time import process_time
from typing import Any

import pytest

from tests.answers import ok, refused
from tests.quizzes.helpers import CHOICE, ESSAY, SEVERAL, SHORT, TRUTH, attempts, new_quiz, picked, said, start
from tests.world import World, open_attempt

PATH = f"{attempts()}/{{T}}"


async def sitting(world: World) -> list[dict[str, Any]]:
    """An open attempt with the first question answered right; its questions."""
    await new_quiz(world, CHOICE, SEVERAL, TRUTH, SHORT, ESSAY)
    attempt = await start(world)
    world.ids["T"] = attempt["id"]
    ok(await world.call("sam", "PATCH", PATH, json={"answers": [picked(attempt["questions"][0], "4")]}))
    questions: list[dict[str, Any]] = attempt["questions"]
    return questions


def wrong_answers(world: World, questions: list[dict[str, Any]]) -> dict[str, list[Any]]:
    choice, several, truth, short, essay = questions
    ids = {question["question_text"]: [option["id"] for option in question["options"] or ()] for question in questions}
    first = choice["id"]
    return {
        "unknown question": [said({"id": str(world.ids["sam"])}, "x")],
        "a question of another quiz": [said({"id": str(world.ids["K2"])}, "true")],
        "the same question twice": [said(truth, "true"), said(truth, "false")],
        "two options of a single choice": [{"question_id": first, "selected_option_ids": ids["2 + 2?"][:2]}],
        "an option twice": [{"question_id": several["id"], "selected_option_ids": ids["Even?"][:1] * 2}],
        "an unknown option": [{"question_id": first, "selected_option_ids": ["none"]}],
        "an option of another question": [{"question_id": first, "selected_option_ids": ids["Even?"][:1]}],
        "a text for a choice": [said(choice, "4")],
        "options for a text": [{"question_id": short["id"], "selected_option_ids": ids["Even?"][:1]}],
        "neither true nor false": [said(truth, "perhaps")],
        "501 characters of short answer": [said(short, "x" * 501)],
        "20,001 characters of essay": [said(essay, "x" * 20_001)],
        "a score": [{**said(truth, "true"), "points_awarded": 1}],
        "its own verdict": [{**said(truth, "true"), "is_correct": True}],
        "no question": [{"answer_text": "true"}],
        "a number for a text": [{"question_id": truth["id"], "answer_text": 1}],
        "21 options": [{"question_id": first, "selected_option_ids": [str(i) for i in range(21)]}],
        "10,000 answers": [said(truth, "true")] * 10_000,
        "an answer that is none": [None],
        "one good and one bad": [said(short, "Paris"), said(truth, "perhaps")],
    }


async def test_what_does_not_fit_is_refused_and_nothing_is_lost(world: World) -> None:
    questions = await sitting(world)
    before = ok(await world.call("sam", "GET", PATH))
    for why, answers in wrong_answers(world, questions).items():
        for method, path in (("PATCH", PATH), ("POST", f"{PATH}/submit")):
            answer = await world.call("sam", method, path, json={"answers": answers})
            assert answer.status_code == 422, (why, answer.text)
            assert "Paris" not in answer.text, why
    after = ok(await world.call("sam", "GET", PATH))
    assert {**after, "seconds_left": 0} == {**before, "seconds_left": 0}
    assert after["status"] == "in_progress"
    assert ok(await world.call("sam", "POST", f"{PATH}/submit"))["answers"] == before["answers"]


async def test_a_megabyte_of_essay_is_refused_and_nothing_is_lost(world: World) -> None:
    questions = await sitting(world)
    huge = {"answers": [said(questions[4], "x" * (1 << 20))]}
    assert (await world.call("sam", "PATCH", PATH, json=huge)).status_code == 413
    assert (await world.call("sam", "POST", f"{PATH}/submit", json=huge)).status_code == 413
    assert len(ok(await world.call("sam", "GET", PATH))["answers"]) == 1


@pytest.mark.parametrize("body", [{"answers": [], "score": 10}, {"score": 10}, {"is_passed": True}, {"answers": {}}])
async def test_nobody_marks_themselves(world: World, body: dict[str, Any]) -> None:
    await sitting(world)
    assert (await world.call("sam", "POST", f"{PATH}/submit", json=body)).status_code == 422
    assert ok(await world.call("sam", "GET", PATH))["status"] == "in_progress"


async def test_the_longest_answers_are_taken(world: World) -> None:
    questions = await sitting(world)
    long = [said(questions[3], "x" * 500), said(questions[4], "x" * 20_000)]
    ok(await world.call("sam", "POST", f"{PATH}/submit", json={"answers": long}))


BAD_QUESTIONS: list[tuple[str, dict[str, Any]]] = [
    ("one option", {**CHOICE, "options": [{"text": "4", "is_correct": True}]}),
    ("21 options", {**CHOICE, "options": [{"text": str(i), "is_correct": i == 0} for i in range(21)]}),
    ("no right option", {**CHOICE, "options": [{"text": "4"}, {"text": "5"}]}),
    ("two options alike", {**CHOICE, "options": [{"text": "4", "is_correct": True}, {"text": " 4"}]}),
    ("a blank option", {**CHOICE, "options": [{"text": "4", "is_correct": True}, {"text": " "}]}),
    ("a choice with a text key", {**CHOICE, "correct_answer": "4"}),
    ("a scoring that is none", {**CHOICE, "metadata": {"scoring": "generous"}}),
    ("a truth that is neither", {**TRUTH, "correct_answer": "True"}),
    ("a truth without a key", {"question_text": "?", "question_type": "true_false"}),
    ("a truth with options", {**TRUTH, "options": CHOICE["options"]}),
    ("a short answer without a key", {"question_text": "?", "question_type": "short_answer"}),
    ("only separators", {**SHORT, "correct_answer": "| |"}),
    ("keywords without a word", {**SHORT, "correct_answer": "Paris|?!"}),
    ("a match that is none", {**SHORT, "metadata": {"match": "vaguely"}}),
    ("a number that is none", {**SHORT, "metadata": {"match": "numeric"}}),
    ("a tolerance below 0", {**SHORT, "correct_answer": "1", "metadata": {"match": "numeric", "tolerance": -1}}),
    ("a tolerance that is none", {**SHORT, "correct_answer": "1", "metadata": {"match": "numeric", "tolerance": True}}),
    ("an essay with a key", {**ESSAY, "correct_answer": "Because."}),
    ("no points", {**ESSAY, "points": 0}),
    ("1,000 points", {**ESSAY, "points": 1_000}),
    ("three places", {**ESSAY, "points": 0.001}),
    ("points as text", {**ESSAY, "points": "1"}),
    ("no text", {**ESSAY, "question_text": ""}),
    ("another type", {**ESSAY, "question_type": "riddle"}),
    ("an unknown member", {**ESSAY, "answer": "x"}),
]


async def test_questions_that_cannot_be_marked_are_refused(world: World) -> None:
    path = "/courses/{C1}/quizzes/{Q1}/questions"
    for why, question in BAD_QUESTIONS:
        answer = await world.call("ada", "POST", path, json=question)
        assert answer.status_code == 422, (why, answer.text)
    assert len(ok(await world.call("ada", "GET", path))["items"]) == 2
    for patch in ({"options": None}, {"question_type": "essay"}, {"correct_answer": "4"}):
        refused(await world.call("ada", "PATCH", f"{path}/{{K1}}", json=patch), 422, "invalid_question")


@pytest.mark.parametrize("text", ["a" + "\u0301\u0316" * 9_000, "a" + "\uff9e\u0301" * 9_000, "a\x07"], ids=ascii)
async def test_answers_and_feedback_are_strict_texts(world: World, text: str) -> None:
    await open_attempt(world)
    attempt = "/enrollments/{E1}/quizzes/{Q1}/attempts/{T1}"
    body = {"answers": [{"question_id": str(world.ids["K2"]), "answer_text": text}]}
    began = process_time()
    for method, path in (("PATCH", attempt), ("POST", f"{attempt}/submit")):
        assert (await world.call("sam", method, path, json=body)).status_code == 422
    scores = [{"question_id": str(world.ids["K2"]), "points": 1, "feedback": text[:4_000]}]
    for grade in ({"scores": scores}, {"scores": [], "feedback": text[:4_000]}):
        assert (await world.call("ada", "POST", f"{attempt}/grade", json=grade)).status_code == 422
    assert process_time() - began < 1
