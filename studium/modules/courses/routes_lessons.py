"""Lessons: the outline of a course and its upkeep."""

from functools import partial
from typing import Annotated, Literal
from uuid import UUID

from fastapi import Depends, Query

from studium.access.actor import CurrentUser, OptionalUser
from studium.access.permissions import EditableCourse, EditableLesson
from studium.access.reading import EDITABLE_COURSE, VISIBLE_COURSE
from studium.kit.db.transaction import SessionTransaction
from studium.kit.http.after import AfterSession
from studium.kit.http.dependencies import ReadsDep, ReplicaReadsDep, SessionDep
from studium.kit.http.pagination import Page, PageQuery, bounded_query
from studium.kit.http.routing import IfMatch, Router, permission
from studium.kit.text.markdown import html_of
from studium.modules.courses import actions_lessons, queries_lessons
from studium.modules.courses.deps import OpenLesson, PictureHosts
from studium.modules.courses.schemas import (
    MAX_LESSONS,
    MAX_RENDERED,
    LessonCreate,
    LessonOrder,
    LessonOut,
    LessonUpdate,
)

router = Router("/courses/{course_id}/lessons", tag="lessons")
OutlinePage = Annotated[PageQuery, Depends(bounded_query(MAX_LESSONS))]
_INCLUDE = Query(description=f"The content as HTML too; a page has at most {MAX_RENDERED} lessons then.")
Include = Annotated[Literal["content_html"] | None, _INCLUDE]
_AUTOSAVE = Query(
    description="One of many saves of a text that is typed: of ten minutes of them, the first keeps the text before."
)
Autosave = Annotated[bool, _AUTOSAVE]


@permission("course: visible")
async def shown_outline(
    course_id: UUID, actor: OptionalUser, reads: ReplicaReadsDep, page: OutlinePage, include: Include = None
) -> Page[LessonOut]:
    """The outline of a course that the caller may know of; 404 otherwise."""
    asked = page if include is None else page.within(MAX_RENDERED)
    otherwise = partial(VISIBLE_COURSE.require, reads, actor, course_id)
    return await queries_lessons.outline_page(reads, actor, course_id, asked, if_empty=otherwise)


@router.get("")
async def list_lessons(
    outline: Annotated[Page[LessonOut], Depends(shown_outline)], hosts: PictureHosts, include: Include = None
) -> Page[LessonOut]:
    """The outline in order, flat; what the caller may not read is locked."""
    return outline if include is None else await queries_lessons.shown_page(outline, hosts)


async def written_html(
    actor: CurrentUser, course_id: UUID, reads: ReadsDep, payload: LessonCreate, hosts: PictureHosts
) -> str | None:
    """The new content as HTML, rendered before the transaction begins, and for nobody who may not write."""
    if not payload.content:
        return None
    await EDITABLE_COURSE.require(reads, actor, course_id)
    return await html_of(payload.content, hosts)


@router.post("", status_code=201)
async def create_lesson(
    html: Annotated[str | None, Depends(written_html)],
    actor: CurrentUser,
    course: EditableCourse,
    session: SessionDep,
    payload: LessonCreate,
) -> LessonOut:
    """Add a lesson: inserted at `order_index`, or at the end."""
    lesson = await actions_lessons.create_lesson(session, actor, course, payload)
    found = await queries_lessons.lesson_out(session, actor, lesson.id)
    found.content_html = html
    return found


@router.patch("/reorder")
async def reorder_lessons(
    actor: CurrentUser, course: EditableCourse, session: SessionDep, page: OutlinePage, payload: LessonOrder
) -> Page[LessonOut]:
    """Put the lessons into another order; answers with the new outline."""
    await actions_lessons.reorder_lessons(session, course, payload)
    return await queries_lessons.outline_page(SessionTransaction(session), actor, course.id, page)


@router.get("/{lesson_id}")
async def read_lesson(lesson: OpenLesson) -> LessonOut:
    """A lesson that the caller may read."""
    return lesson


@router.patch("/{lesson_id}", response_model=LessonOut)
async def update_lesson(
    actor: CurrentUser,
    course: EditableCourse,
    lesson: EditableLesson,
    session: SessionDep,
    hosts: PictureHosts,
    if_match: IfMatch,
    patch: LessonUpdate,
    autosave: Autosave = False,  # noqa: FBT002 -- query parameters have names.
) -> AfterSession[LessonOut]:
    """Change a lesson; the text before is kept as a version."""
    await actions_lessons.update_lesson(session, course, lesson, patch, if_match, is_autosave=autosave)
    changed = await queries_lessons.lesson_out(session, actor, lesson.id)
    return AfterSession(lambda: queries_lessons.shown(changed, hosts))


@router.delete("/{lesson_id}", status_code=204)
async def delete_lesson(
    actor: CurrentUser, course: EditableCourse, lesson: EditableLesson, session: SessionDep, if_match: IfMatch
) -> None:
    """Put a lesson into the course's trash."""
    await actions_lessons.delete_lesson(session, actor, course, lesson, if_match)
