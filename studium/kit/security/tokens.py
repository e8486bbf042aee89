"""Secrets of the server at work: signed tokens, sealed texts, one-time tokens and MACs.

Every use and every purpose has a key of its own, derived (HKDF-SHA256) from the one master secret, so that nothing made
for one purpose means anything to another. Everything new is made with the present secret; what an earlier one made is
still read while that is known.
"""

import base64
import binascii
import hashlib
import hmac
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import timedelta
from types import MappingProxyType
from typing import Any
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from joserfc import jwt
from joserfc.jwk import OctKey

from studium.kit.base.clock import now
from studium.kit.base.config import Settings
from studium.kit.base.ids import new_id

ISSUER = "studium"
MAX_TOKEN = 4096
MAX_LIFETIME = timedelta(days=31)
LEEWAY_SECONDS = 60
_MAX_CLAIM = 255
_MOST_VERIFIED = 4096
_NONCE_BYTES = 12
_ONE_TIME_LENGTH = 64
_SHORTEST_MAC = 16
_ALGORITHM = "HS256"
_MAX_LIFETIME_SECONDS = int(MAX_LIFETIME.total_seconds())


class TokenInvalid(Exception):
    """The text was not made by this server for this purpose, is damaged, or its time is over. Never says which."""


class Keys:
    """Everything that needs the master secret. Fast enough (some µs) to be asked on every request."""

    __slots__ = ("_derived", "_masters", "_verified")

    def __init__(self, master: bytes, *earlier: bytes) -> None:
        self._masters = (master, *earlier)
        self._derived: dict[tuple[str, str, int], bytes] = {}
        self._verified: dict[bytes, Mapping[str, object]] = {}

    def sign(self, purpose: str, claims: Mapping[str, object], *, lifetime: timedelta) -> str:
        """Return a token (JWT, HS256) with `claims` (`sub` among them), valid from now for `lifetime` (≤ 31 days)."""
        if not timedelta(0) < lifetime <= MAX_LIFETIME:
            message = f"a token lives longer than 0 and at most {MAX_LIFETIME.days} days"
            raise ValueError(message)
        issued = int(now().timestamp())
        times = {"iat": issued, "nbf": issued, "exp": issued + max(1, int(lifetime.total_seconds()))}
        return self._signed(purpose, {"jti": str(new_id()), **claims, "iss": ISSUER, "aud": purpose, **times})

    def verify(self, purpose: str, token: str) -> Mapping[str, object]:
        """Return the claims of a token signed for `purpose`; raise TokenInvalid for anything else.

        The last tokens found genuine are known by their digest, and only their times are looked at again. Whether
        what a token stands for was revoked is not known here: that is asked of the database.
        """
        digest = hashlib.sha256(f"{purpose} {token}".encode(errors="replace")).digest()
        claims = self._verified.get(digest)
        if claims is None:
            claims = self._genuine(purpose, token)
            while len(self._verified) >= _MOST_VERIFIED:
                self._verified.pop(next(iter(self._verified)))
            self._verified[digest] = claims
        _check_times(claims)
        return claims

    def _genuine(self, purpose: str, token: str) -> Mapping[str, object]:
        """The claims of a token that this server signed, read-only, whatever its times say.

        The signature is compared as text before anything is decoded, so that one token has one spelling.
        """
        if len(token) > MAX_TOKEN or not token.isascii() or token.count(".") != 2:  # noqa: PLR2004 -- header.claims.signature
            raise TokenInvalid
        signed, _, signature = token.rpartition(".")
        expected = (hmac.digest(key, signed.encode(), "sha256") for key in self._each_key("sign", purpose))
        if not any(hmac.compare_digest(_to_text(one), signature) for one in expected):
            raise TokenInvalid
        header, _, payload = signed.partition(".")
        if _document(header) != {"alg": _ALGORITHM, "typ": purpose}:
            raise TokenInvalid
        claims = _document(payload)
        _check_texts(purpose, claims)
        return MappingProxyType(claims)

    def encrypt(self, purpose: str, text: str) -> str:
        """Seal `text` (AES-256-GCM, a fresh nonce) so that only `decrypt` with the same purpose opens it."""
        nonce = os.urandom(_NONCE_BYTES)
        return _to_text(nonce + AESGCM(self._key("encrypt", purpose)).encrypt(nonce, text.encode(), purpose.encode()))

    def decrypt(self, purpose: str, text: str) -> str:
        """Open what `encrypt` sealed; raise TokenInvalid when it is damaged, or of another purpose or secret."""
        sealed = _from_text(text)
        for key in self._each_key("encrypt", purpose):
            with suppress(InvalidTag, ValueError):
                return AESGCM(key).decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], purpose.encode()).decode()
        raise TokenInvalid

    def mac(self, purpose: str, text: str) -> str:
        """The HMAC-SHA256 of `text` for `purpose`, as 64 hex digits: a name for it that nobody else can compute."""
        return next(self.macs(purpose, text))

    def macs(self, purpose: str, text: str) -> Iterator[str]:
        """What `mac` gives, then what it gave under the earlier secrets: whoever compares accepts any of them."""
        return (hmac.digest(key, text.encode(), "sha256").hex() for key in self._each_key("mac", purpose))

    def is_mac(self, purpose: str, text: str, mac: str) -> bool:
        """Whether `mac` is the MAC of `text`, or its beginning, of 16 digits at least."""
        if len(mac) < _SHORTEST_MAC or not mac.isascii():
            return False
        return any(hmac.compare_digest(one[: len(mac)], mac) for one in self.macs(purpose, text))

    def one_time_token(self, purpose: str, id: UUID) -> str:  # noqa: A002 -- the name of the port.
        """64 url-safe characters that name the row `id` and prove that this server wrote them."""
        return _to_text(id.bytes + hmac.digest(self._key("one-time", purpose), id.bytes, "sha256"))

    def one_time_id(self, purpose: str, token: str) -> UUID | None:
        """The id in a one-time token of this purpose, or None when it is not one."""
        if len(token) != _ONE_TIME_LENGTH:
            return None
        try:
            raw = _from_text(token)
        except TokenInvalid:
            return None
        genuine = (hmac.digest(key, raw[:16], "sha256") for key in self._each_key("one-time", purpose))
        return UUID(bytes=raw[:16]) if any(hmac.compare_digest(one, raw[16:]) for one in genuine) else None

    def _signed(self, purpose: str, claims: dict[str, object]) -> str:
        header = {"alg": _ALGORITHM, "typ": purpose}
        key = OctKey.import_key(self._key("sign", purpose))
        return jwt.encode(header, claims, key, algorithms=[_ALGORITHM])

    def _each_key(self, use: str, purpose: str) -> Iterator[bytes]:
        """The present key for one use and purpose, then the earlier ones."""
        return (self._key(use, purpose, age) for age in range(len(self._masters)))

    def _key(self, use: str, purpose: str, age: int = 0) -> bytes:
        """The 32 bytes for one use and purpose, derived once; those of an earlier secret where `age` is more than 0."""
        key = self._derived.get((use, purpose, age))
        if key is None:
            derivation = HKDF(algorithm=SHA256(), length=32, salt=None, info=f"studium/1/{use}/{purpose}".encode())
            key = self._derived[use, purpose, age] = derivation.derive(self._masters[age])
        return key


