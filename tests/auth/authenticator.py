"""A device that makes passkeys, in software: what a browser and it send together, and every way to send it wrong."""

import hashlib
import json
import secrets
from dataclasses import dataclass, field
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from webauthn.helpers import encode_cbor

from studium.modules.auth.passkeys import decoded, encoded

PRESENT, VERIFIED, HAS_KEY = 1, 4, 64
_AAGUID = bytes(16)


@dataclass
class Authenticator:
    """One device with one key, which sits in a browser at `origin`."""

    origin: str = "https://school.example"
    host: str = "school.example"
    flags: int = PRESENT | VERIFIED
    count: int = 0
    id: bytes = field(default_factory=lambda: secrets.token_bytes(16))
    handle: bytes = b""

    def __post_init__(self) -> None:
        self.key = ec.generate_private_key(ec.SECP256R1())

    def create(self, options: dict[str, Any]) -> dict[str, Any]:
        """What `navigator.credentials.create()` gives for these options."""
        self.handle = decoded(options["user"]["id"])
        length = len(self.id).to_bytes(2, "big")
        data = self._data(HAS_KEY) + _AAGUID + length + self.id + self._public_key()
        attestation = encode_cbor({"fmt": "none", "attStmt": {}, "authData": data})
        client = self._client("webauthn.create", options["challenge"])
        return self._credential({"clientDataJSON": encoded(client), "attestationObject": encoded(attestation)})

    def get(self, options: dict[str, Any], *, counts: int = 1) -> dict[str, Any]:
        """What `navigator.credentials.get()` gives for these options."""
        self.count += counts
        data, client = self._data(0), self._client("webauthn.get", options["challenge"])
        signature = self.key.sign(data + hashlib.sha256(client).digest(), ec.ECDSA(SHA256()))
        return self._credential(
            {
                "clientDataJSON": encoded(client),
                "authenticatorData": encoded(data),
                "signature": encoded(signature),
                "userHandle": encoded(self.handle),
            }
        )

    def _data(self, more: int) -> bytes:
        flags = bytes([self.flags | more])
        return hashlib.sha256(self.host.encode()).digest() + flags + self.count.to_bytes(4, "big")

    def _client(self, kind: str, challenge: str) -> bytes:
        return json.dumps({"type": kind, "challenge": challenge, "origin": self.origin, "crossOrigin": False}).encode()

    def _public_key(self) -> bytes:
        numbers = self.key.public_key().public_numbers()
        point = {-2: numbers.x.to_bytes(32, "big"), -3: numbers.y.to_bytes(32, "big")}
        return encode_cbor({1: 2, 3: -7, -1: 1, **point})

    def _credential(self, response: dict[str, str]) -> dict[str, Any]:
        made = {"id": encoded(self.id), "rawId": encoded(self.id), "type": "public-key", "response": response}
        return {**made, "authenticatorAttachment": "platform", "clientExtensionResults": {}}
