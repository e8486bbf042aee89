"""Regrades: a quiz's key of one moment, applied to the attempts that were finished by then."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from studium.kit.db.tables import Base, Json
from studium.models.attempt import QuizAttempt
from studium.models.columns import CreatedAt, JsonObject, PrimaryKey, check
from studium.models.quiz import Quiz
from studium.models.user import User

_OPEN = text("finished_at IS NULL")


class Regrade(Base):
    """One regrade. `key` holds the questions as they were when it was asked for; `last_attempt_id` is how far it got.

    Only one regrade of a quiz runs at a time: the database sees to it.
    """

    __tablename__ = "regrades"
    __table_args__ = (
        check(
            "ck_regrades_counts",
            "attempts_changed >= 0",
            "attempts_changed <= attempts_done",
            "attempts_done <= attempts_total",
        ),
        Index("uq_regrades_open", "quiz_id", unique=True, sqlite_where=_OPEN, postgresql_where=_OPEN),
    )

    id: Mapped[PrimaryKey]
    quiz_id: Mapped[UUID] = mapped_column(ForeignKey("quizzes.id", ondelete="CASCADE"), index=True)
    requested_by: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="RESTRICT"), index=True)
    created_at: Mapped[CreatedAt]
    finished_at: Mapped[datetime | None]
    dry_run: Mapped[bool]
    never_lower: Mapped[bool]
    key: Mapped[list[JsonObject]] = mapped_column(Json)
    attempts_total: Mapped[int]
    attempts_done: Mapped[int] = mapped_column(default=0)
    attempts_changed: Mapped[int] = mapped_column(default=0)
    last_attempt_id: Mapped[UUID | None]

    quiz: Mapped[Quiz] = relationship(lazy="raise")
    requester: Mapped[User] = relationship(lazy="raise")


class RegradeEntry(Base):
    """What a regrade did to one attempt, or in a dry run would do: the marks before and after."""

    __tablename__ = "regrade_entries"

    regrade_id: Mapped[UUID] = mapped_column(ForeignKey("regrades.id", ondelete="CASCADE"), primary_key=True)
    attempt_id: Mapped[UUID] = mapped_column(
        ForeignKey("quiz_attempts.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    is_changed: Mapped[bool]
    before: Mapped[JsonObject] = mapped_column(Json)
    after: Mapped[JsonObject] = mapped_column(Json)

    regrade: Mapped[Regrade] = relationship(lazy="raise")
    attempt: Mapped[QuizAttempt] = relationship(lazy="raise")
