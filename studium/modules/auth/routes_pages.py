"""Small pages behind the links in mails, for schools without a front end. Outside the API, the same for every token.

The token stays in the address, which the script reads: the server writes nothing of it into the page.
"""

from base64 import b64encode
from hashlib import sha256
from importlib.resources import files

from fastapi import APIRouter
from starlette.responses import HTMLResponse

router = APIRouter(include_in_schema=False, redirect_slashes=False)

_FOLDER = files("studium.modules.auth").joinpath("pages")


def _read(name: str) -> str:
    return _FOLDER.joinpath(name).read_text(encoding="utf-8").strip()


def _source(text: str) -> str:
    """The name of an inline text in a Content-Security-Policy."""
    return f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"


_STYLE, _SCRIPT = _read("page.css"), _read("page.js")
_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "; ".join(
        (
            "default-src 'none'",
            f"style-src {_source(_STYLE)}",
            f"script-src {_source(_SCRIPT)}",
            "connect-src 'self'",
            "form-action 'none'",
            "base-uri 'none'",
            "frame-ancestors 'none'",
        )
    ),
}


def _page(title: str, lead: str, button: str, action: str, fields: str = "") -> str:
    return _read("page.html").format(
        title=title, lead=lead, button=button, action=action, fields=fields, style=_STYLE, script=_SCRIPT
    )


_CONFIRM = _page(
    "Confirm your e-mail address",
    "One tap, and we know that this mailbox is yours.",
    "Confirm my address",
    "/api/v1/auth/confirm-email",
)
_RESET = _page(
    "Choose a new password",
    "You are logged out everywhere once it is changed.",
    "Change my password",
    "/api/v1/auth/reset-password",
    _read("password.html"),
)
_SET = _page(
    "Welcome to Studium",
    "An account was made for you. Choose its password, then log in with your e-mail address.",
    "Set my password",
    "/api/v1/auth/reset-password",
    _read("password.html"),
)


@router.get("/confirm-email")
async def confirm_email_page() -> HTMLResponse:
    """The page behind the link that confirms an address."""
    return HTMLResponse(_CONFIRM, headers=_HEADERS)


@router.get("/reset-password")
async def reset_password_page() -> HTMLResponse:
    """The page behind the link that leads back into an account."""
    return HTMLResponse(_RESET, headers=_HEADERS)


@router.get("/set-password")
async def set_password_page() -> HTMLResponse:
    """The page behind the link of an invitation."""
    return HTMLResponse(_SET, headers=_HEADERS)
