"""Attempts, as learners make them and as teachers mark them."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import Field

from studium.kit.http.pagination import Page
from studium.kit.http.schemas import STRICT_TEXT, Id, Marks, Number, PersonOut, RequestModel, ResponseModel
from studium.models import AttemptStatus
from studium.modules.quizzes.question_types.essay import ESSAY_MAX
from studium.modules.quizzes.schemas import MAX_QUESTIONS, LearnerQuestionOut

_OptionId = Annotated[str, Field(max_length=64)]
_Feedback = Annotated[str, Field(max_length=5_000), STRICT_TEXT]


class AnswerIn(RequestModel):
    """The answer to one question: options of a choice, or a text.

    With `if_version` it is saved only while the saved answer still has that version (0: none is saved yet). One that
    another device has changed meanwhile stays as it is there, and the response shows it.
    """

    question_id: Id
    selected_option_ids: Annotated[list[_OptionId], Field(max_length=20)] | None = None
    answer_text: Annotated[str, Field(max_length=ESSAY_MAX), STRICT_TEXT] | None = None
    if_version: Annotated[int, Field(ge=0)] | None = None


class AnswersIn(RequestModel):
    """Answers to save; they replace those saved before, question by question. None of them change nothing.

    `flagged_question_ids` are the questions that the learner wants to look at again, in place of those before; without
    it these stay.
    """

    answers: Annotated[list[AnswerIn], Field(default_factory=list, max_length=MAX_QUESTIONS)]
    flagged_question_ids: Annotated[list[Id], Field(max_length=MAX_QUESTIONS)] | None = None


class SubmitIn(RequestModel):
    """The last answers, over what was saved."""

    answers: Annotated[list[AnswerIn], Field(max_length=MAX_QUESTIONS)] | None = None


class ScoreIn(RequestModel):
    """A grader's points for one question."""

    question_id: Id
    points: Marks
    feedback: _Feedback | None = None


class GradeIn(RequestModel):
    """A grader's points and words on the whole.

    With `release` false they are kept as a draft, over what was drafted before, question by question; with true the
    learner sees them at once, and together with the draft they must cover every essay. Without it the quiz's own
    `release` decides. `take_back` names questions whose drafted marks go. `comment_ids` are those of one's own comments
    that were used; each counts once.
    """

    scores: Annotated[list[ScoreIn], Field(max_length=MAX_QUESTIONS)]
    feedback: _Feedback | None = None
    release: bool | None = None
    take_back: Annotated[list[Id], Field(default_factory=list, max_length=MAX_QUESTIONS)]
    comment_ids: Annotated[list[Id], Field(default_factory=list, max_length=50)]


class AnswerOut(ResponseModel):
    """What the learner gave, and the attempt's version at which it was saved: 1 where that was not recorded."""

    question_id: UUID
    selected_option_ids: list[str]
    answer_text: str
    version: int


class ResultOut(ResponseModel):
    """The marks of one question, with its key and explanation."""

    question_id: UUID
    points_awarded: Number | None
    points: Number
    feedback: str | None
    is_correct: bool | None
    correct_option_ids: list[str]
    correct_answer: str | None
    explanation: str | None


class AttemptBrief(ResponseModel):
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


class RulesOut(ResponseModel):
    """The limits that the attempt began under; what the learner was allowed beyond the quiz's own is 0 for most."""

    time_limit_minutes: int | None
    extra_time_percent: int
    max_attempts: int | None
    extra_attempts: int


class DraftMarkOut(ResponseModel):
    """The mark of one question that is not released yet."""

    question_id: UUID
    points: Number
    feedback: str | None


class DraftOut(ResponseModel):
    """Marks that are not released yet, who gave them last, and when."""

    scores: list[DraftMarkOut]
    feedback: str | None
    grader_id: UUID
    saved_at: datetime


class AttemptPaper(ResponseModel):
    """What an attempt keeps of its quiz for the learner: stored as the JSON that is sent, as the answers are."""

    rules: RulesOut
    questions: list[LearnerQuestionOut]


class HiddenResults(StrEnum):
    """Why a learner does not see the results of a finished attempt."""

    BEING_GRADED = "being_graded"
    NEVER_SHOWN = "never_shown"
    UNTIL_OVER = "until_over"


class AttemptState(AttemptBrief):
    """What is made for each answer."""

    passing_score: Number
    seconds_left: int | None
    results: list[ResultOut] | None
    results_hidden: HiddenResults | None
    feedback: str | None
    draft: DraftOut | None
    marked_at: datetime | None


class AttemptOut(AttemptPaper, AttemptState):
    """An attempt: its questions and answers while it is open, its result afterwards.

    `results` is null until the key may be revealed, and `results_hidden` says why: an answer waits for a grader, the
    quiz shows no keys, or attempts are left and none is passed. `seconds_left` is null without a time limit or when
    finished. `passing_score` is percent. `flagged_question_ids` are those that the learner wants to look at again.
    For those who grade, `draft` has the marks that are not released yet, and
    `marked_at` says since when all are there and wait for the release; both are null for the learner.
    """

    answers: list[AnswerOut]
    flagged_question_ids: list[UUID]


class AttemptSummary(ResponseModel):
    """Where the learner stands with this quiz; `attempts_left` is null for unlimited.

    `extra_time_percent` is what the next attempt has beyond the quiz's time limit.
    """

    attempts_used: int
    attempts_left: int | None
    best_score: Number | None
    best_percentage: Number | None
    is_passed: bool
    extra_time_percent: int


class MarkOut(ResponseModel):
    """The marks of one question at one time."""

    question_id: UUID
    points_awarded: Number | None
    points: Number
    feedback: str | None


class GradeOut(ResponseModel):
    """An attempt's grade at one time; what waits for a grader is null."""

    status: AttemptStatus
    score: Number | None
    max_score: Number | None = None
    percentage: Number | None = None
    is_passed: bool | None
    feedback: str | None
    results: list[MarkOut]


class GradeChangeOut(ResponseModel):
    """One act of grading: who, when, why (null for marks given by hand), and the grade before and after."""

    id: UUID
    changed_at: datetime
    grader: PersonOut | None
    reason: str | None
    before: GradeOut
    after: GradeOut


class StaffAttemptOut(AttemptBrief):
    """An attempt of anybody at a quiz, for those who mark it; `marked_at` as in an `AttemptOut`."""

    student: PersonOut
    marked_at: datetime | None


class _Held(ResponseModel):
    """What the marks make that no learner sees yet; null while some are missing."""

    held_percentage: Number | None
    is_drafted: bool


class HeldAttemptOut(StaffAttemptOut, _Held):
    """The same with what is held."""


class EnrollmentAttemptOut(AttemptBrief):
    """An attempt of one learner at any quiz of the course."""

    quiz_title: str


class HeldEnrollmentAttemptOut(EnrollmentAttemptOut, _Held):
    """The same with what is held, for those who mark it; `marked_at` as in an `AttemptOut`."""

    marked_at: datetime | None


class AttemptPage(Page[AttemptBrief]):
    """Attempts, newest first, with the summary."""

    summary: AttemptSummary
