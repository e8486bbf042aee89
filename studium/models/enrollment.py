"""Enrollments: a learner in a course."""

from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import TYPE_CHECKING
from uuid import UUID

from sqlalchemy import ForeignKey, Index, Numeric, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from studium.kit.db.tables import Base, EnumText
from studium.models.columns import CreatedAt, PrimaryKey, Version, between, check, one_of
from studium.models.course import Course
from studium.models.user import Source, User

if TYPE_CHECKING:
    from studium.models.progress import LessonProgress


class EnrollmentStatus(StrEnum):
    """Where a learner stands in a course. Completed is final."""

    ACTIVE = "active"
    COMPLETED = "completed"
    DROPPED = "dropped"
    EXPIRED = "expired"


class Enrollment(Base):
    """A learner in a course, once for ever. Its row is the mutex for everything that a learner does in the course.

    The counters follow the lesson progress rows and are recomputed in the transaction that changes those. Percentages
    are 0..100 with two places, times are seconds. `source` is NULL for those from before it was kept, and says how the
    learner came in first; `external_id` is what the school's own system calls the enrollment.
    """

    __tablename__ = "enrollments"
    __table_args__ = (
        check("ck_enrollments_status", one_of("status", EnrollmentStatus)),
        check("ck_enrollments_progress", between("progress_percentage", "0", "100")),
        check(
            "ck_enrollments_counts",
            between("completed_lessons_count", "0", "total_lessons_count"),
            "total_time_spent_seconds >= 0",
        ),
        check(
            "ck_enrollments_completed",
            "(status = 'completed') = (completed_at IS NOT NULL)",
            "status <> 'completed' OR progress_percentage = 100",
        ),
        check("ck_enrollments_rating", between("rating", "1", "5")),
        check("ck_enrollments_review", "review IS NULL OR rating IS NOT NULL"),
        check("ck_enrollments_version", "version >= 1"),
        UniqueConstraint("student_id", "course_id", name="uq_enrollments_student_course"),
        Index("ix_enrollments_student_enrolled_at", "student_id", "enrolled_at"),
        Index("ix_enrollments_course_enrolled_at", "course_id", "enrolled_at"),
        Index("ix_enrollments_course_status", "course_id", "status"),
        Index("ix_enrollments_student_status", "student_id", "status"),
    )

    id: Mapped[PrimaryKey]
    student_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="RESTRICT"), index=True)
    course_id: Mapped[UUID] = mapped_column(ForeignKey("courses.id", ondelete="RESTRICT"), index=True)
    enrolled_at: Mapped[CreatedAt]
    started_at: Mapped[datetime | None]
    completed_at: Mapped[datetime | None]
    status: Mapped[EnrollmentStatus] = mapped_column(
        EnumText(EnrollmentStatus), default=EnrollmentStatus.ACTIVE, index=True
    )
    progress_percentage: Mapped[Decimal] = mapped_column(Numeric(5, 2), default=Decimal(0))
    completed_lessons_count: Mapped[int] = mapped_column(default=0)
    total_lessons_count: Mapped[int] = mapped_column(default=0)
    total_time_spent_seconds: Mapped[int] = mapped_column(default=0)
    last_accessed_at: Mapped[datetime | None]
    certificate_issued_at: Mapped[datetime | None]
    rating: Mapped[int | None]
    review: Mapped[str | None] = mapped_column(Text)
    reviewed_at: Mapped[datetime | None]
    version: Mapped[Version]
    source: Mapped[Source | None] = mapped_column(EnumText(Source))
    external_id: Mapped[str | None] = mapped_column(String(255))

    student: Mapped[User] = relationship(lazy="raise")
    course: Mapped[Course] = relationship(lazy="raise")
    lesson_progress_entries: Mapped[list["LessonProgress"]] = relationship(
        back_populates="enrollment", cascade="all, delete-orphan", passive_deletes=True, lazy="raise"
    )
