"""What pages of other origins may do and read."""

from typing import Any

from studium.kit.base.config import Settings

_EXPOSED = (  # What a page of another origin may read.
    "ETag",
    "Idempotency-Replayed",
    "Link",
    "Location",
    "RateLimit",
    "RateLimit-Policy",
    "Retry-After",
    "X-Request-Id",
)


def cors_options(settings: Settings) -> dict[str, Any]:
    """What pages of other origins may do: nothing where none are named. Tokens travel in a header, not in a cookie."""
    if not settings.cors_origins:
        return {}
    return {
        "allow_origins": settings.cors_origins,
        "allow_methods": ("GET", "HEAD", "POST", "PATCH", "DELETE"),
        "allow_headers": (
            "Authorization",
            "Content-Type",
            "Idempotency-Key",
            "If-Match",
            "If-None-Match",
            "Range",
            "X-Request-Id",
        ),
        "expose_headers": _EXPOSED,
        "max_age": 3600,
    }
