"""What people do with an enrollment: enrol, drop, resume, expire, review."""

from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from studium.access import rules
from studium.access.actor import Actor
from studium.access.audit import audit
from studium.access.errors import EnrollmentNotActive
from studium.events import EnrollmentCreated
from studium.kit.clock import now
from studium.kit.db import unique_or
from studium.kit.events import publish
from studium.kit.ids import new_id
from studium.kit.problems import NotFound
from studium.kit.versions import IfMatchHeader
from studium.models import Certificate, Course, Enrollment, EnrollmentStatus, bump
from studium.modules.enrollments.counters import recount
from studium.modules.enrollments.errors import (
    AlreadyEnrolled,
    EnrollmentExpired,
    ProgressTooLow,
    StaffOnlyTransition,
    TransitionNotAllowed,
)
from studium.modules.enrollments.schemas import ReviewIn

REVIEW_MIN_PROGRESS = 20

ACTIVE, COMPLETED, DROPPED, EXPIRED = (
    EnrollmentStatus.ACTIVE,
    EnrollmentStatus.COMPLETED,
    EnrollmentStatus.DROPPED,
    EnrollmentStatus.EXPIRED,
)
_STEPS = {(ACTIVE, DROPPED), (ACTIVE, EXPIRED), (DROPPED, ACTIVE), (EXPIRED, ACTIVE)}
_STAFF_STEPS = {(ACTIVE, EXPIRED), (EXPIRED, ACTIVE)}


async def enroll(session: AsyncSession, actor: Actor, course_id: UUID) -> tuple[Enrollment, bool]:
    """Put the student into a course; return the enrollment and whether it is new.

    A dropped enrollment comes back as it was. Raises AlreadyEnrolled, EnrollmentExpired, and NotFound for a course
    that is not there, or is a draft that the student was never in.
    """
    is_open = await _hold_outline(session, course_id)
    known = await _enrollment_of(session, actor, course_id)
    if known is not None:
        return await _enroll_again(session, known), False
    if not is_open:
        message = "There is no such course to enroll in."
        raise NotFound(message)
    enrollment = Enrollment(id=new_id(), student_id=actor.id, course_id=course_id, enrolled_at=now())
    try:
        async with unique_or(session, AlreadyEnrolled()):
            session.add(enrollment)
    except AlreadyEnrolled:
        raise await _already_enrolled(session, actor, course_id) from None
    await session.refresh(enrollment, with_for_update=True)
    await recount(session, enrollment)
    await publish(session, EnrollmentCreated(enrollment_id=enrollment.id))
    return enrollment, True


async def _hold_outline(session: AsyncSession, course_id: UUID) -> bool:
    """Whether the course is there and published; until the commit nobody deletes it or changes its outline.

    Whoever becomes active meanwhile would be missed by the recount that follows a change of the outline.
    """
    held = select(Course.is_published).where(Course.id == course_id).with_for_update(read=True)
    return bool(await session.scalar(held))


async def _enrollment_of(session: AsyncSession, actor: Actor, course_id: UUID) -> Enrollment | None:
    statement = select(Enrollment).where(Enrollment.student_id == actor.id, Enrollment.course_id == course_id)
    return (await session.execute(statement.with_for_update())).scalar_one_or_none()


async def _already_enrolled(session: AsyncSession, actor: Actor, course_id: UUID) -> AlreadyEnrolled:
    winner = await _enrollment_of(session, actor, course_id)
    return _refusal(winner.id) if winner else AlreadyEnrolled()


def _refusal(enrollment_id: UUID) -> AlreadyEnrolled:
    return AlreadyEnrolled("You are in this course already.", enrollment_id=str(enrollment_id))


async def _enroll_again(session: AsyncSession, enrollment: Enrollment) -> Enrollment:
    if enrollment.status is EXPIRED:
        message = "The enrollment has expired; ask the course's instructor."
        raise EnrollmentExpired(message, enrollment_id=str(enrollment.id))
    if enrollment.status is not DROPPED:
        raise _refusal(enrollment.id)
    return await _move(session, enrollment, ACTIVE)


async def change_status(
    session: AsyncSession,
    actor: Actor,
    enrollment: Enrollment,
    wanted: EnrollmentStatus | None,
    if_match: IfMatchHeader,
) -> Enrollment:
    """Take one step; the present status again changes nothing.

    Raises TransitionNotAllowed (completed is earned), and StaffOnlyTransition for a student who expires or restores.
    """
    if wanted is ACTIVE:
        await _hold_outline(session, enrollment.course_id)
    await session.refresh(enrollment, with_for_update=True)
    if_match.require(enrollment.version)
    present = enrollment.status
    if wanted is None or (wanted is present and present is not COMPLETED):
        return enrollment
    is_student = enrollment.student_id == actor.id
    if is_student and not actor.is_admin and ((present, wanted) in _STAFF_STEPS or wanted is EXPIRED):
        message = "Only the course's instructor or an admin does this."
        raise StaffOnlyTransition(message)
    if (present, wanted) not in _STEPS:
        message = f"An enrollment does not go from {present} to {wanted}."
        raise TransitionNotAllowed(message)
    if not is_student:
        audit(
            session,
            "enrollment.status",
            actor_id=actor.id,
            target=("enrollment", enrollment.id),
            before=present,
            after=wanted,
        )
    return await _move(session, enrollment, wanted)


async def drop(session: AsyncSession, actor: Actor, enrollment: Enrollment, if_match: IfMatchHeader) -> None:
    """Leave the course; again: no change. Raises TransitionNotAllowed for a completed or expired enrollment."""
    await change_status(session, actor, enrollment, DROPPED, if_match)


async def _move(session: AsyncSession, enrollment: Enrollment, wanted: EnrollmentStatus) -> Enrollment:
    enrollment.status = wanted
    bump(enrollment)
    await session.flush()
    if wanted is ACTIVE:
        # The outline may have changed while the learner was away.
        await recount(session, enrollment)
    return enrollment


async def review(session: AsyncSession, enrollment: Enrollment, wish: ReviewIn, if_match: IfMatchHeader) -> bool:
    """Rate the course; return whether it is the first time.

    Raises PreconditionFailed, EnrollmentNotActive, ProgressTooLow.
    """
    await session.refresh(enrollment, with_for_update=True)
    if_match.require(enrollment.version)
    if enrollment.status not in rules.LEARNING:
        message = "Resume the course before you review it."
        raise EnrollmentNotActive(message)
    if enrollment.progress_percentage < REVIEW_MIN_PROGRESS:
        message = f"A review needs at least {REVIEW_MIN_PROGRESS} % progress."
        raise ProgressTooLow(message, progress_percentage=float(enrollment.progress_percentage))
    is_first = enrollment.rating is None
    enrollment.rating = wish.rating
    enrollment.review = wish.review
    enrollment.reviewed_at = now()
    bump(enrollment)
    await session.flush()
    return is_first


async def note_certificate(session: AsyncSession, certificate_id: UUID) -> None:
    """Copy the time of issue to the enrollment; again: no change."""
    issued = select(Certificate.issued_at).where(Certificate.id == certificate_id).scalar_subquery()
    whose = select(Certificate.enrollment_id).where(Certificate.id == certificate_id).scalar_subquery()
    await session.execute(
        update(Enrollment)
        .where(Enrollment.id == whose, Enrollment.certificate_issued_at.is_(None))
        .values(certificate_issued_at=issued, version=Enrollment.version + 1)
    )
