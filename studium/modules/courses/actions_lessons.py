"""What people do with lessons. The course's row is the mutex: whoever changes the outline holds it."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import and_, exists, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from studium.access.actor import Actor
from studium.access.audit import record_audit
from studium.access.locking import lock_course
from studium.access.reading import NOTHING
from studium.access.trash import archive, before
from studium.kit.base.ids import new_id
from studium.kit.base.problems import NotFound
from studium.kit.base.versions import IfMatchHeader
from studium.kit.db.database import raise_on_conflict
from studium.kit.db.ordering import inserted, renumber
from studium.kit.db.tables import apply_changes
from studium.models import Course, JsonObject, Lesson, LessonProgress, Quiz, QuizAttempt, TrashItem, TrashKind
from studium.models.undo.lesson_version import AUTOSAVED, end_autosaves
from studium.modules.courses.captions import check_captions
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
from studium.modules.enrollments.actions_recount import lock_active_enrollments, recount_course, recount_later


async def create_lesson(session: AsyncSession, actor: Actor, course: Course, payload: LessonCreate) -> Lesson:
    """Insert or append a lesson; raises TooManyLessons, InvalidParent, SlugTaken, and InvalidInput for its captions."""
    await check_captions(session, course, payload.captions)
    outline = await locked_outline(session, course)
    check_room(outline)
    if payload.parent_lesson_id is not None:
        _check_parent(None, payload.parent_lesson_id, outline)
    fields = payload.model_dump(exclude={"slug", "metadata", "order_index"})
    lesson = Lesson(id=new_id(), course_id=course.id, lesson_metadata=payload.metadata, **fields)
    lesson.order_index = len(outline) + 1
    are_held = await lock_active_enrollments(session, course.id)
    await _add(session, lesson, payload.slug)
    await change_order(session, course, inserted(list(outline), lesson.id, payload.order_index), unseen=lesson.id)
    await session.refresh(lesson)
    await (recount_course if are_held else recount_later)(session, course.id)
    await record_audit(session, "lesson.created", actor_id=actor.id, target=("lesson", lesson.id))
    return lesson


def check_room(outline: Parents) -> None:
    """Raise TooManyLessons where a course holds no further lesson."""
    if len(outline) >= MAX_LESSONS:
        message = f"A course holds at most {MAX_LESSONS} lessons."
        raise TooManyLessons(message)


async def _add(session: AsyncSession, lesson: Lesson, slug: str | None) -> None:
    if slug is not None:
        await add_under_slug(session, lesson, slug)
    else:
        base = slug_of(lesson.title, fallback=f"lesson-{lesson.id.hex[-8:]}")
        await add_under_free_slug(session, lesson, base, siblings=Lesson.course_id == lesson.course_id)


async def locked_outline(session: AsyncSession, course: Course) -> dict[UUID, UUID | None]:
    """Lock the course, then read its live lessons in order, each with its parent."""
    await lock_course(session, course)
    statement = (
        select(Lesson.id, Lesson.parent_lesson_id)
        .where(Lesson.course_id == course.id, Lesson.archived_at.is_(None))
        .order_by(Lesson.order_index)
    )
    return {row.id: row.parent_lesson_id for row in (await session.execute(statement)).all()}


def _require_live(lesson_id: UUID, outline: Parents) -> None:
    """Raise NotFound for a lesson that somebody has removed before the course was locked."""
    if lesson_id not in outline:
        raise NotFound(NOTHING)


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
    session: AsyncSession,
    course: Course,
    lesson: Lesson,
    patch: LessonUpdate,
    if_match: IfMatchHeader,
    *,
    is_autosave: bool = False,
    is_first: bool = False,
) -> Lesson:
    """Write the fields that were sent; of autosaves that follow each other one keeps the text before.

    One that `is_first` in its page keeps it too: somebody else may have typed that text.

    Raises NotFound, PreconditionFailed, SlugTaken, InvalidParent, LessonTypeFixed, and InvalidInput for captions.
    """
    await check_captions(session, course, patch.captions or ())
    outline = await locked_outline(session, course)
    _require_live(lesson.id, outline)
    await session.refresh(lesson, with_for_update=True)
    if_match.require(lesson.version)
    changes = patch.changes()
    if "captions" in changes:
        changes["captions"] = [each.model_dump() for each in changes["captions"]]
    if changes.get("parent_lesson_id") is not None:
        _check_parent(lesson.id, changes["parent_lesson_id"], outline)
    if changes.get("lesson_type", lesson.lesson_type) is not lesson.lesson_type:
        await check_type_change(session, lesson)
    if is_first:
        await end_autosaves(session, lesson.id)
    setattr(lesson, AUTOSAVED, is_autosave)
    async with raise_on_conflict(session, slug_taken(Lesson)):
        if apply_changes(lesson, changes):
            lesson.version += 1
    if not is_autosave:
        await end_autosaves(session, lesson.id)
    return lesson


async def check_type_change(session: AsyncSession, lesson: Lesson) -> None:
    """Raise LessonTypeFixed where the lesson cannot become one of another type."""
    if await _is_used(session, lesson):
        message = "A quiz or somebody's progress hangs on this lesson, so its type stays."
        raise LessonTypeFixed(message)


async def _is_used(session: AsyncSession, lesson: Lesson) -> bool:
    has_quiz = exists().where(Quiz.lesson_id == lesson.id)
    return bool(await session.scalar(select(has_quiz))) or await has_progress(session, lesson)


async def has_progress(session: AsyncSession, lesson: Lesson) -> bool:
    """Whether somebody has worked on the lesson: progress, or an attempt at its quiz."""
    attempts = select(QuizAttempt.id).join(Quiz, Quiz.id == QuizAttempt.quiz_id).where(Quiz.lesson_id == lesson.id)
    progress = exists().where(LessonProgress.lesson_id == lesson.id)
    return bool(await session.scalar(select(progress | attempts.exists())))


async def reorder_lessons(session: AsyncSession, course: Course, payload: LessonOrder) -> None:
    """Put all live lessons into the order given; raises InvalidOrder unless it is a full permutation."""
    outline = await locked_outline(session, course)
    if len(payload.lesson_ids) != len(outline) or set(payload.lesson_ids) != outline.keys():
        message = "Name every lesson of the course exactly once."
        raise InvalidOrder(message)
    await change_order(session, course, payload.lesson_ids)


async def delete_lesson(
    session: AsyncSession, actor: Actor | None, course: Course, lesson: Lesson, if_match: IfMatchHeader
) -> None:
    """Put a lesson into the trash; its children move up to its parent. Without an actor an import does it.

    Raises NotFound, LastLesson for the only lesson of a published course. Active enrollments are recounted at once.
    """
    outline = await locked_outline(session, course)
    _require_live(lesson.id, outline)
    await lock_active_enrollments(session, course.id, all_of_them=True)
    await session.refresh(lesson, with_for_update=True)
    if_match.require(lesson.version)
    if course.is_published and len(outline) == 1:
        message = "A published course keeps at least one lesson; unpublish it first."
        raise LastLesson(message)
    await _put_in_trash(session, lesson, outline)
    children = update(Lesson).where(Lesson.parent_lesson_id == lesson.id)
    await session.execute(children.values(parent_lesson_id=lesson.parent_lesson_id, version=Lesson.version + 1))
    await archive(session, lesson)
    lesson.version += 1
    await session.flush()
    await change_order(session, course, [lesson_id for lesson_id in outline if lesson_id != lesson.id])
    await recount_course(session, course.id)
    if actor is not None:
        await record_audit(
            session, "lesson.removed", actor_id=actor.id, target=("lesson", lesson.id), title=lesson.title
        )


async def _put_in_trash(session: AsyncSession, lesson: Lesson, outline: Parents) -> None:
    others = TrashItem.course_id == lesson.course_id, TrashItem.kind == TrashKind.LESSON
    place: JsonObject = {
        "before": await before(session, lesson.id, and_(*others), list(outline)),
        "children": [str(child) for child, parent in outline.items() if parent == lesson.id],
        "slug": lesson.slug,
    }
    ids = {"course_id": lesson.course_id, "lesson_id": lesson.id, "item_id": lesson.id}
    home_id = lesson.parent_lesson_id
    session.add(TrashItem(**ids, home_id=home_id, kind=TrashKind.LESSON, title=lesson.title, place=place))
