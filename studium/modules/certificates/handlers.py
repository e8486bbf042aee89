"""What follows a completion: the certificate, then its PDF."""

from uuid import UUID

from sqlalchemy import bindparam, select
from sqlalchemy.ext.asyncio import AsyncSession

from studium.events import CertificateIssued, CertificateNameWithheld, EnrollmentCompleted
from studium.kit.db.prepared import PreparedStatement
from studium.kit.jobs.events import on
from studium.kit.runtime import Runtime
from studium.models import Certificate
from studium.modules.certificates import actions
from studium.modules.certificates.errors import CertificateIsRevoked
from studium.modules.certificates.rendering import drop_pdfs, kept_pdf

_SHOWN = (
    *("pdf_path", "student_name", "course_title", "instructor_name"),
    *("completion_date", "issued_at", "certificate_number"),
)
_ISSUED = PreparedStatement(
    select(*(getattr(Certificate, name) for name in _SHOWN)).where(Certificate.id == bindparam("certificate"))
)


@on(EnrollmentCompleted, "certificates.issue_certificate")
async def issue_certificate(session: AsyncSession, event: EnrollmentCompleted) -> None:
    """Whoever completes a course gets its certificate, once."""
    try:
        await actions.issue(session, event.enrollment_id)
    except CertificateIsRevoked:
        return


@on(CertificateIssued, "certificates.render_certificate_pdf", has_external_effects=True)
async def render_certificate_pdf(runtime: Runtime, event: CertificateIssued) -> None:
    """Have the PDF ready before its owner asks for it."""
    await kept_pdf(runtime, await _certificate(runtime, event.certificate_id))


@on(CertificateNameWithheld, "certificates.redraw_certificate_pdf", has_external_effects=True)
async def redraw_certificate_pdf(runtime: Runtime, event: CertificateNameWithheld) -> None:
    """Replace the PDF that shows the name."""
    certificate = await _certificate(runtime, event.certificate_id)
    await drop_pdfs(runtime, certificate)
    await kept_pdf(runtime, certificate)


async def _certificate(runtime: Runtime, certificate_id: UUID) -> Certificate:
    row = await runtime.database.reads.one(_ISSUED, certificate=certificate_id)
    assert row is not None  # noqa: S101 -- certificates are never deleted.
    return Certificate(**{name: row[name] for name in _SHOWN})
