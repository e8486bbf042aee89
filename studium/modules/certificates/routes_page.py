"""The page behind the QR code: for people, readable on a phone, in print and in the dark."""

import secrets
from datetime import datetime
from urllib.parse import urlsplit

from fastapi import APIRouter
from fastapi.responses import HTMLResponse
from jinja2 import Environment, PackageLoader

from studium.access.actor import ClientAddress
from studium.kit.db import SessionDep
from studium.kit.routing import Route
from studium.kit.runtime import runtime_of
from studium.modules.certificates import queries
from studium.modules.certificates.schemas import VerificationStatus

router = APIRouter(tags=["certificates"], route_class=Route, redirect_slashes=False)
_pages = Environment(loader=PackageLoader("studium.modules.certificates"), autoescape=True, auto_reload=False)

_POLICY = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
_TITLES = {
    VerificationStatus.VALID: "This certificate is genuine",
    VerificationStatus.REVOKED: "This certificate was revoked",
    VerificationStatus.NOT_FOUND: "Certificate not found",
}


def _day(at: datetime) -> str:
    return f"{at.day} {at:%B %Y}"


@router.get("/verify/{certificate_number}", response_class=HTMLResponse)
async def verify_page(certificate_number: str, address: ClientAddress, session: SessionDep) -> HTMLResponse:
    """Whether a certificate is genuine, as a page."""
    answer = await queries.verify(session, address, certificate_number)
    nonce = secrets.token_urlsafe(16)
    page = _pages.get_template("verify.html").render(
        answer=answer,
        title=_TITLES[answer.status],
        host=urlsplit(runtime_of(session).settings.public_base_url).hostname,
        nonce=nonce,
        day=_day,
    )
    policy = f"{_POLICY}; style-src 'nonce-{nonce}'"
    return HTMLResponse(page, headers={"Content-Security-Policy": policy, "Cache-Control": "no-store"})
