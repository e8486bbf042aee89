"""What an attempt remembers of its quiz: order, options, keys and points as they were at the start."""

from collections.abc import Sequence
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


class Snapshot(BaseModel):
    """The quiz as it was when the attempt began. `passing_score` is percent."""

    model_config = ConfigDict(frozen=True)

    quiz_type: QuizType
    passing_score: Decimal
    show_correct_answers: bool
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


def take_snapshot(quiz: Quiz, questions: Sequence[QuizQuestion]) -> Snapshot:
    """Copy the quiz for one attempt, shuffled where the quiz says so; `questions` come in the teacher's order."""
    copies = [_copy(question, shuffle=quiz.shuffle_options) for question in questions]
    if quiz.shuffle_questions:
        _random.shuffle(copies)
    return Snapshot(
        quiz_type=quiz.quiz_type,
        passing_score=quiz.passing_score,
        show_correct_answers=quiz.show_correct_answers,
        questions=tuple(copies),
    )


def _copy(question: QuizQuestion, *, shuffle: bool) -> SnapQuestion:
    options = [SnapOption.model_validate(option) for option in question.options or []]
    if shuffle:
        _random.shuffle(options)
    return SnapQuestion(
        question_id=question.id,
        question_text=question.question_text,
        question_type=question.question_type,
        points=question.points,
        options=tuple(options),
        correct_answer=question.correct_answer,
        explanation=question.explanation,
        metadata=dict(question.question_metadata or {}),
    )
