"""What follows a completion: the certificate, then its PDF."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from studium.events import CertificateIssued, EnrollmentCompleted
from studium.kit.events import on
from studium.kit.runtime import Runtime
from studium.models import Certificate
from studium.modules.certificates import actions
from studium.modules.certificates.errors import CertificateIsRevoked
from studium.modules.certificates.rendering import kept_pdf


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
    async with runtime.database.reading() as session:
        statement = select(Certificate).where(Certificate.id == event.certificate_id)
        certificate = (await session.execute(statement)).scalar_one()
    await kept_pdf(runtime, certificate)
