"""What an attempt remembers of its quiz: order, options, keys and points as they were at the start."""

from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal
from random import SystemRandom
from typing import Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from studium.models import QuestionType, Quiz, QuizAttempt, QuizQuestion, QuizType

_random = SystemRandom()


class SnapOption(BaseModel):
    """An option with its key."""

    model_config = ConfigDict(frozen=True)

    id: str
    text: str
    is_correct: bool


class SnapQuestion(BaseModel):
    """A question with its key, as the attempt is marked by it."""

    model_config = ConfigDict(frozen=True)

    question_id: UUID
    question_text: str
    question_type: QuestionType
    points: Decimal
    options: tuple[SnapOption, ...] = ()
    correct_answer: str | None = None
    explanation: str | None = None
    metadata: dict[str, Any] = {}

    @property
    def correct_ids(self) -> frozenset[str]:
        """The ids of the correct options."""
        return frozenset(option.id for option in self.options if option.is_correct)


class Rules(BaseModel):
    """The limits that the attempt runs under: the quiz's own, and what the learner is allowed beyond them."""

    model_config = ConfigDict(frozen=True)

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


class Snapshot(BaseModel):
    """The quiz as it was when the attempt began. `passing_score` is percent.

    Edits of the quiz never reach it; a regrade alone puts another key into it.
    """

    model_config = ConfigDict(frozen=True)

    quiz_type: QuizType
    passing_score: Decimal
    show_correct_answers: bool
    rules: Rules = Rules()
    questions: tuple[SnapQuestion, ...]

    @property
    def max_score(self) -> Decimal:
        """The points of all questions."""
        return sum((question.points for question in self.questions), Decimal(0))

    def by_id(self) -> dict[UUID, SnapQuestion]:
        """The questions by id, in the attempt's order."""
        return {question.question_id: question for question in self.questions}

    def to_json(self) -> dict[str, object]:
        """The form in which the attempt stores it: decimals as text, so that no digit is lost."""
        return self.model_dump(mode="json")


def snapshot_of(attempt: QuizAttempt) -> Snapshot:
    """Read an attempt's snapshot back."""
    return Snapshot.model_validate(attempt.snapshot)


def take_snapshot(quiz: Quiz, questions: Sequence[QuizQuestion], rules: Rules | None = None) -> Snapshot:
    """Copy the quiz for one attempt, shuffled where the quiz says so; `questions` come in the teacher's order."""
    copies = [_shuffled(copy_of(question)) if quiz.shuffle_options else copy_of(question) for question in questions]
    if quiz.shuffle_questions:
        _random.shuffle(copies)
    return Snapshot(
        quiz_type=quiz.quiz_type,
        passing_score=quiz.passing_score,
        show_correct_answers=quiz.show_correct_answers,
        rules=rules or Rules(time_limit_minutes=quiz.time_limit_minutes, max_attempts=quiz.max_attempts),
        questions=tuple(copies),
    )


def copy_of(question: QuizQuestion) -> SnapQuestion:
    """The question as it is now, with its key."""
    return SnapQuestion(
        question_id=question.id,
        question_text=question.question_text,
        question_type=question.question_type,
        points=question.points,
        options=tuple(SnapOption.model_validate(option) for option in question.options or ()),
        correct_answer=question.correct_answer,
        explanation=question.explanation,
        metadata=dict(question.question_metadata or {}),
    )


def _shuffled(question: SnapQuestion) -> SnapQuestion:
    options = _random.sample(question.options, len(question.options))
    return question.model_copy(update={"options": tuple(options)})
