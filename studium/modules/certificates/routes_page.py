"""The page behind the QR code: for people, readable on a phone, in print and in the dark, in their own language."""

import secrets
from functools import cache, partial
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse
from markupsafe import Markup

from studium.access.actor import AcceptedLanguage, ClientAddress
from studium.kit.base.clock import now
from studium.kit.base.languages import DEFAULT, day_in, direction
from studium.kit.base.problems import TooManyRequests
from studium.kit.http.dependencies import request_runtime
from studium.kit.http.routing import Route, operation_id
from studium.modules.certificates import queries
from studium.modules.certificates.page_texts import texts_in
from studium.modules.certificates.schemas import VerificationOut

if TYPE_CHECKING:
    from jinja2 import Template

router = APIRouter(
    tags=["certificates"], route_class=Route, redirect_slashes=False, generate_unique_id_function=operation_id
)

_POLICY = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
_KEPT_APART = Markup('<bdi class="{}">{}</bdi>')


@router.get(
    "/verify/{certificate_number}",
    response_class=HTMLResponse,
    responses={
        429: {
            "content": {"text/html": {"schema": {"type": "string"}}},
            "description": "Too many numbers that nobody has.",
        }
    },
)
async def show_verification_page(
    request: Request, certificate_number: str, address: ClientAddress, language: AcceptedLanguage
) -> HTMLResponse:
    """Whether a certificate is genuine, as a page in the language that the browser prefers."""
    runtime = request_runtime(request)
    spoken, host = language or DEFAULT, urlsplit(runtime.settings.public_base_url).hostname or ""
    try:
        answer = await queries.verify(runtime, address, certificate_number)
    except TooManyRequests as wait:
        return _page(host, spoken, None, 429, wait.headers["Retry-After"])
    return _page(host, spoken, answer)


def _page(
    host: str, language: str, answer: VerificationOut | None, status: int = 200, retry_after: str = ""
) -> HTMLResponse:
    nonce = secrets.token_urlsafe(16)
    html = _template().render(
        answer=answer,
        state="too_many" if answer is None else answer.status.value,
        texts=texts_in(language),
        language=language,
        direction=direction(language),
        day=partial(day_in, language),
        apart=_apart,
        host=host,
        at=now(),
        nonce=nonce,
    )
    headers = {
        "Content-Security-Policy": f"{_POLICY}; style-src 'nonce-{nonce}'",
        "Cache-Control": "no-store",
        "Content-Language": language,
        "Vary": "Accept-Language",
        **({"Retry-After": retry_after} if retry_after else {}),
    }
    return HTMLResponse(html, status, headers)


@cache
def _template() -> "Template":
    from jinja2 import Environment, PackageLoader  # noqa: PLC0415 -- the first page loads it.

    pages = Environment(loader=PackageLoader("studium.modules.certificates"), autoescape=True, auto_reload=False)
    return pages.get_template("verify.html")


def _apart(sentence: str, **words: str) -> Markup:
    """A sentence with words put in, each kept apart from the direction of its neighbours."""
    return Markup.escape(sentence).format(**{name: _KEPT_APART.format(name, word) for name, word in words.items()})