def _check_texts(purpose: str, claims: dict[str, object]) -> None:
    if claims.get("iss") != ISSUER or claims.get("aud") != purpose:
        raise TokenInvalid
    for name in ("sub", "jti"):
        value = claims.get(name)
        if type(value) is not str or not 0 < len(value) <= _MAX_CLAIM:
            raise TokenInvalid


def _check_times(claims: Mapping[str, object]) -> None:
    """The three instants must be whole seconds (no booleans, floats or texts) in an order that makes sense now."""
    issued, begins, ends = claims.get("iat"), claims.get("nbf"), claims.get("exp")
    if type(issued) is not int or type(begins) is not int or type(ends) is not int:
        raise TokenInvalid
    present = now().timestamp()
    latest = present + LEEWAY_SECONDS
    valid = 0 <= issued <= latest and 0 <= begins <= latest and present < ends and begins < ends
    if not valid or not issued < ends <= issued + _MAX_LIFETIME_SECONDS:
        raise TokenInvalid


def _document(text: str) -> dict[str, Any]:
    try:
        found = json.loads(_from_text(text))
    except (ValueError, RecursionError):
        raise TokenInvalid from None
    if type(found) is not dict:
        raise TokenInvalid
    return found


def _to_text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _from_text(text: str) -> bytes:
    """Decode unpadded url-safe Base64; raise TokenInvalid unless `text` is exactly what encoding would give."""
    try:
        raw = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except (binascii.Error, ValueError):
        raise TokenInvalid from None
    if _to_text(raw) != text:
        raise TokenInvalid
    return raw


def keys_of(settings: Settings) -> Keys:
    """What is derived from the master secret, and from the one before it."""
    secrets = settings.secret_key, settings.secret_key_previous
    return Keys(*(each.get_secret_value().encode() for each in secrets if each))
