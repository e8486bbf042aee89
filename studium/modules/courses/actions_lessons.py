"""What people do with lessons. The course's row is the mutex: whoever changes the outline holds it."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import exists, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from studium.kit.clock import now
from studium.kit.db import unique_or
from studium.kit.ids import new_id
from studium.kit.ordering import inserted, renumber
from studium.kit.tables import assign
from studium.kit.versions import IfMatchHeader
from studium.models import Course, Lesson, LessonProgress, Quiz, QuizAttempt
from studium.modules.courses.actions import AS_MUTEX
from studium.modules.courses.errors import (
    InvalidOrder,
    InvalidParent,
    LastLesson,
    LessonTypeFixed,
    TooManyLessons,
)
from studium.modules.courses.outline import Parents, parent_fault
from studium.modules.courses.schemas import MAX_LESSONS, LessonCreate, LessonOrder, LessonUpdate
from studium.modules.courses.slugs import add_under_free_slug, add_under_slug, slug_of, slug_taken
from studium.modules.enrollments.actions_recount import hold_learners, recount_course, recount_later


async def create_lesson(session: AsyncSession, course: Course, wish: LessonCreate) -> Lesson:
    """Insert or append a lesson; raises TooManyLessons, InvalidParent, SlugTaken."""
    outline = await _locked_outline(session, course)
    if len(outline) >= MAX_LESSONS:
        message = f"A course holds at most {MAX_LESSONS} lessons."
        raise TooManyLessons(message)
    if wish.parent_lesson_id is not None:
        _check_parent(None, wish.parent_lesson_id, outline)
    fields = wish.model_dump(exclude={"slug", "metadata", "order_index"})
    lesson = Lesson(id=new_id(), course_id=course.id, lesson_metadata=wish.metadata, **fields)
    lesson.order_index = len(outline) + 1
    are_held = await hold_learners(session, course.id)
    await _add(session, lesson, wish.slug)
    await change_order(session, course, inserted(list(outline), lesson.id, wish.order_index), unseen=lesson.id)
    await session.refresh(lesson)
    await (recount_course if are_held else recount_later)(session, course.id)
    return lesson


async def _add(session: AsyncSession, lesson: Lesson, slug: str | None) -> None:
    if slug is not None:
        await add_under_slug(session, lesson, slug)
    else:
        base = slug_of(lesson.title, fallback=f"lesson-{lesson.id.hex[-8:]}")
        await add_under_free_slug(session, lesson, base, siblings=Lesson.course_id == lesson.course_id)


async def _locked_outline(session: AsyncSession, course: Course) -> dict[UUID, UUID | None]:
    """Lock the course, then read its live lessons in order, each with its parent."""
    await session.refresh(course, with_for_update=AS_MUTEX)
    statement = (
        select(Lesson.id, Lesson.parent_lesson_id)
        .where(Lesson.course_id == course.id, Lesson.archived_at.is_(None))
        .order_by(Lesson.order_index)
    )
    return {row.id: row.parent_lesson_id for row in (await session.execute(statement)).all()}


def _check_parent(lesson_id: UUID | None, parent_id: UUID, outline: Parents) -> None:
    fault = parent_fault(lesson_id, parent_id, outline)
    if fault is not None:
        raise InvalidParent(fault)


async def change_order(
    session: AsyncSession, course: Course, order: Sequence[UUID], *, unseen: UUID | None = None
) -> None:
    """Put the live lessons into this order; a moved one is another edition, but for the `unseen` one just made.

    Hold the course's row.
    """
    statement = select(Lesson.id, Lesson.order_index).where(Lesson.course_id == course.id, Lesson.order_index > 0)
    before = {row.id: row.order_index for row in (await session.execute(statement)).all()}
    moved = set(await renumber(session, Lesson, before, order)) - {unseen}
    if moved:
        newer = update(Lesson).where(Lesson.id.in_(moved)).values(version=Lesson.version + 1)
        await session.execute(newer.execution_options(synchronize_session=False))


async def update_lesson(
    session: AsyncSession, course: Course, lesson: Lesson, patch: LessonUpdate, if_match: IfMatchHeader
) -> Lesson:
    """Write the fields that were sent; raises PreconditionFailed, SlugTaken, InvalidParent, LessonTypeFixed."""
    outline = await _locked_outline(session, course)
    await session.refresh(lesson, with_for_update=True)
    if_match.require(lesson.version)
    changes = patch.changes()
    if changes.get("parent_lesson_id") is not None:
        _check_parent(lesson.id, changes["parent_lesson_id"], outline)
    if changes.get("lesson_type", lesson.lesson_type) is not lesson.lesson_type:
        await check_type_change(session, lesson)
    async with unique_or(session, slug_taken(Lesson)):
        if assign(lesson, changes):
            lesson.version += 1
    return lesson


async def check_type_change(session: AsyncSession, lesson: Lesson) -> None:
    """Raise LessonTypeFixed where the lesson cannot become one of another type."""
    if await _is_used(session, lesson):
        message = "A quiz or somebody's progress hangs on this lesson, so its type stays."
        raise LessonTypeFixed(message)


async def _is_used(session: AsyncSession, lesson: Lesson) -> bool:
    has_quiz = exists().where(Quiz.lesson_id == lesson.id)
    return bool(await session.scalar(select(has_quiz))) or await _has_progress(session, lesson)


async def _has_progress(session: AsyncSession, lesson: Lesson) -> bool:
    """Whether somebody has worked on the lesson: progress, or an attempt at its quiz."""
    attempts = select(QuizAttempt.id).join(Quiz, Quiz.id == QuizAttempt.quiz_id).where(Quiz.lesson_id == lesson.id)
    progress = exists().where(LessonProgress.lesson_id == lesson.id)
    return bool(await session.scalar(select(progress | attempts.exists())))


async def reorder_lessons(session: AsyncSession, course: Course, wish: LessonOrder) -> None:
    """Put all live lessons into the order given; raises InvalidOrder unless it is a full permutation."""
    outline = await _locked_outline(session, course)
    if len(wish.lesson_ids) != len(outline) or set(wish.lesson_ids) != outline.keys():
        message = "Name every lesson of the course exactly once."
        raise InvalidOrder(message)
    await change_order(session, course, wish.lesson_ids)


async def delete_lesson(session: AsyncSession, course: Course, lesson: Lesson, if_match: IfMatchHeader) -> None:
    """Remove a lesson, or archive it when somebody has progress on it; its children move up to its parent.

    Raises LastLesson for the only lesson of a published course. Active enrollments are recounted at once.
    """
    outline = await _locked_outline(session, course)
    await hold_learners(session, course.id, all_of_them=True)
    await session.refresh(lesson, with_for_update=True)
    if_match.require(lesson.version)
    if course.is_published and len(outline) == 1:
        message = "A published course keeps at least one lesson; unpublish it first."
        raise LastLesson(message)
    children = update(Lesson).where(Lesson.parent_lesson_id == lesson.id)
    await session.execute(children.values(parent_lesson_id=lesson.parent_lesson_id, version=Lesson.version + 1))
    if await _has_progress(session, lesson):
        await _archive(session, lesson)
    else:
        await session.delete(lesson)
    await session.flush()
    await change_order(session, course, [lesson_id for lesson_id in outline if lesson_id != lesson.id])
    await recount_course(session, course.id)


async def _archive(session: AsyncSession, lesson: Lesson) -> None:
    """Hide a lesson for good, with a negative position of its own."""
    lowest = await session.scalar(select(func.min(Lesson.order_index)).where(Lesson.course_id == lesson.course_id))
    lesson.order_index = min(lowest or 0, 0) - 1
    lesson.archived_at = now()
    lesson.parent_lesson_id = None
    lesson.version += 1
