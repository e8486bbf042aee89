"""Quizzes and their questions."""

from decimal import Decimal
from enum import StrEnum
from uuid import UUID

from sqlalchemy import ForeignKey, Index, Numeric, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from studium.kit.db.tables import Base, EnumText, Json
from studium.models.columns import CreatedAt, JsonObject, PrimaryKey, UpdatedAt, Version, between, check, one_of
from studium.models.lesson import Lesson


class QuizType(StrEnum):
    """Whether a quiz counts: practice is unlimited and keeps the best score, graded is limited and keeps them all."""

    PRACTICE = "practice"
    GRADED = "graded"


class QuestionType(StrEnum):
    """How a question is answered and marked; an essay is marked by hand."""

    MULTIPLE_CHOICE = "multiple_choice"
    TRUE_FALSE = "true_false"
    SHORT_ANSWER = "short_answer"
    ESSAY = "essay"


class MarksRelease(StrEnum):
    """When learners see the marks of a graded quiz: as soon as they are given, or all together when staff say so."""

    AT_ONCE = "at_once"
    TOGETHER = "together"


class Quiz(Base):
    """The quiz of a lesson, one at most. `passing_score` is percent; without `max_attempts` there is no limit."""

    __tablename__ = "quizzes"
    __table_args__ = (
        check("ck_quizzes_quiz_type", one_of("quiz_type", QuizType)),
        check("ck_quizzes_passing_score", between("passing_score", "0", "100")),
        check("ck_quizzes_time_limit", between("time_limit_minutes", "1", "1440")),
        check("ck_quizzes_max_attempts", between("max_attempts", "1", "100")),
        check("ck_quizzes_release", one_of("release", MarksRelease)),
        check("ck_quizzes_version", "version >= 1"),
    )

    id: Mapped[PrimaryKey]
    lesson_id: Mapped[UUID] = mapped_column(ForeignKey("lessons.id", ondelete="CASCADE"), unique=True, index=True)
    title: Mapped[str] = mapped_column(String(255))
    description: Mapped[str | None] = mapped_column(Text)
    quiz_type: Mapped[QuizType] = mapped_column(EnumText(QuizType), default=QuizType.GRADED)
    passing_score: Mapped[Decimal] = mapped_column(Numeric(5, 2), default=Decimal("70.00"))
    time_limit_minutes: Mapped[int | None]
    max_attempts: Mapped[int | None]
    shuffle_questions: Mapped[bool] = mapped_column(default=True)
    shuffle_options: Mapped[bool] = mapped_column(default=True)
    show_correct_answers: Mapped[bool] = mapped_column(default=True)
    release: Mapped[MarksRelease] = mapped_column(
        EnumText(MarksRelease), default=MarksRelease.AT_ONCE, server_default=text("'at_once'")
    )
    is_published: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[CreatedAt]
    updated_at: Mapped[UpdatedAt]
    version: Mapped[Version]

    lesson: Mapped[Lesson] = relationship(back_populates="quiz", lazy="raise")
    questions: Mapped[list["QuizQuestion"]] = relationship(
        back_populates="quiz",
        cascade="all, delete-orphan",
        passive_deletes=True,
        lazy="raise",
        order_by="QuizQuestion.order_index",
    )


class QuizQuestion(Base):
    """A question. `options` is a list of `{id, text, is_correct}`; an attempt works on a copy taken at its start."""

    __tablename__ = "quiz_questions"
    __table_args__ = (
        check("ck_quiz_questions_type", one_of("question_type", QuestionType)),
        check("ck_quiz_questions_points", "points > 0", "points <= 999.99"),
        check("ck_quiz_questions_version", "version >= 1"),
        UniqueConstraint("quiz_id", "order_index", name="uq_quiz_questions_order"),
        Index("ix_quiz_questions_quiz_type_order", "quiz_id", "question_type", "order_index"),
    )

    id: Mapped[PrimaryKey]
    quiz_id: Mapped[UUID] = mapped_column(ForeignKey("quizzes.id", ondelete="CASCADE"), index=True)
    question_text: Mapped[str] = mapped_column(Text)
    question_type: Mapped[QuestionType] = mapped_column(EnumText(QuestionType))
    points: Mapped[Decimal] = mapped_column(Numeric(5, 2), default=Decimal("1.00"))
    order_index: Mapped[int]
    explanation: Mapped[str | None] = mapped_column(Text)
    options: Mapped[list[JsonObject] | None] = mapped_column(Json)
    correct_answer: Mapped[str | None] = mapped_column(Text)
    question_metadata: Mapped[JsonObject | None] = mapped_column("metadata", Json)
    version: Mapped[Version]

    quiz: Mapped[Quiz] = relationship(back_populates="questions", lazy="raise")
