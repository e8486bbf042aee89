"""`RateLimit` and `RateLimit-Policy`: how much of a throttle is left, told in the answer that it applied to.

The fields of draft-ietf-httpapi-ratelimit-headers-10, which names policies and so can tell of several at once. Whatever
counts calls `tell_limit`; the edge writes the headers.
"""

from contextvars import ContextVar
from dataclasses import dataclass


@dataclass(slots=True)
class LimitStanding:
    """A policy (`quota` within `window` seconds), what remains of it, and, once nothing does, when there is more.

    `scope` says which hits count; several policies may read one scope.
    """

    scope: str
    quota: int
    window: int
    remaining: int
    reset: int = 0


told_limits: ContextVar[dict[str, LimitStanding] | None] = ContextVar("told_limits", default=None)
"""What the request in hand has met, by the policy's name; the edge clears it for each."""


def tell_limit(name: str, standing: LimitStanding) -> None:
    """Have the answer say how a throttle stands; the latest word counts."""
    told = told_limits.get()
    if told is None:
        told_limits.set({name: standing})
    else:
        told[name] = standing


def told_of(scope: str) -> list[LimitStanding]:
    """What was told of a scope in this request, so that a hit counted since then can be taken off."""
    return [standing for standing in (told_limits.get() or {}).values() if standing.scope == scope]


def rate_limit_headers(told: dict[str, LimitStanding]) -> list[tuple[bytes, bytes]]:
    """Both fields, as Structured Fields: a list of names with parameters."""
    policies = ", ".join(f'"{name}";q={one.quota};w={one.window}' for name, one in told.items())
    standings = ", ".join(
        f'"{name}";r={one.remaining}' + (f";t={one.reset}" if one.reset else "") for name, one in told.items()
    )
    return [(b"ratelimit-policy", policies.encode()), (b"ratelimit", standings.encode())]
