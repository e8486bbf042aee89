"""Progress: a learner in one lesson."""

from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from uuid import UUID

from sqlalchemy import ForeignKey, Index, Numeric, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from studium.kit.db.tables import Base, EnumText, Json
from studium.models.columns import JsonObject, PrimaryKey, UpdatedAt, between, check, one_of
from studium.models.enrollment import Enrollment
from studium.models.lesson import Lesson


class ProgressStatus(StrEnum):
    """Where a learner stands in a lesson."""

    NOT_STARTED = "not_started"
    IN_PROGRESS = "in_progress"
    COMPLETED = "completed"


class LessonProgress(Base):
    """What a learner has done in one lesson. The percentage never falls; time and position are seconds."""

    __tablename__ = "lesson_progress"
    __table_args__ = (
        check("ck_lesson_progress_status", one_of("status", ProgressStatus)),
        check("ck_lesson_progress_percentage", between("completion_percentage", "0", "100")),
        check(
            "ck_lesson_progress_counts",
            "time_spent_seconds >= 0",
            "last_position_seconds >= 0",
            "attempts_count >= 0",
        ),
        check(
            "ck_lesson_progress_completed",
            "(status = 'completed') = (completed_at IS NOT NULL)",
            "status <> 'completed' OR completion_percentage = 100",
        ),
        UniqueConstraint("enrollment_id", "lesson_id", name="uq_lesson_progress_enrollment_lesson"),
        Index("ix_lesson_progress_enrollment_status", "enrollment_id", "status"),
        Index("ix_lesson_progress_enrollment_completed_at", "enrollment_id", "completed_at"),
    )

    id: Mapped[PrimaryKey]
    enrollment_id: Mapped[UUID] = mapped_column(ForeignKey("enrollments.id", ondelete="CASCADE"), index=True)
    lesson_id: Mapped[UUID] = mapped_column(ForeignKey("lessons.id", ondelete="CASCADE"), index=True)
    status: Mapped[ProgressStatus] = mapped_column(EnumText(ProgressStatus), default=ProgressStatus.NOT_STARTED)
    started_at: Mapped[datetime | None]
    completed_at: Mapped[datetime | None]
    time_spent_seconds: Mapped[int] = mapped_column(default=0)
    last_position_seconds: Mapped[int] = mapped_column(default=0)
    completion_percentage: Mapped[Decimal] = mapped_column(Numeric(5, 2), default=Decimal(0))
    attempts_count: Mapped[int] = mapped_column(default=0)
    progress_metadata: Mapped[JsonObject | None] = mapped_column("metadata", Json)
    updated_at: Mapped[UpdatedAt]

    enrollment: Mapped[Enrollment] = relationship(back_populates="lesson_progress_entries", lazy="raise")
    lesson: Mapped[Lesson] = relationship(lazy="raise")
