"""What people do with an enrollment: enrol, drop, resume, expire, review."""

from typing import Any
from uuid import UUID

from sqlalchemy import Uuid, bindparam, exists, func, literal, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from studium.access import rules
from studium.access.actor import Actor
from studium.access.audit import record_audit
from studium.access.errors import EnrollmentNotActive
from studium.events import EnrollmentCreated
from studium.kit.base.clock import now
from studium.kit.base.ids import new_id
from studium.kit.base.problems import NotFound
from studium.kit.base.versions import IfMatchHeader
from studium.kit.db.prepared import PreparedStatement, Record
from studium.kit.db.transaction import SessionTransaction, Transaction
from studium.kit.jobs.events import publish
from studium.models import (
    Certificate,
    Course,
    CourseInvitation,
    Enrollment,
    EnrollmentStatus,
    Lesson,
    Source,
    User,
    increment_version,
)
from studium.modules.enrollments.counters import AT, BY_ID, recount
from studium.modules.enrollments.errors import (
    AlreadyEnrolled,
    EnrollmentExpired,
    ProgressTooLow,
    StaffOnlyTransition,
    TransitionNotAllowed,
)
from studium.modules.enrollments.queries import OWN, enrollment_of, enrollment_out
from studium.modules.enrollments.schemas import EnrollmentOut, ReviewIn

REVIEW_MIN_PROGRESS = 20

ACTIVE, COMPLETED, DROPPED, EXPIRED = (
    EnrollmentStatus.ACTIVE,
    EnrollmentStatus.COMPLETED,
    EnrollmentStatus.DROPPED,
    EnrollmentStatus.EXPIRED,
)
_STEPS = {(ACTIVE, DROPPED), (ACTIVE, EXPIRED), (DROPPED, ACTIVE), (EXPIRED, ACTIVE)}
_STAFF_STEPS = {(ACTIVE, EXPIRED), (EXPIRED, ACTIVE)}


_STUDENT, _COURSE = bindparam("p_student", type_=Uuid()), bindparam("p_course", type_=Uuid())
SHARE_COURSE = PreparedStatement(select(Course.id).where(Course.id == _COURSE).with_for_update(read=True))
_PROVEN = User.email_verified_at.is_not(None)
_KNOWN = PreparedStatement(
    select(Enrollment.id, Enrollment.status)
    .where(Enrollment.student_id == _STUDENT, Enrollment.course_id == _COURSE)
    .with_for_update()
)


IS_OPEN = (CourseInvitation.withdrawn_at.is_(None), CourseInvitation.expires_at > AT)
"""An invitation is open at `AT`. Whoever is in the course needs none."""


def _enter(insert: Any, source: Source, may: Any) -> Any:  # noqa: ANN401 -- statements of each database.
    row: dict[str, Any] = {
        "id": bindparam("p_id", type_=Uuid()),
        "student_id": _STUDENT,
        "course_id": Course.id,
        "enrolled_at": AT,
        "status": literal(ACTIVE, Enrollment.status.type),
        "progress_percentage": literal(0),
        "completed_lessons_count": literal(0),
        "total_lessons_count": select(func.count(Lesson.id))
        .where(Lesson.course_id == _COURSE, Lesson.archived_at.is_(None))
        .scalar_subquery(),
        "total_time_spent_seconds": literal(0),
        "version": literal(1),
        "source": literal(source, Enrollment.source.type),
    }
    course = select(*row.values()).where(Course.id == _COURSE, may)
    return (
        insert(Enrollment)
        .from_select(list(row), course, include_defaults=False)
        .on_conflict_do_nothing(index_elements=("student_id", "course_id"))
        .returning(*OWN, select(User.full_name).where(User.id == _STUDENT).scalar_subquery().label("student_name"))
    )


_invited = exists().where(
    *IS_OPEN,
    CourseInvitation.course_id == Course.id,
    CourseInvitation.email == select(User.email).where(User.id == _STUDENT, _PROVEN).scalar_subquery(),
)
_ENTER = PreparedStatement(lambda insert: _enter(insert, Source.SELF, Course.is_published))
_ENTER_INVITED = PreparedStatement(lambda insert: _enter(insert, Source.INVITATION, _invited))
_RESUME = PreparedStatement(
    update(Enrollment).where(BY_ID).values(status=ACTIVE, version=Enrollment.version + 1).returning(Enrollment.id)
)


async def enroll(tx: Transaction, actor: Actor, course_id: UUID) -> tuple[EnrollmentOut, bool]:
    """Put the student into a course; return the enrollment and whether it is new.

    A dropped enrollment comes back as it was, and an open invitation lets its owner into a draft. Raises
    AlreadyEnrolled, EnrollmentExpired, and NotFound for a course that is not there, or is a draft that the student was
    never in.
    """
    # Whoever becomes active while an outline changes would be missed by the recount that follows the change: until the
    # commit nobody changes the outline of this course, or deletes it.
    await tx.first(SHARE_COURSE, p_course=course_id)
    values = {"p_student": actor.id, "p_course": course_id, "p_at": now()}
    entered = await tx.first(_ENTER, p_id=new_id(), **values)
    if entered is None:
        known = await tx.first(_KNOWN, p_student=actor.id, p_course=course_id)
        if known is not None:
            return await _enroll_again(tx, known), False
        entered = await tx.first(_ENTER_INVITED, p_id=new_id(), **values)
    if entered is None:
        message = "There is no such course to enroll in."
        raise NotFound(message)
    await publish(tx, EnrollmentCreated(enrollment_id=entered["id"]))
    return enrollment_of(entered), True


