"""What a learner is allowed beyond the rule of a quiz."""

from uuid import UUID

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from studium.kit.db.tables import Base
from studium.models.columns import CreatedAt, PrimaryKey, UpdatedAt, Version, between, check
from studium.models.quiz import Quiz
from studium.models.user import User


class QuizAccommodation(Base):
    """More time (percent of the limit) and more attempts for one learner at one quiz, from the next attempt on."""

    __tablename__ = "quiz_accommodations"
    __table_args__ = (
        check("ck_quiz_accommodations_time", between("extra_time_percent", "0", "400")),
        check("ck_quiz_accommodations_attempts", between("extra_attempts", "0", "100")),
        check("ck_quiz_accommodations_version", "version >= 1"),
        UniqueConstraint("quiz_id", "student_id", name="uq_quiz_accommodations_quiz_student"),
    )

    id: Mapped[PrimaryKey]
    quiz_id: Mapped[UUID] = mapped_column(ForeignKey("quizzes.id", ondelete="CASCADE"))
    student_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="RESTRICT"), index=True)
    extra_time_percent: Mapped[int] = mapped_column(default=0)
    extra_attempts: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[CreatedAt]
    updated_at: Mapped[UpdatedAt]
    version: Mapped[Version]

    quiz: Mapped[Quiz] = relationship(lazy="raise")
    student: Mapped[User] = relationship(lazy="raise")
