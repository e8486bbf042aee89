"""Bringing back what was removed, and letting go of what nobody brought back."""

from uuid import UUID

from sqlalchemy import ColumnElement, select
from sqlalchemy.ext.asyncio import AsyncSession

from studium.access.actor import Actor
from studium.access.audit import record_audit
from studium.access.locking import lock_course
from studium.access.reading import NOTHING
from studium.kit.base.clock import now
from studium.kit.base.problems import NotFound
from studium.models import Course, Lesson, Quiz, TrashItem, TrashKind
from studium.models.course import AS_MUTEX
from studium.models.undo.trash import KEPT
from studium.modules.courses.actions_lessons import has_progress
from studium.modules.courses.actions_trash import restore_lesson
from studium.modules.quizzes.authoring.actions_restore import restore_question, restore_quiz
from studium.modules.trash.errors import HomeIsGone
from studium.modules.trash.schemas import RestoredOut


async def restore(session: AsyncSession, actor: Actor, course: Course, item_id: UUID) -> RestoredOut:
    """Put something back where it was, as it was, on the record.

    Raises NotFound, HomeIsGone, TooManyLessons, LessonHasQuiz, NotAQuizLesson, TooManyQuestions.
    """
    found = await _restored(session, course, item_id)
    action, target = {
        TrashKind.LESSON: ("lesson.restored", ("lesson", found.lesson_id)),
        TrashKind.QUIZ: ("quiz.restored", ("quiz", found.item_id)),
        TrashKind.QUESTION: ("quiz.question_restored", ("quiz", found.quiz_id or found.item_id)),
    }[found.kind]
    await record_audit(session, action, actor_id=actor.id, target=target)
    return found


async def _restored(session: AsyncSession, course: Course, item_id: UUID) -> RestoredOut:
    await lock_course(session, course)
    here = TrashItem.id == item_id, TrashItem.course_id == course.id, TrashItem.removed_at > now() - KEPT
    item = (await session.execute(select(TrashItem).where(*here))).scalar_one_or_none()
    if item is None:
        raise NotFound(NOTHING)
    hidden = await session.get_one(Lesson, item.lesson_id)
    kind, thing_id, home_id = item.kind, item.item_id, item.home_id
    if kind is TrashKind.LESSON:
        await restore_lesson(session, course, item)
        await session.delete(item)
        return RestoredOut(kind=kind, item_id=thing_id, lesson_id=thing_id, quiz_id=None)
    if kind is TrashKind.QUIZ:
        lesson = await _live_lesson(session, Lesson.id == home_id)
        await restore_quiz(session, item, lesson)
    else:
        of_quiz = select(Quiz.lesson_id).where(Quiz.id == home_id)
        lesson = await _live_lesson(session, Lesson.id.in_(of_quiz))
        await restore_question(session, item)
    lesson_id = lesson.id
    await session.delete(hidden)  # With the item, and the quiz that held a question.
    await session.flush()
    quiz_id = thing_id if kind is TrashKind.QUIZ else home_id
    return RestoredOut(kind=kind, item_id=thing_id, lesson_id=lesson_id, quiz_id=quiz_id)


async def _live_lesson(session: AsyncSession, where: ColumnElement[bool]) -> Lesson:
    live = select(Lesson).where(where, Lesson.archived_at.is_(None))
    lesson = (await session.execute(live)).scalar_one_or_none()
    if lesson is None:
        message = "What it belonged to is not there now. Bring that back first."
        raise HomeIsGone(message)
    return lesson


async def due_items(session: AsyncSession, limit: int) -> list[UUID]:
    """Some of what nobody has brought back in time."""
    due = select(TrashItem.id).where(TrashItem.removed_at <= now() - KEPT).order_by(TrashItem.removed_at).limit(limit)
    return list((await session.execute(due)).scalars())


async def let_go(session: AsyncSession, item_id: UUID) -> None:
    """Delete something for good; a lesson that somebody has worked on stays archived, so that their work does."""
    item = await session.get(TrashItem, item_id)
    if item is None:
        return
    course = await session.get(Course, item.course_id, with_for_update=AS_MUTEX)
    if course is None:
        return
    lesson = await session.get(Lesson, item.lesson_id, with_for_update=True)
    if lesson is None or lesson.archived_at is None or lesson.course_id != course.id:
        return
    await session.delete(item if await has_progress(session, lesson) else lesson)
