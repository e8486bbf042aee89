"""Lessons as a reader sees them: the outline, with a lock where the caller may not read."""

from collections.abc import Awaitable, Callable
from functools import cache
from uuid import UUID

from sqlalchemy import Uuid, bindparam, false, select
from sqlalchemy.ext.asyncio import AsyncSession

from studium.access import rules
from studium.access.actor import Actor
from studium.access.reading import VISIBLE_COURSE, Callers, caller_of, id_of, role_of
from studium.kit.db.prepared import PreparedStatement, QueryExecutor, Record
from studium.kit.db.transaction import Transaction
from studium.kit.http.pagination import AnySelect, Order, Page, PagedRead, PageQuery
from studium.kit.runtime import Runtime
from studium.kit.text.markdown import html_of
from studium.kit.text.markdown_html import without_comments
from studium.models import Course, Lesson, LessonType, Quiz, Role
from studium.modules.courses.schemas import LessonOut

_IN_ORDER = (Order(Lesson.order_index, descending=False), Order(Lesson.id, descending=False))


_OWN = [Lesson.__table__.c[column.name] for column in Lesson.__table__.c if column.name != "archived_at"]


def _lessons(actor: Actor | None) -> AnySelect:
    """Live lessons with the quiz that the caller may know of, and whether the lesson is open to them."""
    editable = false() if actor is None else rules.may_edit_course(actor)
    readable = rules.may_preview_lesson() | rules.may_read_lessons(actor)
    quiz_seen = false() if actor is None else rules.may_see_quiz(actor)
    return (
        select(*_OWN, Quiz.id.label("quiz_id"), readable.label("is_open"), editable.label("is_editable"))
        .join(Course, Course.id == Lesson.course_id)
        .outerjoin(Quiz, (Quiz.lesson_id == Lesson.id) & quiz_seen)
        .where(Lesson.archived_at.is_(None))
    )


def _lesson_out(row: Record) -> LessonOut:
    values = {column.name: row[column.name] for column in _OWN}
    values["captions"] = values["captions"] or []
    if not row["is_open"]:
        values |= {"content": None, "video_url": None, "captions": None, "metadata": None}
    elif not row["is_editable"]:
        values["content"] = without_comments(values["content"])
    values["lesson_type"] = LessonType(values["lesson_type"])
    values["is_locked"] = not row["is_open"]
    values["content_html"] = None
    values["quiz_id"] = row["quiz_id"] if row["is_open"] else None
    return LessonOut(**values)


async def shown(lesson: LessonOut, picture_hosts: tuple[str, ...]) -> LessonOut:
    """The lesson with its content as HTML."""
    if lesson.content:
        lesson.content_html = await html_of(lesson.content, picture_hosts)
    return lesson


async def shown_page(page: Page[LessonOut], picture_hosts: tuple[str, ...]) -> Page[LessonOut]:
    """The page with the content of each lesson as HTML, rendered beside those who read single lessons."""
    for lesson in page.items:
        if lesson.content:
            lesson.content_html = await html_of(lesson.content, picture_hosts, in_bulk=True)
    return page


def _visible(actor: Actor | None) -> PreparedStatement:
    here = Lesson.id == bindparam("lesson_id", type_=Uuid()), Course.id == bindparam("course_id", type_=Uuid())
    return PreparedStatement(_lessons(actor).where(*here, rules.may_see_course(actor)))


_VISIBLE = {role: _visible(caller_of(role)) for role in (None, *Role)}


async def find_visible(runtime: Runtime, actor: Actor | None, course_id: UUID, lesson_id: UUID) -> LessonOut | None:
    """A live lesson of a course that the caller may know of, locked or not, or None. One hot read."""
    asked = {"course_id": course_id, "lesson_id": lesson_id, "actor_id": id_of(actor)}
    row = await runtime.database.reads.one(_VISIBLE[role_of(actor)], **asked)
    return None if row is None else await shown(_lesson_out(row), runtime.settings.picture_hosts)


@cache
def _outline(role: Callers) -> PagedRead[LessonOut]:
    statement = _lessons(caller_of(role)).where(*VISIBLE_COURSE.rule(caller_of(role)))
    return PagedRead(statement, order=_IN_ORDER, name="lessons", of=LessonOut)


async def outline_page(
    reads: QueryExecutor | Transaction,
    actor: Actor | None,
    course_id: UUID,
    page: PageQuery,
    *,
    if_empty: Callable[[], Awaitable[object]] | None = None,
) -> Page[LessonOut]:
    """The outline in order, flat with `parent_lesson_id`, without HTML. `if_empty` as for `PagedRead.page`."""
    kept, actor_id = _outline(role_of(actor)), id_of(actor)
    return await kept.page(reads, page, _lesson_out, if_empty=if_empty, course_id=course_id, actor_id=actor_id)


async def lesson_out(session: AsyncSession, actor: Actor | None, lesson_id: UUID) -> LessonOut:
    """One lesson as the caller may see it, without HTML."""
    row = (await session.execute(_lessons(actor).where(Lesson.id == lesson_id))).mappings().one()
    return _lesson_out(row)
