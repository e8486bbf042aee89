"""Addresses have one spelling each, so that a proxy's rule about an address holds for whatever reaches its route."""

import re

# Encoded letters, digits, `-`, `.`, `_`, and what separates: `/` and `\`. No address of ours needs any of them.
_DISGUISED = re.compile(rb"%(?:2[d-f]|3[0-9]|[46][1-9a-f]|[57][0-9a]|5[cf])", re.IGNORECASE)

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")


def is_plain(path: str, raw: bytes) -> bool:
    """Whether a decoded path holds no control character, and `raw`, as it was sent, encodes nothing needlessly."""
    return b"%" not in raw or (_DISGUISED.search(raw) is None and _CONTROL.search(path) is None)
