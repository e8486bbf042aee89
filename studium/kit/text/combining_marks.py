"""Combining marks that are piled on one letter: normalising sorts them, in quadratic time, so there must be few.

Whatever normalises a text does so through `normal` or `composed`, which cut piles first: linear for every text.
"""

import functools
import unicodedata
from collections.abc import Iterator
from typing import Literal

MARKS_MAX = 30
"""Marks on one letter, as Unicode's stream-safe text format has it; 80,000 would hold the server for ten seconds."""
_FIRST, _LAST = "\u0300", "\U0001f000"  # No combining mark lies beyond.

_normalize = unicodedata.normalize  # noqa: TID251 -- here alone, behind what bounds it.

Form = Literal["NFC", "NFKC", "NFKD"]


@functools.cache
def _marks() -> frozenset[str]:
    """What is a mark or falls apart into marks, also by compatibility: U+0F73, and the half-width U+FF9E."""
    return frozenset(char for char in map(chr, range(ord(_FIRST), ord(_LAST))) if _is_mark(char))


def _is_mark(char: str) -> bool:
    if unicodedata.combining(char):
        return True
    return bool(unicodedata.decomposition(char) and unicodedata.combining(_normalize("NFKD", char)[0]))


def _piles(text: str) -> Iterator[tuple[int, int]]:
    """Where each run of more than 30 marks begins and ends; it holds one of every 31st characters."""
    if text.isascii():
        return
    marks, place, size = _marks(), MARKS_MAX, len(text)
    while place < size:
        if text[place] in marks:
            start = end = place
            while start and text[start - 1] in marks:
                start -= 1
            while end < size and text[end] in marks:
                end += 1
            if end - start > MARKS_MAX:
                yield start, end
            place = end
        place += MARKS_MAX + 1


def without_piles(value: str) -> str:
    """The text itself; raise ValueError where more than 30 combining marks stand on one letter."""
    if any(True for _ in _piles(value)) or any(True for _ in _piles(_normalize("NFC", value))):
        message = f"must not pile more than {MARKS_MAX} marks on one letter"
        raise ValueError(message)
    return value


def composed(text: str) -> str:
    """The text in NFC, with piles of marks cut to 30: for texts that nobody can be asked to mend."""
    return _cut(normal("NFC", text))


def normal(form: Form, text: str) -> str:
    """The text in a normal form of Unicode, with piles of marks cut before it is made."""
    return text if text.isascii() else _normalize(form, _cut(text))


def _cut(text: str) -> str:
    parts, done = [], 0
    for start, end in _piles(text):
        parts.append(text[done : start + MARKS_MAX])
        done = end
    return "".join((*parts, text[done:])) if parts else text
