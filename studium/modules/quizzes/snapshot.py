"""What an attempt keeps of its quiz as it was at the start: the paper that the learner sees, and the key apart from it.

The paper is stored as the JSON that is sent, so that showing it costs nothing. Edits of the quiz never reach either; a
regrade alone puts another key into an attempt.
"""

import random
from collections.abc import Mapping, Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any, NamedTuple

from pydantic_core import from_json, to_json

from studium.kit.db.prepared import Record
from studium.models import QuizType
from studium.modules.quizzes.question_types import kind_of
from studium.modules.quizzes.question_types.base import KeyQuestion


class Rules(NamedTuple):
    """The limits that the attempt runs under: the quiz's own, and what the learner is allowed beyond them."""

    time_limit_minutes: int | None = None
    extra_time_percent: int = 0
    max_attempts: int | None = None
    extra_attempts: int = 0

    @property
    def time_limit(self) -> timedelta | None:
        """The time from the start to the deadline, extra time included."""
        if self.time_limit_minutes is None:
            return None
        return timedelta(minutes=self.time_limit_minutes) * (100 + self.extra_time_percent) / 100

    @property
    def attempts(self) -> int | None:
        """How many attempts the learner has, extra ones included; None is no limit."""
        return None if self.max_attempts is None else self.max_attempts + self.extra_attempts


class AnswerKey(NamedTuple):
    """What an attempt is marked by, and whether its learner may ever see it. `passing_score` is percent."""

    quiz_type: QuizType
    passing_score: Decimal
    show_correct_answers: bool
    questions: tuple[KeyQuestion, ...]

    @property
    def max_score(self) -> Decimal:
        """The points of all questions."""
        return sum((question.points for question in self.questions), Decimal(0))

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> "AnswerKey":
        """Read what `to_json` gave."""
        return cls(
            QuizType(stored["quiz_type"]),
            Decimal(stored["passing_score"]),
            stored["show_correct_answers"],
            tuple(map(KeyQuestion.from_json, stored["questions"])),
        )

    def to_json(self) -> dict[str, object]:
        """The form in which the attempt stores it: decimals as text, so that no digit is lost."""
        questions = [question.to_json() for question in self.questions]
        return {**self._asdict(), "passing_score": str(self.passing_score), "questions": questions}


class Snapshot(NamedTuple):
    """The two parts: the paper as JSON, and the key."""

    paper: str
    key: AnswerKey


def take_snapshot(quiz: Record, questions: Sequence[Record], rules: Rules | None = None) -> Snapshot:
    """Copy the quiz for one attempt, shuffled where the quiz says so; `questions` come in the teacher's order."""
    asked = list(questions)
    if quiz["shuffle_questions"]:
        random.shuffle(asked)
    papers, keys = [], []
    for place, question in enumerate(asked, 1):
        options = list(question["options"] or ())
        if quiz["shuffle_options"]:
            random.shuffle(options)
        key = key_of(question, options)
        papers.append(
            {
                "id": key.question_id,
                "question_text": question["question_text"],
                "question_type": key.question_type,
                "points": float(key.points),
                "order_index": place,
                "selection": kind_of(key.question_type).selection(key),
                "options": [{"id": option["id"], "text": option["text"]} for option in options] or None,
            }
        )
        keys.append(key)
    limits = rules or Rules(time_limit_minutes=quiz["time_limit_minutes"], max_attempts=quiz["max_attempts"])
    paper = to_json({"rules": limits._asdict(), "questions": papers}).decode()
    return Snapshot(
        paper, AnswerKey(quiz["quiz_type"], quiz["passing_score"], quiz["show_correct_answers"], tuple(keys))
    )


def key_of(question: Record, options: Sequence[Mapping[str, Any]]) -> KeyQuestion:
    """The key of a question as it is now, its options in this order."""
    return KeyQuestion(
        question_id=str(question["id"]),
        question_type=question["question_type"],
        points=question["points"],
        option_ids=tuple(option["id"] for option in options),
        correct_ids=frozenset(option["id"] for option in options if option["is_correct"]),
        correct_answer=question["correct_answer"],
        explanation=question["explanation"],
        metadata=question["metadata"] or {},
    )


def paper_by(paper: str, key: AnswerKey) -> str:
    """The paper with the points of another key, and with how many options an answer may select by it."""
    shown = from_json(paper)
    for question, keyed in zip(shown["questions"], key.questions, strict=True):
        question |= {"points": float(keyed.points), "selection": kind_of(keyed.question_type).selection(keyed)}
    return to_json(shown).decode()
