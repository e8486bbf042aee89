"""Lessons as a reader sees them: the outline, with a lock where the caller may not read."""

from typing import Any
from uuid import UUID

from sqlalchemy import Row, false, select
from sqlalchemy.ext.asyncio import AsyncSession

from studium.access import rules
from studium.access.actor import Actor
from studium.kit.markdown import markdown_to_html
from studium.kit.pages import AnySelect, Order, Page, PageQuery, paginate
from studium.models import Course, Lesson, Quiz
from studium.modules.courses.schemas import LessonOut

_IN_ORDER = (Order(Lesson.order_index, descending=False), Order(Lesson.id, descending=False))


def _lessons(actor: Actor | None) -> AnySelect:
    """Live lessons with the quiz that the caller may know of, and whether the lesson is open to them."""
    readable = rules.may_preview_lesson() | rules.may_read_lessons(actor)
    quiz_seen = false() if actor is None else rules.may_see_quiz(actor)
    return (
        select(Lesson, Quiz.id.label("quiz_id"), readable.label("is_open"))
        .join(Course, Course.id == Lesson.course_id)
        .outerjoin(Quiz, (Quiz.lesson_id == Lesson.id) & quiz_seen)
        .where(Lesson.archived_at.is_(None))
    )


def _lesson_out(row: Row[Any]) -> LessonOut:
    lesson: Lesson = row[0]
    is_open = bool(row.is_open)
    return LessonOut(
        id=lesson.id,
        course_id=lesson.course_id,
        title=lesson.title,
        slug=lesson.slug,
        description=lesson.description,
        lesson_type=lesson.lesson_type,
        order_index=lesson.order_index,
        parent_lesson_id=lesson.parent_lesson_id,
        duration_minutes=lesson.duration_minutes,
        is_preview=lesson.is_preview,
        is_locked=not is_open,
        content=lesson.content if is_open else None,
        content_html=markdown_to_html(lesson.content) if is_open and lesson.content else None,
        video_url=lesson.video_url if is_open else None,
        metadata=lesson.lesson_metadata if is_open else None,
        quiz_id=row.quiz_id if is_open else None,
        created_at=lesson.created_at,
        updated_at=lesson.updated_at,
        version=lesson.version,
    )


async def outline_page(session: AsyncSession, actor: Actor | None, course: Course, page: PageQuery) -> Page[LessonOut]:
    """The outline in order, flat with `parent_lesson_id`."""
    statement = _lessons(actor).where(Lesson.course_id == course.id)
    return await paginate(session, statement, order=_IN_ORDER, page=page, name="lessons", item=_lesson_out)


async def lesson_out(session: AsyncSession, actor: Actor | None, lesson_id: UUID) -> LessonOut:
    """One lesson as the caller may see it."""
    return _lesson_out((await session.execute(_lessons(actor).where(Lesson.id == lesson_id))).one())
