"""Who is in a course, and what they say of it."""

from studium.kit.http.pagination import Page
from studium.kit.http.routing import Router
from studium.modules.enrollments.deps import ShownReviews, ShownRoster, ShownStats
from studium.modules.enrollments.schemas import EnrollmentStatsOut, ReviewOut, RosterEntryOut

router = Router("", tag="enrollments")


@router.get("/enrollments/courses/{course_id}")
async def list_course_enrollments(roster: ShownRoster) -> Page[RosterEntryOut]:
    """The roster: names, progress, where each stands and the best result; no addresses."""
    return roster


@router.get("/enrollments/courses/{course_id}/stats")
async def read_enrollment_statistics(stats: ShownStats) -> EnrollmentStatsOut:
    """The course's figures."""
    return stats


@router.get("/courses/{course_id}/reviews")
async def list_reviews(reviews: ShownReviews) -> Page[ReviewOut]:
    """What learners say, newest first."""
    return reviews
