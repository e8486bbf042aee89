"""Attempts for pages to show: every type of question, open, finished, hidden, waiting for a grader."""

from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid5

from studium.kit.base.clock import now
from studium.kit.base.ids import new_id
from studium.models import AttemptStatus, QuestionType, QuizAttempt, QuizType
from studium.modules.quizzes.attempts.actions import grade_columns
from studium.modules.quizzes.marking import mark, total
from studium.modules.quizzes.question_types.base import Answer
from studium.modules.quizzes.snapshot import Rules, take_snapshot
from tests.world import World

_NAMES = UUID(int=18)


def questions(number: int = 5) -> list[dict[str, Any]]:
    """Questions of every type in turn, as rows: single, several, true or false, short, essay."""
    return [_question(place) for place in range(number)]


def _question(place: int) -> dict[str, Any]:
    kinds = (QuestionType.MULTIPLE_CHOICE, QuestionType.MULTIPLE_CHOICE, QuestionType.TRUE_FALSE)
    kind = (*kinds, QuestionType.SHORT_ANSWER, QuestionType.ESSAY)[place % 5]
    right = {0: {"a"}, 1: {"a", "c"}}.get(place % 5, set())
    options = [{"id": one, "text": f"{one.upper()} {place + 1}", "is_correct": one in right} for one in "abc"]
    return {
        "id": uuid5(_NAMES, str(place)),
        "question_text": f"**{place + 1}** + 1?\n\n`{place}`",
        "question_type": kind,
        "points": Decimal("1.50") if place % 5 == 1 else Decimal(1),
        "options": options if right else None,
        "correct_answer": {2: "true", 3: "4|four"}.get(place % 5),
        "explanation": "Count on *your* fingers.",
        "metadata": None,
    }


def attempt_of(world: World, name: str, quiz: str, given: list[Answer], **fields: Any) -> QuizAttempt:  # noqa: ANN401 -- columns of any type.
    """An attempt of sam at a quiz with questions of every type; finished unless its status says otherwise."""
    practice = quiz == "Q2"
    rules = {
        "quiz_type": QuizType.PRACTICE if practice else QuizType.GRADED,
        "passing_score": Decimal(50 if practice else 70),
        "show_correct_answers": True,
        "shuffle_questions": False,
        "shuffle_options": False,
    }
    asked = fields.pop("questions", None) or questions()
    limits = Rules(time_limit_minutes=30, max_attempts=None if practice else 3)
    paper, key = take_snapshot(rules, asked, limits)
    world.ids.setdefault(name, new_id())
    at = now()
    values: dict[str, Any] = {
        "id": world.ids[name],
        "quiz_id": world.ids[quiz],
        "enrollment_id": world.ids["E1"],
        "attempt_number": 1,
        "status": AttemptStatus.IN_PROGRESS,
        "started_at": at - timedelta(minutes=11),
        "max_score": key.max_score,
        "paper": paper,
        "key": key.to_json(),
        "answers": [answer._asdict() for answer in given],
        "answer_versions": {answer.question_id: 1 for answer in given},
        **fields,
    }
    if values["status"] is not AttemptStatus.IN_PROGRESS:
        values |= {**grade_columns(total(key, mark(key, given))), "submitted_at": at, "time_taken_seconds": 60}
    return QuizAttempt(**values)


def answers(*texts: str) -> list[Answer]:
    """Answers to the first questions in turn; options of a choice are separated by commas, nothing is no answer."""
    made = []
    for asked, text in zip(questions(len(texts)), texts, strict=True):
        chosen = text.split(",") if asked["options"] and text else []
        if text:
            made.append(Answer(str(asked["id"]), chosen, "" if asked["options"] else text))
    return made


async def take_quizzes(world: World) -> None:
    """Sam's attempts: T1 open and T2 not passed at the graded quiz, T3 graded and T4 waiting at the practice quiz."""
    done = {"status": AttemptStatus.GRADED}
    soon = {"attempt_number": 2, "deadline_at": now() + timedelta(minutes=19)}
    await world.add(
        attempt_of(world, "T2", "Q1", answers("b", "a", "false", "five"), **done),
        attempt_of(world, "T1", "Q1", answers("a", "a,c", "", "Straße & <b>"), **soon),
        attempt_of(world, "T3", "Q2", answers("b", "a,c", "true", "five"), **done),
        attempt_of(world, "T4", "Q2", answers("a", "b", "false", "four", "Because."), **done, attempt_number=2),
    )
