"""What one learner has done and is allowed at all quizzes of a course."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends

from studium.access.actor import CurrentUser
from studium.kit.http.dependencies import ReadsDep
from studium.kit.http.pagination import Page, PageDep
from studium.kit.http.routing import Router, permission
from studium.modules.quizzes.attempts import queries as attempts
from studium.modules.quizzes.attempts.schemas import EnrollmentAttemptOut
from studium.modules.quizzes.grading import queries as grading
from studium.modules.quizzes.schemas_staff import AllowedOut

router = Router("/enrollments/{enrollment_id}", tag="attempts")


@permission("enrollment: student, owner or admin")
async def shown_attempts(
    enrollment_id: UUID, actor: CurrentUser, reads: ReadsDep, page: PageDep
) -> Page[EnrollmentAttemptOut]:
    """The attempts of an enrollment that the caller may know of; 404 otherwise."""
    return await attempts.enrollment_page(reads, actor, enrollment_id, page)


@permission("enrollment: owner or admin")
async def shown_allowed(enrollment_id: UUID, actor: CurrentUser, reads: ReadsDep, page: PageDep) -> Page[AllowedOut]:
    """What is allowed in an enrollment of a course that the caller runs; 404 or 403 otherwise."""
    return await grading.allowed_page(reads, actor, enrollment_id, page)


@router.get("/attempts")
async def list_enrollment_attempts(
    shown: Annotated[Page[EnrollmentAttemptOut], Depends(shown_attempts)],
) -> Page[EnrollmentAttemptOut]:
    """The learner's attempts at all quizzes of the course, newest first."""
    return shown


@router.get("/accommodations")
async def list_enrollment_accommodations(
    shown: Annotated[Page[AllowedOut], Depends(shown_allowed)],
) -> Page[AllowedOut]:
    """What the learner has at each quiz of the course: the rule, and what is allowed beyond it."""
    return shown
