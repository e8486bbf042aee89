"""Passkeys (WebAuthn): what a browser is asked, and whether what it made of that is good.

The library that judges is loaded with the first answer: few servers need it in their first second.
"""

import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from studium.access.throttle import Limit, longest_wait, note
from studium.kit.base.config import Settings
from studium.kit.security.tokens import Keys, TokenInvalid
from studium.models import Passkey, User
from studium.modules.auth.errors import InvalidChallenge, InvalidPasskey, PasskeysUnavailable
from studium.modules.auth.schemas_passkeys import CredentialIn, NewCredentialIn, PasskeyOptions

LIFETIME = timedelta(minutes=10)
SECONDS = int(LIFETIME.total_seconds())
USED = Limit("passkey:used", 1, 2 * LIFETIME)
MOST = 20
"""Passkeys of one person."""

KEY = "passkey-key"
_CHALLENGE_BYTES = 32
_SCHOOL = "Studium"
_ANYBODY = "anybody"
_ALGORITHMS = (-8, -7, -257)
"""EdDSA, ECDSA with SHA-256, RSA with SHA-256: what the library takes, in its order."""


class Purpose(StrEnum):
    """What a challenge is for; one for the other is none."""

    ADD = "passkey-add"
    ENTER = "passkey-enter"


@dataclass(frozen=True, slots=True)
class Site:
    """The school, as a browser binds passkeys to it: the name of its host, and its origin."""

    host: str
    origin: str

    @classmethod
    def of(cls, settings: Settings) -> "Site":
        """That of the public address; raise PasskeysUnavailable where browsers make no passkeys for it.

        They do for names of hosts alone, under https; `localhost` is taken for one that is safe.
        """
        parts = urlsplit(settings.public_base_url)
        host = parts.hostname or ""
        is_local = host == "localhost" or host.endswith(".localhost")
        if not host or _is_address(host) or not (parts.scheme == "https" or is_local):
            raise PasskeysUnavailable
        return cls(host, f"{parts.scheme}://{parts.netloc}")


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def are_available(settings: Settings) -> bool:
    """Whether people can have passkeys at this address."""
    try:
        Site.of(settings)
    except PasskeysUnavailable:
        return False
    return True


@dataclass(frozen=True, slots=True)
class Challenge:
    """What is to be signed, whose answer it waits for, and the id under which it is used up."""

    id: UUID
    subject: str
    bytes: bytes


def read_challenge(keys: Keys, token: str, purpose: Purpose) -> Challenge:
    """The challenge in a genuine token of this purpose; raise InvalidChallenge otherwise."""
    try:
        claims = keys.verify(purpose, token)
        return Challenge(UUID(str(claims["jti"])), str(claims["sub"]), decoded(str(claims["challenge"])))
    except (TokenInvalid, KeyError, ValueError):
        raise InvalidChallenge from None


async def use_up(session: AsyncSession, challenge: Challenge) -> bool:
    """Whether a challenge was not answered before; it is answered now. Let nobody else do so meanwhile."""
    if await longest_wait(session, (USED,), challenge.id):
        return False
    await note(session, USED.scope, challenge.id)
    return True


def options_to_add(settings: Settings, keys: Keys, user: User, known: Iterable[str]) -> PasskeyOptions:
    """What a browser is asked for a new passkey of this person; devices that have one of `known` make no second."""
    site = Site.of(settings)
    challenge, token = _new_challenge(keys, Purpose.ADD, str(user.id))
    asked: dict[str, Any] = {
        "rp": {"id": site.host, "name": _SCHOOL},
        "user": {"id": encoded(user.id.bytes), "name": user.email, "displayName": user.full_name},
        "challenge": challenge,
        "pubKeyCredParams": [{"type": "public-key", "alg": one} for one in _ALGORITHMS],
        "timeout": SECONDS * 1000,
        "attestation": "none",
        "authenticatorSelection": {
            "residentKey": "required",
            "requireResidentKey": True,
            "userVerification": "required",
        },
        "excludeCredentials": [{"type": "public-key", "id": one} for one in known],
    }
    return PasskeyOptions(challenge_token=token, expires_in_seconds=SECONDS, public_key=asked)


def options_to_enter(settings: Settings, keys: Keys) -> PasskeyOptions:
    """What a browser is asked for a log-in; which of its passkeys it is, the person chooses there."""
    challenge, token = _new_challenge(keys, Purpose.ENTER, _ANYBODY)
    asked: dict[str, Any] = {
        "challenge": challenge,
        "timeout": SECONDS * 1000,
        "rpId": Site.of(settings).host,
        "allowCredentials": [],
        "userVerification": "required",
    }
    return PasskeyOptions(challenge_token=token, expires_in_seconds=SECONDS, public_key=asked)


def _new_challenge(keys: Keys, purpose: Purpose, subject: str) -> tuple[str, str]:
    challenge = encoded(secrets.token_bytes(_CHALLENGE_BYTES))
    return challenge, keys.sign(purpose, {"sub": subject, "challenge": challenge}, lifetime=LIFETIME)


def judge_new(site: Site, challenge: Challenge, credential: NewCredentialIn) -> tuple[str, bytes, int]:
    """The id, public key and count of a new passkey; raise InvalidPasskey. Takes some milliseconds: in a thread."""
    from webauthn import verify_registration_response  # noqa: PLC0415 -- see above.

    try:
        found = verify_registration_response(
            credential=credential.model_dump(by_alias=True),
            expected_challenge=challenge.bytes,
            expected_rp_id=site.host,
            expected_origin=site.origin,
            require_user_verification=True,
        )
        return encoded(found.credential_id), found.credential_public_key, found.sign_count
    except Exception:  # noqa: BLE001 -- whatever parsing the bytes of strangers raises, they are not good.
        raise InvalidPasskey from None


def judge_use(site: Site, challenge: Challenge, credential: CredentialIn, public_key: bytes, count: int) -> int | None:
    """The new count of a passkey that signed the challenge; None for anything else. In a thread, as above."""
    from webauthn import verify_authentication_response  # noqa: PLC0415 -- see above.

    try:
        found = verify_authentication_response(
            credential=credential.model_dump(by_alias=True, exclude_none=True),
            expected_challenge=challenge.bytes,
            expected_rp_id=site.host,
            expected_origin=site.origin,
            credential_public_key=public_key,
            credential_current_sign_count=count,
            require_user_verification=True,
        )
    except Exception:  # noqa: BLE001 -- as above.
        return None
    return found.new_sign_count


def sealed_key(keys: Keys, user_id: UUID, credential_id: str, public_key: bytes) -> str:
    """The public key as it is kept."""
    return keys.encrypt(KEY, f"{user_id}:{credential_id}:{encoded(public_key)}")


def opened_key(keys: Keys, passkey: Passkey) -> bytes | None:
    """The public key of a passkey; None where the row is not as this server wrote it."""
    try:
        owner, credential_id, key = keys.decrypt(KEY, passkey.public_key).split(":")
    except (TokenInvalid, ValueError):
        return None
    return decoded(key) if (owner, credential_id) == (str(passkey.user_id), passkey.credential_id) else None


def encoded(raw: bytes) -> str:
    """Bytes as base64url without padding."""
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


def decoded(text: str) -> bytes:
    """What `encoded` made; raise ValueError for anything else."""
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))
