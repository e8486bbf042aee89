"""What is done when the request's session is closed."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

Answer = TypeVar("Answer")


@dataclass(frozen=True, slots=True)
class AfterSession(Generic[Answer]):
    """What a route returns whose answer takes slow work: `make` is awaited for it when the session is closed.

    What the route wrote is committed by then.

    Not for a POST: the answer under an `Idempotency-Key` is stored with what it did, so it must be there before.
    """

    make: Callable[[], Awaitable[Answer]]
