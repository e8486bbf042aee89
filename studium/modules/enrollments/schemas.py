"""Enrollments, progress and reviews, as they come in and go out."""

from datetime import datetime
from typing import Annotated, Any, ClassVar
from uuid import UUID

from pydantic import Field

from studium.kit.http.schemas import (
    Id,
    Metadata,
    MultilineText,
    Number,
    PatchModel,
    Percent,
    PersonOut,
    RequestModel,
    ResponseModel,
    unset,
)
from studium.models import EnrollmentStatus, LessonType, ProgressStatus, Source

REVIEW_MAX = 2_000
SECONDS_MAX = 2_000_000_000
_FORGED = frozenset(
    {
        "id",
        "student_id",
        "course_id",
        "progress_percentage",
        "completed_lessons_count",
        "total_lessons_count",
        "total_time_spent_seconds",
        "completed_at",
        "certificate_issued_at",
        "rating",
        "review",
        "version",
    }
)

Seconds = Annotated[int, Field(ge=0, le=SECONDS_MAX)]


class EnrollmentCreate(RequestModel):
    """Which course to enrol in."""

    course_id: Id


class EnrollmentUpdate(PatchModel):
    """The step to take; completing is earned, not set."""

    not_allowed: ClassVar[frozenset[str]] = _FORGED

    status: Annotated[EnrollmentStatus, Field(strict=False)] = unset()


class ProgressUpdate(PatchModel):
    """What a player reports. `time_spent_seconds` is the cumulative time on this lesson, not an increment."""

    not_allowed: ClassVar[frozenset[str]] = frozenset({"id", "started_at", "completed_at", "attempts_count"})

    status: Annotated[ProgressStatus, Field(strict=False)] = unset()
    completion_percentage: Percent = unset()
    last_position_seconds: Seconds = unset()
    time_spent_seconds: Seconds = unset()
    metadata: Metadata | None = None


class ReviewIn(RequestModel):
    """One to five stars, and a few words."""

    rating: Annotated[int, Field(ge=1, le=5)]
    review: Annotated[MultilineText, Field(max_length=REVIEW_MAX)] | None = None


class CourseBrief(ResponseModel):
    """The course of an enrollment."""

    id: UUID
    title: str
    slug: str
    thumbnail_url: str | None
    category: str | None
    is_published: bool
    instructor: PersonOut


class EnrollmentOut(ResponseModel):
    """An enrollment. Percent 0..100, times in seconds.

    `source` says how the learner came in, null for those from before it was kept; `external_id` is what the school's
    own system calls the enrollment.
    """

    id: UUID
    student_id: UUID
    course_id: UUID
    student: PersonOut
    status: EnrollmentStatus
    enrolled_at: datetime
    started_at: datetime | None
    completed_at: datetime | None
    progress_percentage: Number
    completed_lessons_count: int
    total_lessons_count: int
    total_time_spent_seconds: int
    last_accessed_at: datetime | None
    certificate_issued_at: datetime | None
    rating: int | None
    review: str | None
    reviewed_at: datetime | None
    version: int
    source: Source | None
    external_id: str | None


class MyCourseOut(EnrollmentOut):
    """An enrollment as its learner's home page shows it; the next lesson is the first one not yet done."""

    course: CourseBrief
    next_lesson_id: UUID | None
    next_lesson_slug: str | None
    next_lesson_title: str | None
    certificate_id: UUID | None


class RosterEntryOut(EnrollmentOut):
    """An enrollment in the roster: the lesson that comes next unless the course is completed, the best quiz's percent.

    What is not graded yet, or held back, does not count for the best.
    """

    next_lesson_id: UUID | None
    next_lesson_title: str | None
    best_percentage: Number | None


class EnrollmentCounters(ResponseModel):
    """Where the enrollment stands after a step in one lesson."""

    status: EnrollmentStatus
    progress_percentage: Number
    completed_lessons_count: int
    total_lessons_count: int


class LessonProgressOut(ResponseModel):
    """A learner's progress in one lesson, and where that leaves the enrollment."""

    enrollment_id: UUID
    lesson_id: UUID
    status: ProgressStatus
    started_at: datetime | None
    completed_at: datetime | None
    time_spent_seconds: int
    last_position_seconds: int
    completion_percentage: Number
    attempts_count: int
    metadata: dict[str, Any] | None = Field(validation_alias="progress_metadata")
    enrollment: EnrollmentCounters


class EnrollmentLessonOut(ResponseModel):
    """A live lesson of the course with the learner's progress in it."""

    lesson_id: UUID
    title: str
    slug: str
    lesson_type: LessonType
    order_index: int
    parent_lesson_id: UUID | None
    duration_minutes: int | None
    quiz_id: UUID | None
    status: ProgressStatus
    completion_percentage: Number
    last_position_seconds: int
    time_spent_seconds: int
    completed_at: datetime | None


class ReviewOut(ResponseModel):
    """A public review: first name and initial only."""

    rating: int
    review: str | None
    reviewed_at: datetime
    reviewer: str


class EnrollmentStatsOut(ResponseModel):
    """The figures of one course. Rates and averages are percent 0..100, ratings 1..5."""

    total: int
    by_status: dict[EnrollmentStatus, int]
    average_progress: Number | None
    completion_rate: Number | None
    average_rating: Number | None
    reviews_count: int
    average_time_spent_seconds: int | None
