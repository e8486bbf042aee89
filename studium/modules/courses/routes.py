"""Courses: the catalogue and its upkeep."""

from typing import Annotated, Literal
from uuid import UUID

from fastapi import Depends, Query, Request

from studium.access.actor import CurrentUser, OptionalUser, Teacher
from studium.access.permissions import EditableCourse
from studium.kit.http.dependencies import ReplicaReadsDep, SessionDep, request_runtime
from studium.kit.http.pagination import Page, PageDep
from studium.kit.http.routing import IfMatch, Router
from studium.models import Difficulty
from studium.modules.courses import actions, queries
from studium.modules.courses.deps import CourseBySlug, ShownCourse
from studium.modules.courses.queries import CourseFilter
from studium.modules.courses.queries_categories import categories
from studium.modules.courses.schemas import CategoriesOut, CourseCreate, CourseOut, CourseUpdate

router = Router("/courses", tag="courses")
SortBy = Literal["newest", "title", "popular", "rating", "relevance"]


async def course_filter(
    category: Annotated[str | None, Query(max_length=100)] = None,
    difficulty_level: Difficulty | None = None,
    instructor_id: UUID | None = None,
    q: Annotated[
        str | None,
        Query(
            max_length=200, description="Words of the title or description, all of them; the last may be a beginning."
        ),
    ] = None,
    is_published: bool | None = None,  # noqa: FBT001 -- query parameters have names.
    mine: bool = False,  # noqa: FBT001, FBT002 -- query parameters have names.
) -> CourseFilter:
    """The catalogue's filters."""
    return CourseFilter(category, difficulty_level, instructor_id, q, is_published, mine)


@router.get("")
async def list_courses(
    actor: OptionalUser,
    reads: ReplicaReadsDep,
    page: PageDep,
    wanted: Annotated[CourseFilter, Depends(course_filter)],
    sort: SortBy | None = None,
) -> Page[CourseOut]:
    """The catalogue: published courses, and the drafts that the caller may see. A search gives the best first."""
    return await queries.course_page(reads, actor, wanted, sort, page)


@router.post("", status_code=201)
async def create_course(actor: Teacher, session: SessionDep, payload: CourseCreate) -> CourseOut:
    """Create a draft course."""
    course = await actions.create_course(session, actor, payload)
    return await queries.course_card(session, course.id)


@router.get("/slug/{slug}")
async def read_course_by_slug(course: CourseBySlug) -> CourseOut:
    """A course by its slug."""
    return course


@router.get("/categories")
async def list_categories(request: Request) -> CategoriesOut:
    """The categories of published courses with their numbers, at most a minute old."""
    return await categories(request_runtime(request))


@router.get("/{course_id}")
async def read_course(course: ShownCourse) -> CourseOut:
    """A course."""
    return course


@router.patch("/{course_id}")
async def update_course(
    actor: CurrentUser, course: EditableCourse, session: SessionDep, if_match: IfMatch, patch: CourseUpdate
) -> CourseOut:
    """Change a course."""
    await actions.update_course(session, actor, course, patch, if_match)
    return await queries.course_card(session, course.id)


@router.delete("/{course_id}", status_code=204)
async def delete_course(actor: CurrentUser, course: EditableCourse, session: SessionDep, if_match: IfMatch) -> None:
    """Delete a course that nobody ever enrolled in."""
    await actions.delete_course(session, actor, course, if_match)


@router.post("/{course_id}/publish")
async def publish_course(
    actor: CurrentUser, course: EditableCourse, session: SessionDep, if_match: IfMatch
) -> CourseOut:
    """Open a course to learners."""
    await actions.publish_course(session, actor, course, if_match)
    return await queries.course_card(session, course.id)


@router.post("/{course_id}/unpublish")
async def unpublish_course(
    actor: CurrentUser, course: EditableCourse, session: SessionDep, if_match: IfMatch
) -> CourseOut:
    """Hide a course from new learners."""
    await actions.unpublish_course(session, actor, course, if_match)
    return await queries.course_card(session, course.id)
