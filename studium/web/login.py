"""The page of the log-in, which several answers show: with what was typed, and a challenge for passkeys."""

from dataclasses import dataclass

from fastapi import Request

from studium.kit.http.dependencies import request_runtime
from studium.modules.auth.passkeys import are_available, options_to_enter
from studium.modules.auth.schemas_passkeys import PasskeyOptions
from studium.web.forms import Form
from studium.web.render import Page


@dataclass(frozen=True, slots=True)
class LoginView:
    """Where the log-in leads to, and what a browser is asked for a passkey, where people can have some."""

    after: str
    passkey: PasskeyOptions | None


def login_page(request: Request, after: str, form: Form | None = None, *, status: int = 200) -> Page:
    """The log-in. The challenge costs no write: it is used up by its answer alone."""
    runtime = request_runtime(request)
    passkey = options_to_enter(runtime.settings, runtime.keys) if are_available(runtime.settings) else None
    return Page("signin/login.html", LoginView(after, passkey), form=form, status=status, private=True)
