"""Lessons: the outline of a course."""

from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Optional
from uuid import UUID

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from studium.kit.db.tables import Base, EnumText, Json
from studium.models.columns import CreatedAt, JsonObject, PrimaryKey, UpdatedAt, Version, check, one_of
from studium.models.course import Course

if TYPE_CHECKING:
    from studium.models.quiz import Quiz


class LessonType(StrEnum):
    """What a learner does in a lesson."""

    VIDEO = "video"
    TEXT = "text"
    QUIZ = "quiz"
    ASSIGNMENT = "assignment"


class Lesson(Base):
    """A lesson. Live ones are ordered 1..n within the course; an archived one is hidden and not counted.

    `captions` of its video are a list of `{language, url}`, each the address of a WebVTT file of ours.
    An archived lesson keeps a negative `order_index`, so that it never stands in the way of the live ones.
    """

    __tablename__ = "lessons"
    __table_args__ = (
        check("ck_lessons_lesson_type", one_of("lesson_type", LessonType)),
        check("ck_lessons_archived_order", "archived_at IS NULL OR order_index < 0"),
        check("ck_lessons_parent", "parent_lesson_id <> id"),
        check("ck_lessons_duration", "duration_minutes >= 0"),
        check("ck_lessons_version", "version >= 1"),
        UniqueConstraint("course_id", "order_index", name="uq_lessons_course_order"),
        UniqueConstraint("course_id", "slug", name="uq_lessons_course_slug"),
        Index("ix_lessons_course_lesson_type_order", "course_id", "lesson_type", "order_index"),
    )

    id: Mapped[PrimaryKey]
    course_id: Mapped[UUID] = mapped_column(ForeignKey("courses.id", ondelete="CASCADE"), index=True)
    title: Mapped[str] = mapped_column(String(255))
    slug: Mapped[str] = mapped_column(String(255))
    description: Mapped[str | None] = mapped_column(Text)
    content: Mapped[str | None] = mapped_column(Text)
    lesson_type: Mapped[LessonType] = mapped_column(EnumText(LessonType))
    order_index: Mapped[int]
    parent_lesson_id: Mapped[UUID | None] = mapped_column(ForeignKey("lessons.id", ondelete="SET NULL"), index=True)
    duration_minutes: Mapped[int | None]
    video_url: Mapped[str | None] = mapped_column(String(500))
    captions: Mapped[list[JsonObject] | None] = mapped_column(Json)
    is_preview: Mapped[bool] = mapped_column(default=False)
    lesson_metadata: Mapped[JsonObject | None] = mapped_column("metadata", Json)
    created_at: Mapped[CreatedAt]
    updated_at: Mapped[UpdatedAt]
    archived_at: Mapped[datetime | None]
    version: Mapped[Version]

    course: Mapped[Course] = relationship(back_populates="lessons", lazy="raise")
    parent: Mapped[Optional["Lesson"]] = relationship(back_populates="children", remote_side="Lesson.id", lazy="raise")
    children: Mapped[list["Lesson"]] = relationship(back_populates="parent", passive_deletes="all", lazy="raise")
    quiz: Mapped[Optional["Quiz"]] = relationship(
        back_populates="lesson", cascade="all, delete-orphan", passive_deletes=True, lazy="raise"
    )
