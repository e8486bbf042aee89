"""Quizzes and questions, as staff write them and as learners may see them."""

from datetime import datetime
from typing import Annotated, Any, ClassVar
from uuid import UUID

from pydantic import Field

from studium.kit.http.schemas import (
    SHOWN_TEXT,
    STRICT_TEXT,
    Id,
    Metadata,
    MultilineText,
    Number,
    PatchModel,
    Percent,
    Points,
    RequestModel,
    ResponseModel,
    Title,
    unset,
)
from studium.models import MarksRelease, QuestionType, QuizType
from studium.modules.quizzes.question_types.base import Selection

MAX_QUESTIONS = 500
_FORGED = frozenset({"id", "is_published", "created_at", "updated_at", "version"})

QuizTypeIn = Annotated[QuizType, Field(strict=False)]
ReleaseIn = Annotated[MarksRelease, Field(strict=False)]
QuestionTypeIn = Annotated[QuestionType, Field(strict=False)]
Minutes = Annotated[int, Field(ge=1, le=1_440)]
Attempts = Annotated[int, Field(ge=1, le=100)]


Text = Annotated[str, Field(min_length=1, max_length=20_000), STRICT_TEXT, SHOWN_TEXT]
Position = Annotated[int, Field(ge=1, le=MAX_QUESTIONS)]


class QuizCreate(RequestModel):
    """A new quiz on a quiz lesson, unpublished. A graded one without `max_attempts` has 3; practice is unlimited.

    With `release` "together" learners see the marks of a graded quiz when staff release them; practice is `at_once`.
    """

    not_allowed: ClassVar[frozenset[str]] = _FORGED

    lesson_id: Id
    title: Title
    description: MultilineText | None = None
    quiz_type: QuizTypeIn = QuizType.GRADED
    passing_score: Percent | None = None
    time_limit_minutes: Minutes | None = None
    max_attempts: Attempts | None = None
    shuffle_questions: bool = True
    shuffle_options: bool = True
    show_correct_answers: bool = True
    release: ReleaseIn = MarksRelease.AT_ONCE


class QuizUpdate(PatchModel):
    """What may change; attempts that are under way keep the quiz as it was when they began."""

    not_allowed: ClassVar[frozenset[str]] = _FORGED | {"lesson_id"}

    title: Title = unset()
    description: MultilineText | None = None
    quiz_type: QuizTypeIn = unset()
    passing_score: Percent = unset()
    time_limit_minutes: Minutes | None = None
    max_attempts: Attempts | None = None
    shuffle_questions: bool = unset()
    shuffle_options: bool = unset()
    show_correct_answers: bool = unset()
    release: ReleaseIn = unset()


class QuizOut(ResponseModel):
    """A quiz without its questions. `passing_score` is percent, `max_attempts` null means unlimited."""

    id: UUID
    lesson_id: UUID
    course_id: UUID
    title: str
    description: str | None
    quiz_type: QuizType
    passing_score: Number
    time_limit_minutes: int | None
    max_attempts: int | None
    shuffle_questions: bool
    shuffle_options: bool
    show_correct_answers: bool
    release: MarksRelease
    is_published: bool
    questions_count: int
    total_points: Number
    created_at: datetime
    updated_at: datetime
    version: int


class OptionIn(RequestModel):
    """An option; the `id` of an existing one keeps it, a new one gets its id from the server."""

    id: Annotated[str, Field(max_length=64)] | None = None
    text: Annotated[str, Field(min_length=1, max_length=2_000), STRICT_TEXT]
    is_correct: bool = False


Options = Annotated[list[OptionIn], Field(max_length=20)]
Key = Annotated[str, Field(min_length=1, max_length=2_000), STRICT_TEXT]


class QuestionCreate(RequestModel):
    """A new question; with `order_index` it is inserted there, without it goes to the end."""

    not_allowed: ClassVar[frozenset[str]] = frozenset({"id", "quiz_id", "version"})

    question_text: Text
    question_type: QuestionTypeIn
    points: Points | None = None
    order_index: Position | None = None
    explanation: MultilineText | None = None
    options: Options | None = None
    correct_answer: Key | None = None
    metadata: Metadata | None = None


class QuestionUpdate(PatchModel):
    """What may change; `order_index` moves the question and shifts the others."""

    not_allowed: ClassVar[frozenset[str]] = frozenset({"id", "quiz_id", "version"})

    question_text: Text = unset()
    question_type: QuestionTypeIn = unset()
    points: Points = unset()
    order_index: Position = unset()
    explanation: MultilineText | None = None
    options: Options | None = None
    correct_answer: Key | None = None
    metadata: Metadata | None = None


class OptionOut(ResponseModel):
    """An option with its key."""

    id: str
    text: str
    is_correct: bool


class QuestionOut(ResponseModel):
    """A question with its key, for those who edit the course."""

    id: UUID
    quiz_id: UUID
    question_text: str
    question_type: QuestionType
    points: Number
    order_index: int
    explanation: str | None
    options: list[OptionOut] | None
    correct_answer: str | None
    metadata: dict[str, Any] | None = Field(validation_alias="question_metadata")
    version: int


class LearnerOptionOut(ResponseModel):
    """An option without its key."""

    id: str
    text: str


class QuestionOrder(RequestModel):
    """Every question of the quiz, in the order wanted."""

    question_ids: Annotated[list[Id], Field(max_length=MAX_QUESTIONS)]


class LearnerQuestionOut(ResponseModel):
    """A question of an attempt, without anything that gives its answer away. A model of its own, on purpose.

    `selection` says of a choice whether one option may be selected or several; it is null for other types.
    """

    id: UUID
    question_text: str
    question_type: QuestionType
    points: Number
    order_index: int
    selection: Selection | None
    options: list[LearnerOptionOut] | None
