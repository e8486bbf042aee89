"""What a route of this module can ask for."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query

from studium.access.actor import CurrentUser, OptionalUser
from studium.kit.base.problems import NotFound
from studium.kit.http.dependencies import ReadsDep, ReplicaReadsDep
from studium.kit.http.pagination import Page, PageDep, PageQuery, bounded_query
from studium.kit.http.routing import permission
from studium.models import EnrollmentStatus
from studium.modules.enrollments import queries, queries_courses
from studium.modules.enrollments.queries import RosterFilter
from studium.modules.enrollments.schemas import (
    EnrollmentLessonOut,
    EnrollmentOut,
    EnrollmentStatsOut,
    ReviewOut,
    RosterEntryOut,
)

LESSONS_MAX = 1_000
DAYS_MAX = 3_650
LessonsPage = Annotated[PageQuery, Depends(bounded_query(LESSONS_MAX))]


@permission("enrollment: student, owner or admin")
async def shown_enrollment(enrollment_id: UUID, actor: CurrentUser, reads: ReadsDep) -> EnrollmentOut:
    """An enrollment that the caller may know of, ready to be shown; 404 otherwise."""
    found = await queries.find_visible(reads, actor, enrollment_id)
    if found is None:
        message = "There is nothing here that you may see."
        raise NotFound(message)
    return found


@permission("enrollment: student, owner or admin")
async def shown_lessons(
    enrollment_id: UUID, actor: CurrentUser, reads: ReadsDep, page: LessonsPage
) -> Page[EnrollmentLessonOut]:
    """The lessons of an enrollment that the caller may know of; 404 otherwise."""
    return await queries.lessons_page(reads, actor, enrollment_id, page)


async def roster_filter(
    status: EnrollmentStatus | None = None,
    q: Annotated[str | None, Query(max_length=200, description="Beginnings of words of the name.")] = None,
    silent_days: Annotated[
        int | None, Query(ge=1, le=DAYS_MAX, description="Only active learners without a sign for so many days.")
    ] = None,
    lesson_id: Annotated[
        UUID | None, Query(description="Only active learners who have to do this lesson next.")
    ] = None,
) -> RosterFilter:
    """The filters of a roster."""
    return RosterFilter(status, q, silent_days, lesson_id)


@permission("course: owner or admin")
async def shown_roster(
    course_id: UUID,
    actor: CurrentUser,
    reads: ReplicaReadsDep,
    page: PageDep,
    wanted: Annotated[RosterFilter, Depends(roster_filter)],
) -> Page[RosterEntryOut]:
    """The roster of a course that the caller runs; 404 or 403 otherwise."""
    return await queries.roster_page(reads, actor, course_id, wanted, page)


@permission("course: owner or admin")
async def shown_stats(course_id: UUID, actor: CurrentUser, reads: ReplicaReadsDep) -> EnrollmentStatsOut:
    """The figures of a course that the caller runs; 404 or 403 otherwise."""
    return await queries_courses.course_stats(reads, actor, course_id)


@permission("course: visible")
async def shown_reviews(course_id: UUID, actor: OptionalUser, reads: ReplicaReadsDep, page: PageDep) -> Page[ReviewOut]:
    """The reviews of a course that the caller may know of; 404 otherwise."""
    return await queries_courses.reviews_page(reads, actor, course_id, page)


ShownEnrollment = Annotated[EnrollmentOut, Depends(shown_enrollment)]
ShownLessons = Annotated[Page[EnrollmentLessonOut], Depends(shown_lessons)]
ShownRoster = Annotated[Page[RosterEntryOut], Depends(shown_roster)]
ShownStats = Annotated[EnrollmentStatsOut, Depends(shown_stats)]
ShownReviews = Annotated[Page[ReviewOut], Depends(shown_reviews)]
