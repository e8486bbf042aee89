"""What a route of this module can ask for."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Path, Request

from studium.access.actor import CurrentUser, OptionalUser
from studium.access.errors import EnrollmentRequired
from studium.kit.base.problems import NotFound, Unauthorized
from studium.kit.http.dependencies import ReadsDep, ReplicaReadsDep, request_runtime
from studium.kit.http.routing import permission
from studium.modules.courses import queries, queries_lessons
from studium.modules.courses.schemas import CourseOut, LessonOut


@permission("course: visible")
async def shown_course(course_id: UUID, actor: OptionalUser, reads: ReplicaReadsDep) -> CourseOut:
    """A course that the caller may know of, ready to be shown; 404 otherwise."""
    return _existing(await queries.find_visible(reads, actor, course_id=course_id))


@permission("course: visible")
async def course_by_slug(
    slug: Annotated[str, Path(max_length=255)], actor: OptionalUser, reads: ReplicaReadsDep
) -> CourseOut:
    """The same by its slug."""
    return _existing(await queries.find_visible(reads, actor, slug=slug))


def _existing(found: CourseOut | None) -> CourseOut:
    if found is None:
        message = "There is no such course that you may see."
        raise NotFound(message)
    return found


ShownCourse = Annotated[CourseOut, Depends(shown_course)]
CourseBySlug = Annotated[CourseOut, Depends(course_by_slug)]


@permission("course: owner or admin")
async def managed_course(course_id: UUID, actor: CurrentUser, reads: ReadsDep) -> CourseOut:
    """A course that the caller may edit, ready to be shown; 404 or 403 otherwise."""
    return await queries.find_managed(reads, actor, course_id)


ManagedCourse = Annotated[CourseOut, Depends(managed_course)]


@permission("lesson: preview, learner, owner or admin")
async def open_lesson(request: Request, course_id: UUID, lesson_id: UUID, actor: OptionalUser) -> LessonOut:
    """A lesson that the caller may read; a locked one is 401 without a token, 403 `enrollment_required` with one."""
    found = await queries_lessons.find_visible(request_runtime(request), actor, course_id, lesson_id)
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


async def picture_hosts(request: Request) -> tuple[str, ...]:
    """The hosts whose pictures lessons may show."""
    return request_runtime(request).settings.picture_hosts


PictureHosts = Annotated[tuple[str, ...], Depends(picture_hosts)]
