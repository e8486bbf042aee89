"""Attempts at quizzes, and what graders did to them."""

from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from uuid import UUID

from sqlalchemy import ForeignKey, Index, Numeric, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from studium.kit.tables import Base, EnumText, Json
from studium.models.columns import JsonObject, Moment, PrimaryKey, Version, between, check, one_of
from studium.models.enrollment import Enrollment
from studium.models.quiz import Quiz
from studium.models.user import User


class AttemptStatus(StrEnum):
    """Where an attempt stands: open, handed in and waiting for a grader, or marked."""

    IN_PROGRESS = "in_progress"
    SUBMITTED = "submitted"
    GRADED = "graded"


_OPEN = text("status = 'in_progress'")


class QuizAttempt(Base):
    """One sitting. `snapshot` is the quiz as it was at the start (order, options, keys, points) and never changes.

    `answers` holds what the learner gave, `results` a list of
    `{question_id, points_awarded, points, feedback, is_correct}`.
    Only one attempt of an enrollment at a quiz is open at a time: the database sees to it.
    """

    __tablename__ = "quiz_attempts"
    __table_args__ = (
        check("ck_quiz_attempts_status", one_of("status", AttemptStatus)),
        check("ck_quiz_attempts_number", "attempt_number >= 1"),
        check("ck_quiz_attempts_submitted", "(status = 'in_progress') = (submitted_at IS NULL)"),
        check(
            "ck_quiz_attempts_graded",
            "status <> 'graded' OR (graded_at IS NOT NULL AND score IS NOT NULL AND max_score IS NOT NULL"
            " AND percentage IS NOT NULL AND is_passed IS NOT NULL)",
        ),
        check("ck_quiz_attempts_passed", "status = 'graded' OR is_passed IS NULL"),
        check(
            "ck_quiz_attempts_score", "score IS NULL OR (max_score IS NOT NULL AND score >= 0 AND score <= max_score)"
        ),
        check("ck_quiz_attempts_percentage", between("percentage", "0", "100")),
        check("ck_quiz_attempts_time_taken", "time_taken_seconds >= 0"),
        check("ck_quiz_attempts_version", "version >= 1"),
        UniqueConstraint("enrollment_id", "quiz_id", "attempt_number", name="uq_quiz_attempt_number"),
        Index(
            "uq_quiz_attempts_open", "enrollment_id", "quiz_id", unique=True, sqlite_where=_OPEN, postgresql_where=_OPEN
        ),
        Index("ix_quiz_attempts_enrollment_status_submitted_at", "enrollment_id", "status", "submitted_at"),
        Index("ix_quiz_attempts_quiz_status_submitted_at", "quiz_id", "status", "submitted_at"),
        Index("ix_quiz_attempts_open_deadline_at", "deadline_at", sqlite_where=_OPEN, postgresql_where=_OPEN),
    )

    id: Mapped[PrimaryKey]
    enrollment_id: Mapped[UUID] = mapped_column(ForeignKey("enrollments.id", ondelete="CASCADE"), index=True)
    quiz_id: Mapped[UUID] = mapped_column(ForeignKey("quizzes.id", ondelete="CASCADE"), index=True)
    attempt_number: Mapped[int]
    status: Mapped[AttemptStatus] = mapped_column(EnumText(AttemptStatus), default=AttemptStatus.IN_PROGRESS)
    started_at: Mapped[Moment]
    deadline_at: Mapped[datetime | None]
    submitted_at: Mapped[datetime | None] = mapped_column(index=True)
    graded_at: Mapped[datetime | None]
    score: Mapped[Decimal | None] = mapped_column(Numeric(6, 2))
    max_score: Mapped[Decimal | None] = mapped_column(Numeric(6, 2))
    percentage: Mapped[Decimal | None] = mapped_column(Numeric(6, 2))
    is_passed: Mapped[bool | None]
    time_taken_seconds: Mapped[int | None]
    answers: Mapped[list[JsonObject] | None] = mapped_column(Json)
    snapshot: Mapped[JsonObject] = mapped_column(Json)
    results: Mapped[list[JsonObject] | None] = mapped_column(Json)
    feedback: Mapped[str | None] = mapped_column(Text)
    version: Mapped[Version]

    enrollment: Mapped[Enrollment] = relationship(lazy="raise")
    quiz: Mapped[Quiz] = relationship(lazy="raise")
    grade_changes: Mapped[list["GradeChange"]] = relationship(
        back_populates="attempt", cascade="all, delete-orphan", passive_deletes=True, lazy="raise"
    )


class GradeChange(Base):
    """One act of grading, with what was there before and after. Without a grader the system itself did it."""

    __tablename__ = "grade_changes"

    id: Mapped[PrimaryKey]
    attempt_id: Mapped[UUID] = mapped_column(ForeignKey("quiz_attempts.id", ondelete="CASCADE"), index=True)
    grader_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id", ondelete="RESTRICT"), index=True)
    changed_at: Mapped[Moment]
    before: Mapped[JsonObject | None] = mapped_column(Json)
    after: Mapped[JsonObject | None] = mapped_column(Json)
    reason: Mapped[str | None] = mapped_column(String(200))

    attempt: Mapped[QuizAttempt] = relationship(back_populates="grade_changes", lazy="raise")
    grader: Mapped[User | None] = relationship(lazy="raise")
