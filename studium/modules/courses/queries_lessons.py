"""Lessons as a reader sees them: the outline, with a lock where the caller may not read."""

from typing import Any
from uuid import UUID

from sqlalchemy import Row, Uuid, bindparam, false, select
from sqlalchemy.ext.asyncio import AsyncSession

from studium.access import rules
from studium.access.actor import Actor, stand_in
from studium.kit.markdown import html_of
from studium.kit.pages import AnySelect, Order, Page, PageQuery, paginate
from studium.kit.reads import Read, Reads, Record
from studium.models import Course, Lesson, LessonType, Quiz, Role
from studium.modules.courses.schemas import LessonOut

_IN_ORDER = (Order(Lesson.order_index, descending=False), Order(Lesson.id, descending=False))


_OWN = [Lesson.__table__.c[column.name] for column in Lesson.__table__.c if column.name != "archived_at"]


def _lessons(actor: Actor | None) -> AnySelect:
    """Live lessons with the quiz that the caller may know of, and whether the lesson is open to them."""
    readable = rules.may_preview_lesson() | rules.may_read_lessons(actor)
    quiz_seen = false() if actor is None else rules.may_see_quiz(actor)
    return (
        select(*_OWN, Quiz.id.label("quiz_id"), readable.label("is_open"))
        .join(Course, Course.id == Lesson.course_id)
        .outerjoin(Quiz, (Quiz.lesson_id == Lesson.id) & quiz_seen)
        .where(Lesson.archived_at.is_(None))
    )


def _lesson_out(row: Record) -> LessonOut:
    values = {column.name: row[column.name] for column in _OWN}
    if not row["is_open"]:
        values |= {"content": None, "video_url": None, "metadata": None}
    values["lesson_type"] = LessonType(values["lesson_type"])
    values["is_locked"] = not row["is_open"]
    values["content_html"] = None
    values["quiz_id"] = row["quiz_id"] if row["is_open"] else None
    return LessonOut.as_is(**values)


async def _shown(lesson: LessonOut) -> LessonOut:
    """The lesson with its content as HTML."""
    if lesson.content:
        lesson.content_html = await html_of(lesson.content)
    return lesson


def _listed(row: Row[Any]) -> LessonOut:
    return _lesson_out(row._mapping)  # noqa: SLF001 -- a public name of SQLAlchemy's, in spite of the underscore.


def _visible(actor: Actor | None) -> Read:
    here = Lesson.id == bindparam("lesson_id", type_=Uuid()), Course.id == bindparam("course_id", type_=Uuid())
    return Read(_lessons(actor).where(*here, rules.may_see_course(actor)))


_VISIBLE = {role: _visible(stand_in(role)) for role in Role}
_PUBLIC = _visible(None)


async def find_visible(reads: Reads, actor: Actor | None, course_id: UUID, lesson_id: UUID) -> LessonOut | None:
    """A live lesson of a course that the caller may know of, locked or not, or None. One hot read."""
    kept = _PUBLIC if actor is None else _VISIBLE[actor.role]
    row = await reads.one(kept, course_id=course_id, lesson_id=lesson_id, actor_id=actor and actor.id)
    return None if row is None else await _shown(_lesson_out(row))


async def outline_page(session: AsyncSession, actor: Actor | None, course: Course, page: PageQuery) -> Page[LessonOut]:
    """The outline in order, flat with `parent_lesson_id`."""
    statement = _lessons(actor).where(Lesson.course_id == course.id)
    found = await paginate(session, statement, order=_IN_ORDER, page=page, name="lessons", item=_listed)
    for lesson in found.items:
        await _shown(lesson)
    return found


async def lesson_out(session: AsyncSession, actor: Actor | None, lesson_id: UUID) -> LessonOut:
    """One lesson as the caller may see it."""
    row = (await session.execute(_lessons(actor).where(Lesson.id == lesson_id))).one()
    return await _shown(_listed(row))
