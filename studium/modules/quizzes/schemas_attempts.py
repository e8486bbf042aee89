"""Attempts, as learners make them and as teachers mark them."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field

from studium.kit.pages import Page
from studium.kit.schema import Id, Input, Marks, Number, Output, PersonOut
from studium.models import AttemptStatus
from studium.modules.quizzes.answers import ESSAY_MAX
from studium.modules.quizzes.schemas import MAX_QUESTIONS, LearnerQuestionOut

_OptionId = Annotated[str, Field(max_length=64)]


class AnswerIn(Input):
    """The answer to one question: options of a choice, or a text."""

    question_id: Id
    selected_option_ids: Annotated[list[_OptionId], Field(max_length=20)] | None = None
    answer_text: Annotated[str, Field(max_length=ESSAY_MAX)] | None = None


class AnswersIn(Input):
    """Answers to save; they replace those saved before, question by question. None of them change nothing."""

    answers: Annotated[list[AnswerIn], Field(default_factory=list, max_length=MAX_QUESTIONS)]


class SubmitIn(Input):
    """The last answers, over what was saved."""

    answers: Annotated[list[AnswerIn], Field(max_length=MAX_QUESTIONS)] | None = None


class ScoreIn(Input):
    """A grader's points for one question."""

    question_id: Id
    points: Marks
    feedback: Annotated[str, Field(max_length=5_000)] | None = None


class GradeIn(Input):
    """A grader's points, covering every essay, and words on the whole."""

    scores: Annotated[list[ScoreIn], Field(max_length=MAX_QUESTIONS)]
    feedback: Annotated[str, Field(max_length=5_000)] | None = None


class AnswerOut(Output):
    """What the learner gave."""

    question_id: UUID
    selected_option_ids: list[str]
    answer_text: str


class ResultOut(Output):
    """The marks of one question, with its key and explanation."""

    question_id: UUID
    points_awarded: Number | None
    points: Number
    feedback: str | None
    is_correct: bool | None
    correct_option_ids: list[str]
    correct_answer: str | None
    explanation: str | None


class AttemptBrief(Output):
    """An attempt in a list. `percentage` is 0..100, times are UTC, `time_taken_seconds` seconds."""

    id: UUID
    enrollment_id: UUID
    quiz_id: UUID
    attempt_number: int
    status: AttemptStatus
    started_at: datetime
    deadline_at: datetime | None
    submitted_at: datetime | None
    graded_at: datetime | None
    score: Number | None
    max_score: Number | None
    percentage: Number | None
    is_passed: bool | None
    time_taken_seconds: int | None
    version: int


class RulesOut(Output):
    """The limits that the attempt began under; what the learner was allowed beyond the quiz's own is 0 for most."""

    time_limit_minutes: int | None
    extra_time_percent: int
    max_attempts: int | None
    extra_attempts: int


class AttemptOut(AttemptBrief):
    """An attempt: its questions and answers while it is open, its result afterwards.

    `results` is null until the key may be revealed; `seconds_left` is null without a time limit or when finished.
    """

    seconds_left: int | None
    rules: RulesOut
    questions: list[LearnerQuestionOut]
    answers: list[AnswerOut]
    results: list[ResultOut] | None
    feedback: str | None


class AttemptSummary(Output):
    """Where the learner stands with this quiz; `attempts_left` is null for unlimited."""

    attempts_used: int
    attempts_left: int | None
    best_score: Number | None
    best_percentage: Number | None
    is_passed: bool


class MarkOut(Output):
    """The marks of one question at one time."""

    question_id: UUID
    points_awarded: Number | None
    points: Number
    feedback: str | None


class GradeOut(Output):
    """An attempt's grade at one time; what waits for a grader is null."""

    status: AttemptStatus
    score: Number | None
    max_score: Number | None = None
    percentage: Number | None = None
    is_passed: bool | None
    feedback: str | None
    results: list[MarkOut]


class GradeChangeOut(Output):
    """One act of grading: who, when, why (null for marks given by hand), and the grade before and after."""

    id: UUID
    changed_at: datetime
    grader: PersonOut | None
    reason: str | None
    before: GradeOut
    after: GradeOut


class StaffAttemptOut(AttemptBrief):
    """An attempt of anybody at a quiz, for those who mark it."""

    student: PersonOut


class AttemptPage(Page[AttemptBrief]):
    """Attempts, newest first, with the summary."""

    summary: AttemptSummary
