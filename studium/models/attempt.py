"""Attempts at quizzes, what graders did to them, and the words that graders keep."""

from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from uuid import UUID

from sqlalchemy import ForeignKey, Index, Numeric, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from studium.kit.db.tables import Base, EnumText, Json
from studium.models.columns import CreatedAt, JsonObject, PrimaryKey, UpdatedAt, Version, between, check, one_of
from studium.models.enrollment import Enrollment
from studium.models.quiz import Quiz
from studium.models.user import User


class AttemptStatus(StrEnum):
    """Where an attempt stands: open, handed in and waiting for a grader, or marked."""

    IN_PROGRESS = "in_progress"
    SUBMITTED = "submitted"
    GRADED = "graded"


_OPEN = text("status = 'in_progress'")
_GRADED = text("status = 'graded'")
_WAITING = text("status = 'submitted' AND marked_at IS NULL")
_MARKED = text("marked_at IS NOT NULL")
_NOTHING = text("0")


class QuizAttempt(Base):
    """One attempt, with the quiz as it was at the start. Only a regrade changes `paper` and `key`.

    `paper` is the JSON that the learner is sent of it (rules, questions, options), `key` what the attempt is marked by,
    `answers` what the learner gave, `answer_versions` at which version of the attempt each of them was saved,
    `flagged` the ids of the questions that the learner wants to look at again,
    `results` a list of `{question_id, points, points_awarded, feedback, by_hand}`.
    `draft` holds marks that nobody but graders sees yet. `marked_at` says since when every question has its marks, in
    `results` or in `draft`, and they wait to be released; a learner sees none of that.
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
        Index(
            "ix_quiz_attempts_graded",
            "quiz_id",
            "enrollment_id",
            sqlite_where=_GRADED,
            postgresql_where=_GRADED,
        ),
        # The desk walks along the first of these, oldest first, and counts by the second.
        Index(
            "ix_quiz_attempts_waiting",
            "submitted_at",
            "id",
            "quiz_id",
            sqlite_where=_WAITING,
            postgresql_where=_WAITING,
        ),
        Index(
            "ix_quiz_attempts_waiting_quiz",
            "quiz_id",
            "submitted_at",
            "id",
            sqlite_where=_WAITING,
            postgresql_where=_WAITING,
        ),
        Index("ix_quiz_attempts_marked", "quiz_id", "marked_at", sqlite_where=_MARKED, postgresql_where=_MARKED),
        Index("ix_quiz_attempts_open_deadline_at", "deadline_at", sqlite_where=_OPEN, postgresql_where=_OPEN),
    )

    id: Mapped[PrimaryKey]
    enrollment_id: Mapped[UUID] = mapped_column(ForeignKey("enrollments.id", ondelete="CASCADE"), index=True)
    quiz_id: Mapped[UUID] = mapped_column(ForeignKey("quizzes.id", ondelete="CASCADE"), index=True)
    attempt_number: Mapped[int]
    status: Mapped[AttemptStatus] = mapped_column(EnumText(AttemptStatus), default=AttemptStatus.IN_PROGRESS)
    started_at: Mapped[CreatedAt]
    deadline_at: Mapped[datetime | None]
    submitted_at: Mapped[datetime | None] = mapped_column(index=True)
    graded_at: Mapped[datetime | None]
    score: Mapped[Decimal | None] = mapped_column(Numeric(6, 2))
    max_score: Mapped[Decimal | None] = mapped_column(Numeric(6, 2))
    percentage: Mapped[Decimal | None] = mapped_column(Numeric(6, 2))
    is_passed: Mapped[bool | None]
    time_taken_seconds: Mapped[int | None]
    answers: Mapped[list[JsonObject] | None] = mapped_column(Json)
    answer_versions: Mapped[JsonObject | None] = mapped_column(Json)
    flagged: Mapped[list[str] | None] = mapped_column(Json)
    paper: Mapped[str] = mapped_column(Text)
    key: Mapped[JsonObject] = mapped_column(Json)
    results: Mapped[list[JsonObject] | None] = mapped_column(Json)
    feedback: Mapped[str | None] = mapped_column(Text)
    draft: Mapped[JsonObject | None] = mapped_column(Json)
    marked_at: Mapped[datetime | None]
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
    changed_at: Mapped[CreatedAt]
    before: Mapped[JsonObject | None] = mapped_column(Json)
    after: Mapped[JsonObject | None] = mapped_column(Json)
    reason: Mapped[str | None] = mapped_column(String(200))

    attempt: Mapped[QuizAttempt] = relationship(back_populates="grade_changes", lazy="raise")
    grader: Mapped[User | None] = relationship(lazy="raise")


class GradingComment(Base):
    """Words that a grader gives again and again; `uses` counts how often. Nobody else sees them."""

    __tablename__ = "comment_bank"
    __table_args__ = (
        check("ck_comment_bank_text", "length(text) <= 2000"),
        check("ck_comment_bank_uses", "uses >= 0"),
        check("ck_comment_bank_version", "version >= 1"),
        Index("ix_comment_bank_owner_id_uses_id", "owner_id", "uses", "id"),
    )

    id: Mapped[PrimaryKey]
    owner_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="RESTRICT"))
    text: Mapped[str] = mapped_column(Text)
    uses: Mapped[int] = mapped_column(default=0, server_default=_NOTHING)
    created_at: Mapped[CreatedAt]
    updated_at: Mapped[UpdatedAt]
    version: Mapped[Version]
