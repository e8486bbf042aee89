"""The trash of a course: what was removed from it, and can be brought back."""

from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from studium.kit.db.tables import Base, EnumText, Json
from studium.models.columns import CreatedAt, JsonObject, PrimaryKey, check, one_of

KEPT = timedelta(days=30)
"""How long what was removed can be brought back."""


class TrashKind(StrEnum):
    """What was removed."""

    LESSON = "lesson"
    QUIZ = "quiz"
    QUESTION = "question"


class TrashItem(Base):
    """Something that was removed: `item_id`, which hangs on the archived `lesson_id` meanwhile.

    A removed lesson is that lesson itself; a quiz or question hangs on a hidden lesson made for it, so whatever passes
    over archived lessons passes over it. `home_id` is what it belonged to: the parent of a lesson, the lesson of a
    quiz, the quiz of a question. `place` has where it stood: `before` are the ids of what came before it, `children`
    and `slug` those of a lesson.
    """

    __tablename__ = "trash_items"
    __table_args__ = (
        check("ck_trash_items_kind", one_of("kind", TrashKind)),
        Index("ix_trash_items_course_removed_at", "course_id", "removed_at"),
    )

    id: Mapped[PrimaryKey]
    course_id: Mapped[UUID] = mapped_column(ForeignKey("courses.id", ondelete="CASCADE"))
    lesson_id: Mapped[UUID] = mapped_column(ForeignKey("lessons.id", ondelete="CASCADE"), unique=True)
    kind: Mapped[TrashKind] = mapped_column(EnumText(TrashKind))
    item_id: Mapped[UUID]
    home_id: Mapped[UUID | None]
    title: Mapped[str] = mapped_column(String(255))
    place: Mapped[JsonObject] = mapped_column(Json)
    removed_at: Mapped[CreatedAt] = mapped_column(index=True)

    @property
    def restorable_until(self) -> datetime:
        """When it goes for good."""
        return self.removed_at + KEPT
