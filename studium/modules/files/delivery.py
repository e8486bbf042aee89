"""How a file goes out: its headers, its tag, and the part of it that was asked for. Pure functions."""

import re
from collections.abc import Mapping
from urllib.parse import quote

from studium.modules.files.errors import RangeNotSatisfiable
from studium.modules.files.formats import FORMATS

_POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'; sandbox"
_INLINE = frozenset(one.mime_type for one in FORMATS.values() if one.is_inline)
_RANGE = re.compile(r"bytes=(\d{0,19})-(\d{0,19})")
_NOT_PLAIN = re.compile(r"[^ !#-\[\]-~]|[/%]")


def delivery_headers(mime_type: str, label: str) -> dict[str, str]:
    """What a browser must know to show or save it, wherever it comes from."""
    kind = "inline" if mime_type in _INLINE else "attachment"
    plain = _NOT_PLAIN.sub("_", label)
    name = f"{kind}; filename=\"{plain}\"; filename*=UTF-8''{quote(label, safe='')}"
    return {"Content-Type": mime_type, "Content-Disposition": name}


def guard_headers(checksum: str, *, is_public: bool) -> dict[str, str]:
    """What keeps a file from doing harm, and lets a browser keep it but ask each time."""
    return {
        "ETag": f'"{checksum}"',
        "Accept-Ranges": "bytes",
        "Cache-Control": "public, no-cache" if is_public else "private, no-cache",
        "Content-Security-Policy": _POLICY,
        "Cross-Origin-Resource-Policy": "cross-origin" if is_public else "same-origin",
    }


def is_known(headers: Mapping[str, str], etag: str) -> bool:
    """Whether the caller has this very content (`If-None-Match`)."""
    tags = [tag.strip().removeprefix("W/") for tag in headers.get("if-none-match", "").split(",")]
    return etag in tags or "*" in tags


def wanted_range(headers: Mapping[str, str], etag: str, size: int) -> tuple[int, int] | None:
    """The first byte and the one after the last that are wanted; None for all of them.

    Several ranges, other units, and a range of another version (`If-Range`) give all. Raises RangeNotSatisfiable.
    """
    found = _RANGE.fullmatch(headers.get("range", "").strip())
    if found is None or found[1] + found[2] == "" or headers.get("if-range", etag) != etag:
        return None
    if found[1]:
        start, end = int(found[1]), min(size, int(found[2]) + 1) if found[2] else size
        if found[2] and int(found[2]) < start:
            return None
    else:
        start, end = max(0, size - int(found[2])), size
    if start >= end:
        message = f"The file has {size} bytes."
        raise RangeNotSatisfiable(message, headers={"Content-Range": f"bytes */{size}"})
    return start, end
