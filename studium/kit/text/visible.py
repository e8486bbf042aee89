"""Whether a text shows anything: spaces, format characters and lone marks do not, though they are characters."""

import unicodedata

_BLANK = frozenset("\u115f\u1160\u2800\u3164\uffa0")
"""Letters and a sign that are drawn as nothing; format characters and spaces are of no category of what is seen."""
_SEEN = frozenset("LNPS")


def shows_something(text: str) -> bool:
    """Whether a letter, digit or sign is in it; joiners beside these, as Persian and emoji need them, are welcome."""
    return any(char not in _BLANK and unicodedata.category(char)[0] in _SEEN for char in text)
