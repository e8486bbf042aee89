"""Certificate numbers: `CERT-YYYYMMDD-XXXXXX`, the UTC date of issue and six characters by chance."""

import re
import secrets
from datetime import datetime

ALPHABET = "ABCDEF0123456789"
_INVISIBLE = re.compile("[\u200b-\u200f\u2066-\u2069\ufeff]")  # What a mail or a PDF may put around a number.
_PATTERN = re.compile(r"CERT-[0-9]{8}-[A-F0-9]{6}")


def new_number(issued_at: datetime) -> str:
    """A number for a certificate of that day (UTC). It may be taken: there are 16 million a day."""
    return f"CERT-{issued_at:%Y%m%d}-{''.join(secrets.choice(ALPHABET) for _ in range(6))}"


def normalize_number(text: str) -> str | None:
    """The number as it is stored, from what a person typed or copied; None for what cannot be one."""
    number = _INVISIBLE.sub("", text).strip().upper()
    return number if _PATTERN.fullmatch(number) else None
