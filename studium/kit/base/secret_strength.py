"""How hard a master secret is to guess: bits, estimated from the text alone."""

import re
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from math import inf, log2

SHORTEST = 32
LEAST_BITS = 80.0
"""32 random hex digits are estimated at 90 or more, a sentence of 50 letters at less than 80."""

_WORD_BITS = 1.5
_MOSTLY = 0.75
_REPEAT = 4
_WORD = re.compile(r"[A-Z]?[a-z]{3,}|[A-Z]{4,}|[A-Z][a-z]{2}")
_PRONOUNCED = re.compile(r"(?i)[bcdfghjklmnpqrstvwxz]{0,3}([aeiouy]{1,3}[bcdfghjklmnpqrstvwxz]{0,4})+")
_WELL_KNOWN = (
    *("changeme", "change-me", "change_me", "secret", "password", "studium", "example", "insecure"),
    *("qwerty", "qwertz", "azerty", "asdfgh", "zxcvbn", "yxcvbn", "123456", "abcdef", "314159", "271828"),
)


def weakness_of(secret: str) -> str | None:
    """Say why a master secret is no good (missing, short, easy to guess), or None."""
    if not secret:
        return "is missing"
    if len(secret) < SHORTEST:
        return f"is shorter than {SHORTEST} characters"
    if any(word in secret.lower() for word in _WELL_KNOWN) or bits_of(secret) < LEAST_BITS:
        return "is easy to guess"
    return None


def bits_of(secret: str) -> float:
    """An estimate that gives little for few different characters, even steps (`abcd`, `2468`), repeats and words."""
    steps = [ord(second) - ord(first) for first, second in pairwise(secret)]
    for_each = min(_entropy(secret), _entropy(steps), _WORD_BITS if _is_text(secret) else inf)
    return for_each * sum(not _is_repeated(secret, place) for place in range(len(secret)))


def _is_text(secret: str) -> bool:
    """Whether most of its letters and digits stand in what can be pronounced."""
    words = [word for word in _WORD.findall(secret) if _PRONOUNCED.fullmatch(word)]
    return sum(map(len, words)) >= _MOSTLY * sum(map(str.isalnum, secret))


def _entropy(items: Sequence[object]) -> float:
    """Shannon's entropy of the items, in bits for each."""
    return -sum(count / len(items) * log2(count / len(items)) for count in Counter(items).values())


def _is_repeated(secret: str, place: int) -> bool:
    """Whether the characters that end here were there before."""
    last = secret[max(0, place - _REPEAT + 1) : place + 1]
    return len(last) == _REPEAT and last in secret[:place]
