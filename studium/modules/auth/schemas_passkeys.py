"""Passkeys, as they come in and go out. Of what a browser makes, unknown members are left aside: there will be more."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import ConfigDict, Field

from studium.kit.http.schemas import Label, PatchModel, RequestModel, ResponseModel, unset
from studium.modules.auth.schemas import TokenText

CREDENTIAL_ID_MAX = 1400
_BASE64 = "^[A-Za-z0-9_-]+$"

CredentialId = Annotated[str, Field(max_length=CREDENTIAL_ID_MAX, pattern=_BASE64)]
Bytes = Annotated[str, Field(max_length=8192, pattern=_BASE64)]
"""Bytes as base64url, without padding."""


class _Made(RequestModel):
    model_config = ConfigDict(extra="ignore", strict=True)


class AttestationIn(_Made):
    """What a device says of a new key."""

    client_data: Bytes = Field(alias="clientDataJSON")
    attestation: Bytes = Field(alias="attestationObject")


class AssertionIn(_Made):
    """What a device signed with its key."""

    client_data: Bytes = Field(alias="clientDataJSON")
    authenticator_data: Bytes = Field(alias="authenticatorData")
    signature: Bytes
    user_handle: Annotated[str | None, Field(alias="userHandle", max_length=128, pattern="^[A-Za-z0-9_-]*$")] = None


class NewCredentialIn(_Made):
    """What `navigator.credentials.create()` gave, as its `toJSON()` says it."""

    id: CredentialId
    raw_id: CredentialId = Field(alias="rawId")
    type: Literal["public-key"]
    response: AttestationIn


class CredentialIn(_Made):
    """What `navigator.credentials.get()` gave, as its `toJSON()` says it."""

    id: CredentialId
    raw_id: CredentialId = Field(alias="rawId")
    type: Literal["public-key"]
    response: AssertionIn


class PasskeyAdd(RequestModel):
    """A new passkey: the challenge it answers, what the browser made, and what to call it."""

    challenge_token: TokenText
    credential: NewCredentialIn
    name: Label


class PasskeyLogin(RequestModel):
    """A log-in with a passkey: the challenge it answers, and what the browser made."""

    challenge_token: TokenText
    credential: CredentialIn


class PasskeyUpdate(PatchModel):
    """Another name for a passkey."""

    name: Label = unset()


class PasskeyOptions(ResponseModel):
    """A challenge, good once and for ten minutes.

    `public_key` is for `PublicKeyCredential.parseCreationOptionsFromJSON()`, or `parseRequestOptionsFromJSON()` at a
    log-in; `challenge_token` goes back with what the browser makes of it.
    """

    challenge_token: str
    expires_in_seconds: int
    public_key: dict[str, Any]


class PasskeyOut(ResponseModel):
    """A passkey as its owner sees it."""

    id: UUID
    name: str
    created_at: datetime
    last_used_at: datetime | None
