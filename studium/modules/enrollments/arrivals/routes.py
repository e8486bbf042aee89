"""Bringing people into a course: enrolling and inviting them, join codes."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Response

from studium.access.actor import ClientAddress, CurrentUser, Student
from studium.access.permissions import EditableCourse
from studium.kit.http.dependencies import ReadsDep, SessionDep
from studium.kit.http.pagination import Page, PageDep
from studium.kit.http.routing import Router, permission
from studium.modules.enrollments.arrivals import actions, codes, queries
from studium.modules.enrollments.arrivals.schemas import (
    EnrolledPeopleOut,
    EnrollPeopleIn,
    InvitationOut,
    JoinCodeCreate,
    JoinCodeOut,
    JoinIn,
)
from studium.modules.enrollments.schemas import EnrollmentOut

router = Router("", tag="enrollments")


@permission("course: owner or admin")
async def shown_invitations(course_id: UUID, actor: CurrentUser, reads: ReadsDep, page: PageDep) -> Page[InvitationOut]:
    """The open invitations to a course that the caller runs; 404 or 403 otherwise."""
    return await queries.invitation_page(reads, actor, course_id, page)


@permission("course: owner or admin")
async def shown_codes(course_id: UUID, actor: CurrentUser, reads: ReadsDep, page: PageDep) -> Page[JoinCodeOut]:
    """The join codes of a course that the caller runs; 404 or 403 otherwise."""
    return await queries.code_page(reads, actor, course_id, page)


@router.post("/enrollments/courses/{course_id}")
async def enroll_people(
    actor: CurrentUser, course: EditableCourse, session: SessionDep, payload: EnrollPeopleIn
) -> EnrolledPeopleOut:
    """Enrol up to 1,000 people; addresses without an account, and people who must first agree, are invited.

    Each row says what became of it. What an instructor is told does not depend on whether an address has an account,
    unless the school made the account or its owner learns with this instructor already. `dry_run` changes nothing.
    """
    return await actions.enroll_people(session, actor, course, payload)


@router.get("/courses/{course_id}/invitations")
async def list_invitations(
    invitations: Annotated[Page[InvitationOut], Depends(shown_invitations)],
) -> Page[InvitationOut]:
    """The open invitations, newest first."""
    return invitations


@router.delete("/courses/{course_id}/invitations/{invitation_id}", status_code=204)
async def withdraw_invitation(course: EditableCourse, session: SessionDep, invitation_id: UUID) -> None:
    """Take an invitation back; again is no harm."""
    await actions.withdraw_invitation(session, course, invitation_id)


@router.post("/courses/{course_id}/join-codes", status_code=201)
async def create_join_code(
    actor: CurrentUser, course: EditableCourse, session: SessionDep, payload: JoinCodeCreate
) -> JoinCodeOut:
    """Make a code with which students enrol themselves, also while the course is a draft."""
    return JoinCodeOut.model_validate(await codes.create_code(session, actor, course, payload))


@router.get("/courses/{course_id}/join-codes")
async def list_join_codes(shown: Annotated[Page[JoinCodeOut], Depends(shown_codes)]) -> Page[JoinCodeOut]:
    """The codes, newest first, also those that are not good any more."""
    return shown


@router.delete("/courses/{course_id}/join-codes/{code_id}", status_code=204)
async def revoke_join_code(actor: CurrentUser, course: EditableCourse, session: SessionDep, code_id: UUID) -> None:
    """End a code; whoever joined by it stays. Again is no harm."""
    await codes.revoke_code(session, actor, course, code_id)


@router.post(
    "/enrollments/join",
    status_code=201,
    responses={200: {"model": EnrollmentOut, "description": "Back in a dropped course."}},
)
async def join_course(
    actor: Student, address: ClientAddress, session: SessionDep, response: Response, payload: JoinIn
) -> EnrollmentOut:
    """Enrol by a code of eight letters; case, spaces and hyphens do not count. Misses are throttled as log-ins are."""
    enrollment, is_new = await codes.join(session, actor, payload.code, address=address)
    response.status_code = 201 if is_new else 200
    return enrollment
