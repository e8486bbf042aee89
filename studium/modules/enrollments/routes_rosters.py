"""Who is in a course, and what they say of it."""

from typing import Annotated

from fastapi import Query

from studium.access.permissions import EditableCourse, VisibleCourse
from studium.kit.db import SessionDep
from studium.kit.pages import Page, PageDep
from studium.kit.routing import Router
from studium.models import EnrollmentStatus
from studium.modules.enrollments import queries, queries_courses
from studium.modules.enrollments.schemas import EnrollmentOut, EnrollmentStatsOut, ReviewOut

router = Router("", tag="enrollments")


@router.get("/enrollments/courses/{course_id}")
async def list_roster(
    course: EditableCourse,
    session: SessionDep,
    page: PageDep,
    status: EnrollmentStatus | None = None,
    q: Annotated[str | None, Query(max_length=200, description="Part of a name.")] = None,
) -> Page[EnrollmentOut]:
    """The roster: names and progress, no addresses."""
    return await queries.roster_page(session, course, status, q, page)


@router.get("/enrollments/courses/{course_id}/stats")
async def read_stats(course: EditableCourse, session: SessionDep) -> EnrollmentStatsOut:
    """The course's figures."""
    return await queries_courses.course_stats(session, course)


@router.get("/courses/{course_id}/reviews")
async def list_reviews(course: VisibleCourse, session: SessionDep, page: PageDep) -> Page[ReviewOut]:
    """What learners say, newest first."""
    return await queries_courses.reviews_page(session, course, page)
