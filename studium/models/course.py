"""Courses."""

from enum import StrEnum
from typing import TYPE_CHECKING
from uuid import UUID

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from studium.kit.db.tables import Base, EnumText, Json
from studium.models.columns import CreatedAt, JsonObject, PrimaryKey, UpdatedAt, Version, check, one_of
from studium.models.user import User

if TYPE_CHECKING:
    from studium.models.lesson import Lesson

AS_MUTEX = {"key_share": True}
"""How a course is locked: other writers wait, but rows that point at it may come and change. A learner holds an
enrollment, whose second UPDATE in a transaction checks its foreign keys anew; if that waited for the course, both would
wait for ever.
"""


class Difficulty(StrEnum):
    """How much a course asks of a learner."""

    BEGINNER = "beginner"
    INTERMEDIATE = "intermediate"
    ADVANCED = "advanced"


class Course(Base):
    """A course. While it is a draft it exists for its owner, admins and those already enrolled only.

    `external_id` is what another system calls a course that was imported.
    """

    __tablename__ = "courses"
    __table_args__ = (
        check("ck_courses_difficulty_level", f"difficulty_level IS NULL OR {one_of('difficulty_level', Difficulty)}"),
        check("ck_courses_estimated_duration", "estimated_duration_minutes >= 0"),
        check("ck_courses_version", "version >= 1"),
        Index("ix_courses_is_published_created_at", "is_published", "created_at"),
        Index("ix_courses_instructor_created_at", "instructor_id", "created_at"),
        Index("uq_courses_instructor_external_id", "instructor_id", "external_id", unique=True),
    )

    id: Mapped[PrimaryKey]
    title: Mapped[str] = mapped_column(String(255))
    slug: Mapped[str] = mapped_column(String(255), unique=True, index=True)
    description: Mapped[str | None] = mapped_column(Text)
    instructor_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="RESTRICT"), index=True)
    category: Mapped[str | None] = mapped_column(String(100), index=True)
    difficulty_level: Mapped[Difficulty | None] = mapped_column(EnumText(Difficulty), index=True)
    is_published: Mapped[bool] = mapped_column(default=False, index=True)
    thumbnail_url: Mapped[str | None] = mapped_column(String(500))
    estimated_duration_minutes: Mapped[int | None]
    external_id: Mapped[str | None] = mapped_column(String(255))
    course_metadata: Mapped[JsonObject | None] = mapped_column("metadata", Json)
    created_at: Mapped[CreatedAt] = mapped_column(index=True)
    updated_at: Mapped[UpdatedAt]
    version: Mapped[Version]

    instructor: Mapped[User] = relationship(lazy="raise")
    lessons: Mapped[list["Lesson"]] = relationship(
        back_populates="course",
        cascade="all, delete-orphan",
        passive_deletes=True,
        lazy="raise",
        order_by="Lesson.order_index",
    )