async def _enroll_again(tx: Transaction, known: Record) -> EnrollmentOut:
    """Resume a locked dropped enrollment; raise what stands against enrolling otherwise."""
    if known["status"] is EXPIRED:
        message = "The enrollment has expired; ask the course's instructor."
        raise EnrollmentExpired(message, enrollment_id=str(known["id"]))
    if known["status"] is not DROPPED:
        message = "You are in this course already."
        raise AlreadyEnrolled(message, enrollment_id=str(known["id"]))
    await resume(tx, known["id"])
    return await enrollment_out(tx, known["id"])


async def resume(tx: Transaction, enrollment_id: UUID) -> None:
    """Make a locked enrollment active; the outline may have changed while the learner was away."""
    await tx.first(_RESUME, p_enrollment=enrollment_id)
    await recount(tx, enrollment_id)


async def change_status(
    session: AsyncSession,
    actor: Actor,
    enrollment: Enrollment,
    wanted: EnrollmentStatus | None,
    if_match: IfMatchHeader,
) -> None:
    """Take one step; the present status again changes nothing.

    Raises TransitionNotAllowed (completed is earned), and StaffOnlyTransition for a student who expires or restores.
    """
    if wanted is ACTIVE:
        await SessionTransaction(session).first(SHARE_COURSE, p_course=enrollment.course_id)
    present = await _locked_status(session, enrollment, if_match)
    is_student = enrollment.student_id == actor.id
    is_staffs = wanted is not present and ((present, wanted) in _STAFF_STEPS or wanted is EXPIRED)
    if is_student and not actor.is_admin and is_staffs:
        message = "Only the course's instructor or an admin does this."
        raise StaffOnlyTransition(message)
    if wanted is not None:
        await _step(session, actor, enrollment, wanted)


async def _locked_status(session: AsyncSession, enrollment: Enrollment, if_match: IfMatchHeader) -> EnrollmentStatus:
    await session.refresh(enrollment, with_for_update=True)
    if_match.require(enrollment.version)
    return enrollment.status


async def _step(session: AsyncSession, actor: Actor, enrollment: Enrollment, wanted: EnrollmentStatus) -> None:
    """Take the step of a locked enrollment, on the record where it is another's; raises TransitionNotAllowed."""
    tx, present = SessionTransaction(session), enrollment.status
    if wanted is present and present is not COMPLETED:
        return
    if (present, wanted) not in _STEPS:
        message = f"An enrollment does not go from {present} to {wanted}."
        raise TransitionNotAllowed(message)
    if enrollment.student_id != actor.id:
        await record_audit(
            tx,
            "enrollment.status",
            actor_id=actor.id,
            target=("enrollment", enrollment.id),
            before=present,
            after=wanted,
        )
    if wanted is ACTIVE:
        await resume(tx, enrollment.id)
    else:
        enrollment.status = wanted
        increment_version(enrollment)
        await session.flush()


async def drop(session: AsyncSession, actor: Actor, enrollment: Enrollment, if_match: IfMatchHeader) -> None:
    """Leave the course; again: no change. Raises TransitionNotAllowed for a completed or expired enrollment."""
    await _locked_status(session, enrollment, if_match)
    await _step(session, actor, enrollment, DROPPED)


async def review(session: AsyncSession, enrollment: Enrollment, payload: ReviewIn, if_match: IfMatchHeader) -> bool:
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
    enrollment.rating = payload.rating
    enrollment.review = payload.review
    enrollment.reviewed_at = now()
    increment_version(enrollment)
    await session.flush()
    return is_first


async def take_review_back(session: AsyncSession, enrollment: Enrollment, if_match: IfMatchHeader) -> None:
    """Remove one's rating and words; where there are none: no change. Raises PreconditionFailed."""
    await session.refresh(enrollment, with_for_update=True)
    if_match.require(enrollment.version)
    if enrollment.rating is None:
        return
    enrollment.rating = enrollment.review = enrollment.reviewed_at = None
    increment_version(enrollment)
    await session.flush()


_ISSUED = select(Certificate).where(Certificate.id == bindparam("p_certificate", type_=Uuid()))
_NOTE = PreparedStatement(
    update(Enrollment)
    .where(
        Enrollment.id == _ISSUED.with_only_columns(Certificate.enrollment_id).scalar_subquery(),
        Enrollment.certificate_issued_at.is_(None),
    )
    .values(
        certificate_issued_at=_ISSUED.with_only_columns(Certificate.issued_at).scalar_subquery(),
        version=Enrollment.version + 1,
    )
    .returning(Enrollment.id)
)


async def note_certificate(tx: Transaction, certificate_id: UUID) -> None:
    """Copy the time of issue to the enrollment; again: no change."""
    await tx.first(_NOTE, p_certificate=certificate_id)
