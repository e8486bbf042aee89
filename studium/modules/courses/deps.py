"""What a route of this module can ask for."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Path

from studium.access.actor import OptionalUser
from studium.access.errors import EnrollmentRequired
from studium.kit.db import ReadsDep
from studium.kit.problems import NotFound, Unauthorized
from studium.kit.routing import permission
from studium.modules.courses import queries, queries_lessons
from studium.modules.courses.schemas import CourseOut, LessonOut


@permission("course: visible")
async def shown_course(course_id: UUID, actor: OptionalUser, reads: ReadsDep) -> CourseOut:
    """A course that the caller may know of, ready to be shown; 404 otherwise."""
    return _existing(await queries.find_visible(reads, actor, course_id=course_id))


@permission("course: visible")
async def course_by_slug(slug: Annotated[str, Path(max_length=255)], actor: OptionalUser, reads: ReadsDep) -> CourseOut:
    """The same by its slug."""
    return _existing(await queries.find_visible(reads, actor, slug=slug))


def _existing(found: CourseOut | None) -> CourseOut:
    if found is None:
        message = "There is no such course that you may see."
        raise NotFound(message)
    return found


ShownCourse = Annotated[CourseOut, Depends(shown_course)]
CourseBySlug = Annotated[CourseOut, Depends(course_by_slug)]


@permission("lesson: preview, learner, owner or admin")
async def open_lesson(course_id: UUID, lesson_id: UUID, actor: OptionalUser, reads: ReadsDep) -> LessonOut:
    """A lesson that the caller may read; a locked one is 401 without a token, 403 `enrollment_required` with one."""
    found = await queries_lessons.find_visible(reads, actor, course_id, lesson_id)
    if found is None:
        message = "There is nothing here that you may see."
        raise NotFound(message)
    if found.is_locked and actor is None:
        raise Unauthorized
    if found.is_locked:
        message = "Enroll in the course to read this lesson."
        raise EnrollmentRequired(message)
    return found


OpenLesson = Annotated[LessonOut, Depends(open_lesson)]
