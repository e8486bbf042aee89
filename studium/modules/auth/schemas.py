"""Log-ins, tokens and second factors, as they come in and go out."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from studium.kit.http.schemas import RequestModel, ResponseModel
from studium.kit.security.tokens import MAX_TOKEN
from studium.models import MfaMethod
from studium.modules.users.actions import Email, Password, PresentPassword

_FORM_TEXT_MAX = 1024
_CODE_MAX = 64

TokenText = Annotated[str, Field(min_length=1, max_length=MAX_TOKEN)]
LinkToken = Annotated[str, Field(min_length=1, max_length=200)]


def _without_spaces(value: object) -> object:
    """Apps show a code in groups; people type it as they see it."""
    return "".join(value.split()) if isinstance(value, str) and len(value) <= _CODE_MAX else value


Code = Annotated[str, BeforeValidator(_without_spaces), Field(min_length=1, max_length=32)]
"""Six digits, or a recovery code; spaces in it do not matter."""

_FormText = Annotated[str, Field(max_length=_FORM_TEXT_MAX)]


class LoginRequest(RequestModel):
    """Who one is, and the proof."""

    email: Email
    password: PresentPassword


class TokenForm(BaseModel):
    """The password form of OAuth2, as the interactive reference sends it."""

    model_config = ConfigDict(extra="forbid")

    grant_type: Literal["password", ""] = "password"
    username: _FormText
    password: Annotated[str, Field(max_length=_FORM_TEXT_MAX)]
    scope: _FormText = ""
    client_id: _FormText | None = None
    client_secret: _FormText | None = None


class RefreshRequest(RequestModel):
    """The newest refresh token of a session."""

    refresh_token: TokenText


class LogoutRequest(RequestModel):
    """Which session to end: this one, or all of one's own."""

    refresh_token: TokenText | None = None
    all: bool = False


class AddressRequest(RequestModel):
    """The address to mail to."""

    email: Email


class AddressChangeOut(ResponseModel):
    """A wish for another address: it is void when both mailboxes have not agreed by `expires_at`."""

    new_email: str
    expires_at: datetime


class ConfirmEmailRequest(RequestModel):
    """The token of the link."""

    token: LinkToken


class ResetPasswordRequest(RequestModel):
    """The token of the link, and the password to have from now on."""

    token: LinkToken
    new_password: Password


class MfaEnableRequest(RequestModel):
    """Proof of the password, and which second factor to have."""

    password: PresentPassword
    method: Annotated[MfaMethod, Field(strict=False)] = MfaMethod.TOTP


class MfaConfirmRequest(RequestModel):
    """A first code of the new second factor."""

    code: Code


class MfaVerifyRequest(RequestModel):
    """The challenge of a log-in, and the code that passes it."""

    challenge_token: TokenText
    code: Code


class MfaDisableRequest(RequestModel):
    """Proof of both factors. With mailed codes, leave `code` out to be sent one."""

    password: PresentPassword
    code: Code | None = None


class ReauthenticateRequest(RequestModel):
    """The password once more, and with a second factor its code. With mailed codes, leave `code` out to be sent one."""

    password: PresentPassword
    code: Code | None = None


class TokenResponse(ResponseModel):
    """A session's tokens; `expires_in` is the access token's life in seconds."""

    access_token: str
    refresh_token: str
    token_type: Literal["bearer"] = "bearer"  # noqa: S105 -- a kind of token, not a secret.
    expires_in: int


class MfaChallengeResponse(ResponseModel):
    """The password was right; a code of the second factor is needed too."""

    mfa_required: Literal[True] = True
    challenge_token: str
    method: MfaMethod
    expires_in_seconds: int
    message: str = "MFA verification required"


class MfaPendingResponse(ResponseModel):
    """A second factor that waits for its first code. The secret is shown this once, for `totp` alone."""

    status: Literal["pending"] = "pending"
    method: MfaMethod
    secret: str | None = None
    otpauth_uri: str | None = None
    qr_svg: str | None = None
    expires_in_seconds: int


class MfaEnabledResponse(ResponseModel):
    """The second factor is on. The recovery codes are shown this once."""

    mfa_enabled: Literal[True] = True
    recovery_codes: list[str]


class MessageResponse(ResponseModel):
    """One sentence."""

    message: str


class SessionOut(ResponseModel):
    """A live session: `device` is what its browser or program calls itself."""

    id: UUID
    device: str | None
    address: str | None
    created_at: datetime
    last_seen_at: datetime
    expires_at: datetime
    is_current: bool
