"""Combining marks that are piled on one letter: normalising sorts them, in quadratic time, so there must be few."""

import functools
import re
import unicodedata

MARKS_MAX = 30
"""Marks on one letter, as Unicode's stream-safe text format has it; 80,000 would hold the server for ten seconds."""
_PLANES = 0x20000  # No combining mark lies beyond.


@functools.cache
def _piles() -> re.Pattern[str]:
    """Some marks have class 0 themselves and only fall apart into others (U+0F73), so the decomposition counts."""
    marks = "".join(
        char for char in map(chr, range(_PLANES)) if unicodedata.combining(unicodedata.normalize("NFD", char)[0])
    )
    return re.compile(f"([{marks}]{{{MARKS_MAX}}})[{marks}]+")


def without_piles(value: str) -> str:
    """The text itself; raise ValueError where more than 30 combining marks stand on one letter."""
    if not value.isascii() and (_piles().search(value) or _piles().search(unicodedata.normalize("NFC", value))):
        message = f"must not pile more than {MARKS_MAX} marks on one letter"
        raise ValueError(message)
    return value


def composed(text: str) -> str:
    """The text in NFC, with piles of marks cut to 30: for texts that nobody can be asked to mend."""
    return text if text.isascii() else _cut(unicodedata.normalize("NFC", _cut(text)))


def _cut(text: str) -> str:
    return _piles().sub(r"\1", text)
