"""What happens to certificates: issued once, revoked at most once, never deleted."""

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from studium.access.actor import Actor
from studium.access.audit import audit
from studium.events import CertificateIssued, CertificateRevoked
from studium.kit.clock import now
from studium.kit.db import unique_or
from studium.kit.events import publish
from studium.kit.ids import new_id
from studium.models import Certificate, Course, Enrollment, EnrollmentStatus, User
from studium.modules.certificates.errors import CertificateIsRevoked, EnrollmentNotCompleted
from studium.modules.certificates.numbers import new_number
from studium.modules.certificates.schemas import RevokeIn

_TRIES = 5


class _NumberTaken(EnrollmentNotCompleted):
    """Internal: another certificate has this number; try the next one."""


async def issue(session: AsyncSession, enrollment_id: UUID) -> tuple[Certificate, bool]:
    """The certificate of a completed enrollment and whether it is new; however often it is called, there is one.

    Names and title are copied now: a certificate says what was true on its day. Raises EnrollmentNotCompleted,
    CertificateIsRevoked.
    """
    statement = select(Enrollment).where(Enrollment.id == enrollment_id).with_for_update()
    enrollment = (await session.execute(statement.execution_options(populate_existing=True))).scalar_one()
    if enrollment.status is not EnrollmentStatus.COMPLETED:
        message = "The course is not completed yet."
        raise EnrollmentNotCompleted(message)
    known = await session.scalar(select(Certificate).where(Certificate.enrollment_id == enrollment_id))
    if known is not None:
        if known.is_revoked:
            message = "The certificate was revoked, and there is one for each enrollment."
            raise CertificateIsRevoked(message, certificate_id=str(known.id))
        return known, False
    certificate = await _new_certificate(session, enrollment)
    await publish(session, CertificateIssued(certificate_id=certificate.id))
    return certificate, True


async def _new_certificate(session: AsyncSession, enrollment: Enrollment) -> Certificate:
    instructor = aliased(User)
    facts = (
        select(User.full_name, Course.title, instructor.full_name)
        .select_from(Enrollment)
        .join(User, User.id == Enrollment.student_id)
        .join(Course, Course.id == Enrollment.course_id)
        .join(instructor, instructor.id == Course.instructor_id)
        .where(Enrollment.id == enrollment.id)
    )
    student_name, course_title, instructor_name = (await session.execute(facts)).one()
    at = now()
    certificate_id = new_id()
    certificate = Certificate(
        id=certificate_id,
        enrollment_id=enrollment.id,
        student_id=enrollment.student_id,
        course_id=enrollment.course_id,
        pdf_path=f"certificates/{at:%Y/%m}/{certificate_id}.pdf",
        completion_date=enrollment.completed_at or at,
        issued_at=at,
        student_name=student_name,
        course_title=course_title,
        instructor_name=instructor_name,
        is_revoked=False,
    )
    for attempt in range(_TRIES):
        try:
            async with unique_or(session, _NumberTaken()):
                certificate.certificate_number = new_number(at)
                session.add(certificate)
        except _NumberTaken:
            if attempt == _TRIES - 1:
                raise
        else:
            break
    return certificate


async def revoke(session: AsyncSession, actor: Actor, certificate: Certificate, wish: RevokeIn) -> Certificate:
    """Take a certificate back, with a reason; again: no change."""
    await session.refresh(certificate, with_for_update=True)
    if certificate.is_revoked:
        return certificate
    certificate.is_revoked = True
    certificate.revoked_at = now()
    certificate.revocation_reason = wish.reason
    await session.flush()
    audit(session, "certificate.revoke", actor_id=actor.id, target=("certificate", certificate.id))
    await publish(session, CertificateRevoked(certificate_id=certificate.id))
    return certificate
