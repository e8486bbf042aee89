"""The port behind `Idempotency-Key`: routes ask it before they act, and hand it the answer before the commit."""

from typing import Protocol

from starlette.requests import Request
from starlette.responses import Response


class Kept(Protocol):
    """A key that is in use by this request."""

    async def keep(self, response: Response) -> None:
        """Store the answer in the request's transaction."""


class Replays(Protocol):
    """Knows the answers that were given under a key."""

    async def begin(self, request: Request, key: str) -> Response | Kept:
        """The stored answer of an earlier request with this key and body, or the key taken for this one.

        Raises InvalidInput, IdempotencyKeyReused (422) and RequestInProgress (409).
        """
