"""The grading desk: what waits for a grader, and the words that a grader keeps."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import Field

from studium.kit.http.schemas import (
    SHOWN_TEXT,
    STRICT_TEXT,
    PatchModel,
    PersonOut,
    RequestModel,
    ResponseModel,
    unset,
)


class GradingKind(StrEnum):
    """What a piece of work is: an attempt at a quiz with essays."""

    ESSAY = "essay"


class GradedCourse(ResponseModel):
    """A course by its name."""

    id: UUID
    title: str


class GradedItem(ResponseModel):
    """What the work was set by: a quiz."""

    id: UUID
    title: str


class WaitingOut(ResponseModel):
    """A piece of work that waits for a grader since `waiting_since`.

    `question_ids` are the essays without a mark, `is_drafted` says whether others have one that is not released.
    `link` is the attempt's address; it is graded at `{link}/grade`.
    """

    kind: GradingKind
    id: UUID
    attempt_number: int
    course: GradedCourse
    item: GradedItem
    learner: PersonOut
    question_ids: list[UUID]
    is_drafted: bool
    waiting_since: datetime
    link: str
    version: int


class ItemWaiting(ResponseModel):
    """How much of a quiz waits for a grader and since when, and how many marks wait for their release."""

    item: GradedItem
    waiting: int
    since: datetime | None
    unreleased: int


class CourseWaiting(ResponseModel):
    """The same of a course, and quiz by quiz."""

    course: GradedCourse
    waiting: int
    since: datetime | None
    unreleased: int
    items: list[ItemWaiting]


class GradingSummary(ResponseModel):
    """The same over all courses, and course by course: those that wait longest first, 1,000 quizzes at most."""

    waiting: int
    since: datetime | None
    unreleased: int
    courses: list[CourseWaiting]


_Text = Annotated[str, Field(min_length=1, max_length=2_000), STRICT_TEXT, SHOWN_TEXT]


class CommentIn(RequestModel):
    """Words to keep."""

    text: _Text


class CommentUpdate(PatchModel):
    """Other words for the same comment; how often it was used stays."""

    text: _Text = unset()


class CommentOut(ResponseModel):
    """Words that a grader keeps, and how often they were used; the count makes no new version."""

    id: UUID
    text: str
    uses: int
    created_at: datetime
    updated_at: datetime
    version: int
