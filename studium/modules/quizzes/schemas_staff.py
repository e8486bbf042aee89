"""What staff alone see and do: accommodations, regrades, statistics."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import Field

from studium.kit.http.schemas import Number, PersonOut, RequestModel, ResponseModel
from studium.models import AttemptStatus, QuestionType


class AccommodationIn(RequestModel):
    """What a learner is allowed beyond the rule, from the next attempt on: percent of the time limit, and attempts."""

    extra_time_percent: Annotated[int, Field(ge=0, le=400)] = 0
    extra_attempts: Annotated[int, Field(ge=0, le=100)] = 0


class AccommodationOut(ResponseModel):
    """What a learner is allowed beyond the rule of the quiz."""

    quiz_id: UUID
    student: PersonOut
    extra_time_percent: int
    extra_attempts: int
    created_at: datetime
    updated_at: datetime
    version: int


class AllowedOut(ResponseModel):
    """What one learner has at a quiz: the rule for everybody, and what is allowed beyond it (version 0: nothing)."""

    quiz_id: UUID
    title: str
    time_limit_minutes: int | None
    max_attempts: int | None
    extra_time_percent: int
    extra_attempts: int
    version: int


class RegradeIn(RequestModel):
    """How to regrade. A dry run reports and changes nothing; with `never_lower` no learner loses by it."""

    dry_run: bool
    never_lower: bool = False


class RegradeStatus(StrEnum):
    """Whether a regrade is still at work."""

    RUNNING = "running"
    DONE = "done"


class RegradedGrade(ResponseModel):
    """A grade as the report has it; null where an essay waits for its grader."""

    status: AttemptStatus
    score: Number | None
    max_score: Number | None
    percentage: Number | None
    is_passed: bool | None


class RegradeEntryOut(ResponseModel):
    """One attempt of one learner, before and after (in a dry run: as it would be)."""

    student: PersonOut
    enrollment_id: UUID
    attempt_id: UUID
    attempt_number: int
    is_changed: bool
    before: RegradedGrade
    after: RegradedGrade


class RegradeOut(ResponseModel):
    """A regrade and how far it is. `report` is there when it was done at once; else read it page by page."""

    id: UUID
    quiz_id: UUID
    requested_by: UUID
    created_at: datetime
    finished_at: datetime | None
    status: RegradeStatus
    dry_run: bool
    never_lower: bool
    attempts_total: int
    attempts_done: int
    attempts_changed: int
    report: list[RegradeEntryOut] | None = None


class ReleaseOut(ResponseModel):
    """What a release did: `released` at once, `left` to a job. `waiting` are those that a grader has yet to mark."""

    quiz_id: UUID
    released: int
    left: int
    waiting: int


class OptionCount(ResponseModel):
    """How often an option was chosen. `id` is the option's, or true and false; `is_correct` is by the present key."""

    id: str
    text: str
    is_correct: bool
    count: int


class ItemStatistics(ResponseModel):
    """How one question fared. `facility` is percent; the `discrimination_index` lies between -1 and 1."""

    question_id: UUID
    question_text: str
    question_type: QuestionType
    order_index: int
    attempts: int
    facility: Number | None
    discrimination_index: float | None
    options: list[OptionCount]


class QuizStatistics(ResponseModel):
    """How a quiz fared over its graded attempts. Mean, median and standard deviation are of the percentage.

    `histogram` counts the attempts in each tenth of it: below 10, below 20 and so on; 100 is in the last.
    """

    quiz_id: UUID
    attempts: int
    learners: int
    mean: Number | None
    median: Number | None
    standard_deviation: Number | None
    histogram: list[int]
    questions: list[ItemStatistics]
