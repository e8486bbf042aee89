"""Lessons that come back from the trash, and the texts that they had before."""

from typing import Any
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from studium.access.trash import position
from studium.kit.base.problems import NotFound
from studium.kit.base.versions import IfMatchHeader
from studium.kit.db.ordering import inserted
from studium.models import Course, Lesson, LessonVersion, TrashItem
from studium.models.undo.lesson_version import TEXTS
from studium.modules.courses.actions_lessons import change_order, check_room, locked_outline, update_lesson
from studium.modules.courses.outline import Parents, parent_fault
from studium.modules.courses.schemas import LessonUpdate
from studium.modules.courses.slugs import free_slug
from studium.modules.enrollments.actions_recount import lock_active_enrollments, recount_course, recount_later


async def restore_lesson(session: AsyncSession, course: Course, item: TrashItem) -> None:
    """Put a lesson where it was, with its quiz and everybody's progress, and its children below it again.

    Where its parent is gone it stands at the top; where its slug is taken it gets another. Raises TooManyLessons.
    """
    outline = await locked_outline(session, course)
    check_room(outline)
    are_held = await lock_active_enrollments(session, course.id)
    lesson = (await session.execute(select(Lesson).where(Lesson.id == item.item_id).with_for_update())).scalar_one()
    lesson.slug = await free_slug(session, str(item.place["slug"]), Lesson, Lesson.course_id == course.id)
    lesson.archived_at = None
    lesson.order_index = len(outline) + 1
    lesson.version += 1
    await session.flush()
    order = inserted(list(outline), lesson.id, position(item, list(outline)))
    await change_order(session, course, order, unseen=lesson.id)
    await session.refresh(lesson)
    await _hang(session, lesson, item, {**outline, lesson.id: None})
    await (recount_course if are_held else recount_later)(session, course.id)


async def _hang(session: AsyncSession, lesson: Lesson, item: TrashItem, parents: dict[UUID, UUID | None]) -> None:
    """Hang the lesson below its parent, and those of its children below it that nobody has moved since."""
    if item.home_id is not None and parent_fault(lesson.id, item.home_id, parents) is None:
        parents[lesson.id] = lesson.parent_lesson_id = item.home_id
    below = [child for child in _ids(item.place["children"]) if _may_return(child, item, lesson.id, parents)]
    moved = update(Lesson).where(Lesson.id.in_(below)).values(parent_lesson_id=lesson.id, version=Lesson.version + 1)
    await session.flush()
    await session.execute(moved.execution_options(synchronize_session=False))


def _may_return(child: UUID, item: TrashItem, parent: UUID, parents: Parents) -> bool:
    return child in parents and parents[child] == item.home_id and parent_fault(child, parent, parents) is None


def _ids(values: Any) -> list[UUID]:  # noqa: ANN401 -- JSON of ours.
    return [UUID(value) for value in values]


async def restore_version(
    session: AsyncSession, course: Course, lesson: Lesson, number: int, if_match: IfMatchHeader
) -> Lesson:
    """Give a lesson the text of an earlier version; the present one is kept in turn. Raises NotFound."""
    before = await find_version(session, lesson.id, number)
    patch = LessonUpdate.model_construct(**{name: getattr(before, name) for name in TEXTS})
    return await update_lesson(session, course, lesson, patch, if_match)


async def find_version(session: AsyncSession, lesson_id: UUID, number: int) -> LessonVersion:
    """An earlier text of a lesson; raises NotFound."""
    wanted = LessonVersion.lesson_id == lesson_id, LessonVersion.number == number
    found = (await session.execute(select(LessonVersion).where(*wanted))).scalar_one_or_none()
    if found is None:
        message = "This version of the lesson is not kept."
        raise NotFound(message)
    return found
