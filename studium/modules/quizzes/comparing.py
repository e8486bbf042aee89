"""How short answers are read: one form for every way of writing the same text, its words, and its number."""

import re
import unicodedata
from decimal import Decimal, InvalidOperation

# A run of letters, marks and digits of any script; `+` and `#` at its end belong to it, so that C++ and C# are not C.
_WORD = re.compile(r"[LMN]+(?:[+#]+(?![LMN]))?")
_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?")
# What typesetting makes of a minus sign, and the decimal sign of Arabic script.
_AS_TYPED = str.maketrans({"\u2212": "-", "\u2010": "-", "\u2011": "-", "\u066b": "."})
_MAX_EXPONENT = 100


def normalized(text: str) -> str:
    """NFKC and case folding without invisible characters, as Unicode's NFKC_Casefold; spaces collapsed, accents stay.

    Source: The Unicode Standard, section 3.13, D147 (toNFKC_Casefold).
    """
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    seen = "".join(char for char in folded if unicodedata.category(char) != "Cf")
    return " ".join(seen.split())


def words_of(text: str) -> list[str]:
    """The words of a text in any script."""
    seen = normalized(text)
    return [seen[found.start() : found.end()] for found in _WORD.finditer(_kinds(seen))]


def _kinds(text: str) -> str:
    """Each character's kind: L, M or N as Unicode has it, `+` and `#` as they are, else a space."""
    return "".join(kind if (kind := unicodedata.category(char)[0]) in "LMN" else _sign(char) for char in text)


def _sign(char: str) -> str:
    return char if char in "+#" else " "


def number_of(text: str) -> Decimal | None:
    """The number that a text says, or None: digits of any script, a decimal point, an exponent.

    A comma is refused: some write a half as 0,5, others a thousand as 1,000.
    """
    plain = normalized(text).translate(_AS_TYPED)
    if not _NUMBER.fullmatch(plain):
        return None
    try:
        number = Decimal(plain)
    except InvalidOperation:
        return None
    return number if abs(number.adjusted()) <= _MAX_EXPONENT else None
