"""Lessons: the outline of a course and its upkeep."""

from typing import Annotated

from fastapi import Depends

from studium.access.actor import CurrentUser, OptionalUser
from studium.access.permissions import EditableCourse, EditableLesson, VisibleCourse
from studium.kit.db import SessionDep
from studium.kit.pages import Page, PageQuery, bounded_query
from studium.kit.routing import IfMatch, Router
from studium.modules.courses import actions_lessons, queries_lessons
from studium.modules.courses.deps import OpenLesson
from studium.modules.courses.schemas import MAX_LESSONS, LessonCreate, LessonOrder, LessonOut, LessonUpdate

router = Router("/courses/{course_id}/lessons", tag="lessons")
OutlinePage = Annotated[PageQuery, Depends(bounded_query(MAX_LESSONS))]


@router.get("")
async def list_lessons(
    actor: OptionalUser, course: VisibleCourse, session: SessionDep, page: OutlinePage
) -> Page[LessonOut]:
    """The outline in order, flat; what the caller may not read is locked."""
    return await queries_lessons.outline_page(session, actor, course, page)


@router.post("", status_code=201)
async def create_lesson(
    actor: CurrentUser, course: EditableCourse, session: SessionDep, wish: LessonCreate
) -> LessonOut:
    """Add a lesson: inserted at `order_index`, or at the end."""
    lesson = await actions_lessons.create_lesson(session, course, wish)
    return await queries_lessons.lesson_out(session, actor, lesson.id)


@router.patch("/reorder")
async def reorder_lessons(
    actor: CurrentUser, course: EditableCourse, session: SessionDep, page: OutlinePage, wish: LessonOrder
) -> Page[LessonOut]:
    """Put the lessons into another order; answers with the new outline."""
    await actions_lessons.reorder_lessons(session, course, wish)
    return await queries_lessons.outline_page(session, actor, course, page)


@router.get("/{lesson_id}")
async def read_lesson(lesson: OpenLesson) -> LessonOut:
    """A lesson that the caller may read."""
    return lesson


@router.patch("/{lesson_id}")
async def update_lesson(
    actor: CurrentUser,
    course: EditableCourse,
    lesson: EditableLesson,
    session: SessionDep,
    if_match: IfMatch,
    patch: LessonUpdate,
) -> LessonOut:
    """Change a lesson."""
    await actions_lessons.update_lesson(session, course, lesson, patch, if_match)
    return await queries_lessons.lesson_out(session, actor, lesson.id)


@router.delete("/{lesson_id}", status_code=204)
async def delete_lesson(course: EditableCourse, lesson: EditableLesson, session: SessionDep, if_match: IfMatch) -> None:
    """Remove a lesson; one that somebody has worked on is archived."""
    await actions_lessons.delete_lesson(session, course, lesson, if_match)
