"""What is removed from a course hangs on an archived lesson until it is brought back, or goes for good."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import ColumnElement, exists, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from studium.kit.base.clock import now
from studium.kit.base.ids import new_id
from studium.models import Lesson, LessonType, TrashItem

TITLE_MAX = 255
REMEMBERED = 200
"""How many removed neighbours an item knows: without a bound each would name all before it, and read what they name."""


def is_kept() -> ColumnElement[bool]:
    """Whether a lesson is live, or what hangs on it may come back: the files that it names are in use."""
    return or_(Lesson.archived_at.is_(None), exists().where(TrashItem.lesson_id == Lesson.id).correlate(Lesson))


async def archive(session: AsyncSession, lesson: Lesson) -> None:
    """Hide a lesson, with a negative position of its own, below nothing, and its slug free for others."""
    lowest = await session.scalar(select(func.min(Lesson.order_index)).where(Lesson.course_id == lesson.course_id))
    lesson.order_index = min(lowest or 0, 0) - 1
    lesson.archived_at = now()
    lesson.parent_lesson_id = None
    lesson.slug = f"removed-{lesson.id.hex}"


async def hidden_lesson(session: AsyncSession, course_id: UUID, title: str) -> Lesson:
    """An archived lesson for something that was removed. Hold the course's row."""
    lesson = Lesson(id=new_id(), course_id=course_id, title=title[:TITLE_MAX], lesson_type=LessonType.QUIZ)
    await archive(session, lesson)
    session.add(lesson)
    await session.flush()
    return lesson


async def before(session: AsyncSession, item_id: UUID, home: ColumnElement[bool], order: Sequence[UUID]) -> list[str]:
    """What comes before an item in this order, also of what was removed from it lately; `home` says which those are.

    Something removed stood before the item unless the item stood before it.
    """
    ahead = [str(each) for each in order[: order.index(item_id)]]
    lately = select(TrashItem.item_id, TrashItem.place).where(home).order_by(TrashItem.removed_at.desc())
    removed = (await session.execute(lately.limit(REMEMBERED))).all()
    return ahead + [str(row.item_id) for row in removed if str(item_id) not in _before_of(row.place)]


def _before_of(place: dict[str, object]) -> list[str]:
    found = place["before"]
    assert isinstance(found, list)  # noqa: S101 -- what `before` returned.
    return found


def position(item: TrashItem, order: Sequence[UUID]) -> int:
    """Where it belongs in this order, 1-based: behind the last that stood before it."""
    ahead = set(_before_of(item.place))
    return max((place for place, each in enumerate(order, 1) if str(each) in ahead), default=0) + 1
