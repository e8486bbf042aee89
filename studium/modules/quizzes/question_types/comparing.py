"""How short answers are read: one form for every way of writing the same text, its words, and its number."""

import re
import unicodedata
from decimal import Decimal, InvalidOperation
from functools import lru_cache

from studium.kit.text.combining_marks import normal

# A run of letters, marks and digits of any script, with its power and index; `+` and `#` at its end belong to it, so
# that C++ and C# are not C.
_WORD = re.compile(r"[LMN]+(?:\^-?[LMN]+|_(?:N+|L)(?![LMN_]))*(?:[+#]+(?![LMN]))?")
# NFKC makes 103 of 10\u00b3. Superscript letters of words, as in 1\u1d49\u02b3, are no powers and stay letters.
_POWERS = re.compile("[\u00b2\u00b3\u00b9\u2070-\u207f]+")
_INDEXES = re.compile("[\u2080-\u209c]+")
_BRACKETED = re.compile(r"([\^_])[({]([^(){}]{1,50})[)}]")
_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?")
_ARABIC_POINT = "\u066b"
_MAX_EXPONENT = 100
_NUMBER_MAX = 200
_GROWTH_MAX = 2
"""How many times longer NFKC may make a text: U+FDFA alone would make it eighteen."""
_SPARE = 100
_SIGNS_KEPT = 8_192
# What typesetting, word processors and other keyboards make of the signs of a keyboard. A French guillemet takes its
# narrow space along.
_AS_TYPED = str.maketrans(
    dict.fromkeys("\u2018\u2019\u201a\u201b\u2032\u2035\u2039\u203a\u02b9\u02bb\u02bc\u00b4", "'")
    | dict.fromkeys("\u201c\u201d\u201e\u201f\u2033\u2036\u00ab\u00bb\u301d\u301e\u301f", '"')
    | dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2015\u2212\u02d7\ufe58\ufe63", "-")
)
_GUILLEMETS = re.compile("(?<=\u00ab)[\u00a0\u202f]|[\u00a0\u202f](?=\u00bb)")


def normalized(text: str, *, exact_typography: bool = False) -> str:
    """NFKC and case folding without invisible characters, as Unicode's NFKC_Casefold; spaces collapsed, accents stay.

    Typographic apostrophes, quotes and dashes are those of a keyboard, unless `exact_typography` keeps them. The
    Turkish dotless i is an i, because its capital is an I. A text that grows beyond twice its length is cut there.

    Source: The Unicode Standard, section 3.13, D147 (toNFKC_Casefold).
    """
    typed = text if exact_typography or text.isascii() else _GUILLEMETS.sub("", text).translate(_AS_TYPED)
    whole = normal("NFKC", typed)[: _GROWTH_MAX * len(text) + _SPARE]
    folded = normal("NFKC", whole.casefold())
    if not folded.isascii():
        seen = "".join(char for char in folded if not _is_invisible(char))
        folded = seen.replace("i\u0307", "i").replace("\u0131", "i")
        folded = folded if exact_typography else folded.translate(_AS_TYPED)
    return " ".join(folded.split())


def with_powers(text: str) -> str:
    """The text with its powers and indexes as they are typed: 10\u00b3 and 10^(3) become 10^3, x\u2081 becomes x_1."""
    return _BRACKETED.sub(r"\1\2", _INDEXES.sub(r"_\g<0>", _POWERS.sub(r"^\g<0>", text)))


@lru_cache(_SIGNS_KEPT)
def _is_invisible(char: str) -> bool:
    return unicodedata.category(char) == "Cf"


def words_of(text: str) -> list[str]:
    """The words of a text in any script."""
    seen = normalized(text)
    return [seen[found.start() : found.end()] for found in _WORD.finditer(_kinds(seen))]


def _kinds(text: str) -> str:
    return "".join(map(_kind, text))


@lru_cache(_SIGNS_KEPT)
def _kind(char: str) -> str:
    """A character's kind: L, M or N as Unicode has it, the signs of `_WORD` as they are, else a space."""
    kind = unicodedata.category(char)[0]
    return kind if kind in "LMN" else char if char in "+#^_-" else " "


def number_of(text: str) -> Decimal | None:
    """The number that a text says, or None: digits of any script, a decimal point, an exponent.

    A comma is refused: some write a half as 0,5, others a thousand as 1,000.
    """
    plain = normalized(with_powers(text[: _NUMBER_MAX + 1])).replace(_ARABIC_POINT, ".")
    if len(text) > _NUMBER_MAX or not _NUMBER.fullmatch(plain):
        return None
    try:
        number = Decimal(plain)
    except InvalidOperation:
        return None
    return number if abs(number.adjusted()) <= _MAX_EXPONENT else None
