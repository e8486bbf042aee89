"""What happens to certificates: issued once, revoked at most once, never deleted."""

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from studium.access.actor import Actor
from studium.access.audit import record_audit
from studium.events import CertificateIssued, CertificateRevoked
from studium.kit.base.clock import now
from studium.kit.base.ids import new_id
from studium.kit.base.problems import Overloaded
from studium.kit.db.database import dialect_insert
from studium.kit.jobs.events import publish
from studium.models import Certificate, Course, Enrollment, EnrollmentStatus, User
from studium.modules.certificates.errors import CertificateIsRevoked, EnrollmentNotCompleted
from studium.modules.certificates.numbers import new_number
from studium.modules.certificates.schemas import RevokeIn

_TRIES = 5


async def issue(session: AsyncSession, enrollment_id: UUID) -> tuple[Certificate, bool]:
    """The certificate of a completed enrollment and whether it is new; however often it is called, there is one.

    Names and title are copied now: a certificate says what was true on its day. Raises EnrollmentNotCompleted,
    CertificateIsRevoked, and Overloaded where chance gave nothing but numbers that are taken.
    """
    enrollment, names = await _held(session, enrollment_id)
    if enrollment.status is not EnrollmentStatus.COMPLETED:
        message = "The course is not completed yet."
        raise EnrollmentNotCompleted(message)
    known = await session.scalar(select(Certificate).where(Certificate.enrollment_id == enrollment_id))
    if known is not None:
        if known.is_revoked:
            message = "The certificate was revoked, and there is one for each enrollment."
            raise CertificateIsRevoked(message, certificate_id=str(known.id))
        return known, False
    certificate = await _new_certificate(session, enrollment, names)
    await publish(session, CertificateIssued(certificate_id=certificate.id))
    return certificate, True


async def _held(session: AsyncSession, enrollment_id: UUID) -> tuple[Enrollment, dict[str, str]]:
    """The enrollment, locked, and the names that its certificate shows."""
    instructor = aliased(User)
    statement = (
        select(Enrollment, User.full_name, Course.title, instructor.full_name)
        .join(User, User.id == Enrollment.student_id)
        .join(Course, Course.id == Enrollment.course_id)
        .join(instructor, instructor.id == Course.instructor_id)
        .where(Enrollment.id == enrollment_id)
        .with_for_update(of=Enrollment)
    )
    row = (await session.execute(statement.execution_options(populate_existing=True))).one()
    enrollment, *names = row
    return enrollment, dict(zip(("student_name", "course_title", "instructor_name"), names, strict=True))


async def _new_certificate(session: AsyncSession, enrollment: Enrollment, names: dict[str, str]) -> Certificate:
    at, certificate_id = now(), new_id()
    row = {
        "id": certificate_id,
        "enrollment_id": enrollment.id,
        "student_id": enrollment.student_id,
        "course_id": enrollment.course_id,
        "pdf_path": f"certificates/{at:%Y/%m}/{certificate_id}.pdf",
        "completion_date": enrollment.completed_at or at,
        "issued_at": at,
        "is_revoked": False,
        **names,
    }
    for _ in range(_TRIES):
        # A number that is taken is no error for the database: a savepoint around each try would cost two round trips.
        adding = dialect_insert(session)(Certificate).values(**row, certificate_number=new_number(at))
        adding = adding.on_conflict_do_nothing(index_elements=[Certificate.certificate_number])
        certificate: Certificate | None = (await session.execute(adding.returning(Certificate))).scalar_one_or_none()
        if certificate is not None:
            return certificate
    raise Overloaded


async def revoke(session: AsyncSession, actor: Actor, certificate: Certificate, payload: RevokeIn) -> Certificate:
    """Take a certificate back, with a reason; again: no change."""
    await session.refresh(certificate, with_for_update=True)
    if certificate.is_revoked:
        return certificate
    certificate.is_revoked = True
    certificate.revoked_at = now()
    certificate.revocation_reason = payload.reason
    await session.flush()
    await record_audit(session, "certificate.revoke", actor_id=actor.id, target=("certificate", certificate.id))
    await publish(session, CertificateRevoked(certificate_id=certificate.id))
    return certificate
