"""What follows a completion: the certificate, then its PDF."""

from sqlalchemy import bindparam, select
from sqlalchemy.ext.asyncio import AsyncSession

from studium.events import CertificateIssued, EnrollmentCompleted
from studium.kit.events import on
from studium.kit.reads import Read
from studium.kit.runtime import Runtime
from studium.models import Certificate
from studium.modules.certificates import actions
from studium.modules.certificates.errors import CertificateIsRevoked
from studium.modules.certificates.rendering import kept_pdf

_SHOWN = (
    *("pdf_path", "student_name", "course_title", "instructor_name"),
    *("completion_date", "issued_at", "certificate_number"),
)
_ISSUED = Read(
    select(*(getattr(Certificate, name) for name in _SHOWN)).where(Certificate.id == bindparam("certificate"))
)


@on(EnrollmentCompleted)
async def issue_certificate(session: AsyncSession, event: EnrollmentCompleted) -> None:
    """Whoever completes a course gets its certificate, once."""
    try:
        await actions.issue(session, event.enrollment_id)
    except CertificateIsRevoked:
        return


@on(CertificateIssued, outside=True)
async def render_certificate_pdf(runtime: Runtime, event: CertificateIssued) -> None:
    """Have the PDF ready before its owner asks for it."""
    row = await runtime.database.reads.one(_ISSUED, certificate=event.certificate_id)
    assert row is not None  # noqa: S101 -- certificates are never deleted.
    await kept_pdf(runtime, Certificate(**{name: row[name] for name in _SHOWN}))
