"""The PDF of a certificate: made from its row whenever it is missing, kept in storage as a cache."""

from functools import partial
from typing import get_args

from studium.kit.base.config import Settings
from studium.kit.base.executors import BoundedExecutor
from studium.kit.base.problems import DependencyDown, StorageFull
from studium.kit.runtime import Runtime
from studium.kit.storage import BlobMissing
from studium.models import Certificate
from studium.modules.certificates.pdf import CertificateFacts, Paper, render_certificate

_lane = BoundedExecutor("certificates", threads=1, queue=64)


def verify_url(settings: Settings, number: str) -> str:
    """The address that the QR code leads to."""
    return f"{settings.public_base_url}/verify/{number}"


async def pdf_of(runtime: Runtime, certificate: Certificate, paper: Paper = "a4") -> bytes:
    """The PDF. A storage that is down or full costs the time to draw it, not the download."""
    try:
        return await kept_pdf(runtime, certificate, paper)
    except (DependencyDown, StorageFull):
        return await _drawn(runtime, certificate, paper)


async def kept_pdf(runtime: Runtime, certificate: Certificate, paper: Paper = "a4") -> bytes:
    """The PDF, from storage or made anew and stored; raise DependencyDown, StorageFull."""
    path = _path(certificate, paper)
    try:
        return await runtime.storage.get(path)
    except BlobMissing:
        pdf = await _drawn(runtime, certificate, paper)
        await runtime.storage.put(path, pdf)
        return pdf


async def drop_pdfs(runtime: Runtime, certificate: Certificate) -> None:
    """Forget what was stored, on any paper: it is drawn anew when somebody asks. Raises DependencyDown."""
    for paper in get_args(Paper):
        await runtime.storage.delete(_path(certificate, paper))


def _path(certificate: Certificate, paper: Paper) -> str:
    return certificate.pdf_path if paper == "a4" else certificate.pdf_path.replace(".pdf", f".{paper}.pdf")


async def _drawn(runtime: Runtime, certificate: Certificate, paper: Paper) -> bytes:
    return await _lane.run(partial(render_certificate, _facts(runtime.settings, certificate), paper=paper))


def _facts(settings: Settings, certificate: Certificate) -> CertificateFacts:
    return CertificateFacts(
        student_name=certificate.student_name,
        course_title=certificate.course_title,
        instructor_name=certificate.instructor_name,
        completion_date=certificate.completion_date,
        issued_at=certificate.issued_at,
        certificate_number=certificate.certificate_number,
        verify_url=verify_url(settings, certificate.certificate_number),
    )
