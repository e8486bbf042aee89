"""Certificates: for their holders, and for whoever wants to verify one."""

from fastapi import Response

from studium.access.actor import ClientAddress, CurrentUser
from studium.access.permissions import (
    DownloadableCertificate,
    RevocableCertificate,
    VisibleCertificate,
    VisibleEnrollment,
)
from studium.kit.db import SessionDep
from studium.kit.pages import Page, PageDep
from studium.kit.routing import Router
from studium.kit.runtime import runtime_of
from studium.modules.certificates import actions, queries, rendering
from studium.modules.certificates.errors import CertificateGone
from studium.modules.certificates.pdf import Paper
from studium.modules.certificates.schemas import CertificateOut, RevokeIn, VerificationOut

router = Router("/certificates", tag="certificates")


@router.get("/my-certificates")
async def my_certificates(actor: CurrentUser, session: SessionDep, page: PageDep) -> Page[CertificateOut]:
    """The caller's certificates, newest first."""
    return await queries.my_certificates(session, actor, page)


@router.get("/verify/{certificate_number}")
async def verify_certificate(certificate_number: str, address: ClientAddress, session: SessionDep) -> VerificationOut:
    """Whether a certificate is genuine; always 200, also for a number that nobody has."""
    return await queries.verify(session, address, certificate_number)


@router.post(
    "/enrollments/{enrollment_id}/generate",
    status_code=201,
    responses={200: {"model": CertificateOut, "description": "There is one already."}},
)
async def generate_certificate(
    enrollment: VisibleEnrollment, session: SessionDep, response: Response
) -> CertificateOut:
    """Issue the certificate of a completed enrollment now, without waiting for the job."""
    certificate, is_new = await actions.issue(session, enrollment.id)
    response.status_code = 201 if is_new else 200
    return queries.certificate_out(session, certificate)


@router.get("/{certificate_id}")
async def read_certificate(certificate: VisibleCertificate, session: SessionDep) -> CertificateOut:
    """A certificate."""
    return queries.certificate_out(session, certificate)


@router.get(
    "/{certificate_id}/download",
    response_class=Response,
    responses={200: {"content": {"application/pdf": {}}, "description": "The PDF."}},
)
async def download_certificate(
    certificate: DownloadableCertificate, session: SessionDep, paper: Paper = "a4"
) -> Response:
    """The PDF, on A4 or letter paper. The link in the mail carries a `ticket`, and works without a log-in."""
    if certificate.is_revoked:
        message = "This certificate was revoked."
        raise CertificateGone(message)
    pdf = await rendering.pdf_of(runtime_of(session), certificate, paper)
    name = f'attachment; filename="{certificate.certificate_number}.pdf"'
    headers = {"Content-Disposition": name, "Cache-Control": "no-store"}
    return Response(pdf, media_type="application/pdf", headers=headers)


@router.post("/{certificate_id}/revoke")
async def revoke_certificate(
    actor: CurrentUser, certificate: RevocableCertificate, session: SessionDep, wish: RevokeIn
) -> CertificateOut:
    """Take a certificate back."""
    await actions.revoke(session, actor, certificate, wish)
    return queries.certificate_out(session, certificate)
