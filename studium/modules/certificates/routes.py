"""Certificates: for their holders, and for whoever wants to verify one."""

from functools import partial

from fastapi import Request, Response

from studium.access.actor import ClientAddress, CurrentUser
from studium.access.permissions import (
    DownloadableCertificate,
    RevocableCertificate,
    VisibleCertificate,
    VisibleEnrollment,
)
from studium.kit.http.after import AfterSession
from studium.kit.http.dependencies import SessionDep, request_runtime
from studium.kit.http.pagination import Page, PageDep
from studium.kit.http.routing import Router
from studium.kit.runtime import Runtime
from studium.models import Certificate
from studium.modules.certificates import actions, queries, rendering
from studium.modules.certificates.errors import CertificateGone
from studium.modules.certificates.pdf import Paper
from studium.modules.certificates.schemas import CertificateOut, RevokeIn, VerificationOut

router = Router("/certificates", tag="certificates")
_PDF = {"application/pdf": {"schema": {"type": "string", "format": "binary"}}}


@router.get("/my-certificates")
async def list_my_certificates(request: Request, actor: CurrentUser, page: PageDep) -> Page[CertificateOut]:
    """The caller's certificates, newest first."""
    return await queries.my_certificates(request_runtime(request), actor, page)


@router.get("/verify/{certificate_number}")
async def verify_certificate(request: Request, certificate_number: str, address: ClientAddress) -> VerificationOut:
    """Whether a certificate is genuine; always 200, also for a number that nobody has."""
    return await queries.verify(request_runtime(request), address, certificate_number)


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
    response_model=None,
    responses={200: {"content": _PDF, "description": "The PDF."}},
)
async def download_certificate(
    request: Request, certificate: DownloadableCertificate, paper: Paper = "a4"
) -> AfterSession[Response]:
    """The PDF, on A4 or letter paper. The link in the mail carries a `ticket`, and works without a log-in."""
    if certificate.is_revoked:
        message = "This certificate was revoked."
        raise CertificateGone(message)
    return AfterSession(partial(_downloaded, request_runtime(request), certificate, paper))


async def _downloaded(runtime: Runtime, certificate: Certificate, paper: Paper) -> Response:
    pdf = await rendering.pdf_of(runtime, certificate, paper)
    name = f'attachment; filename="{certificate.certificate_number}.pdf"'
    headers = {"Content-Disposition": name, "Cache-Control": "no-store"}
    return Response(pdf, media_type="application/pdf", headers=headers)


@router.post("/{certificate_id}/revoke")
async def revoke_certificate(
    actor: CurrentUser, certificate: RevocableCertificate, session: SessionDep, payload: RevokeIn
) -> CertificateOut:
    """Take a certificate back."""
    await actions.revoke(session, actor, certificate, payload)
    return queries.certificate_out(session, certificate)
