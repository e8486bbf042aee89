"""The marks of GIFT: escapes, text formats and weights."""

import re
from decimal import Decimal

from studium.modules.exchange.formats.questions.numbers import decimal_of, weight
from studium.modules.exchange.formats.questions.parts import RichText, TextFormat, Unreadable

_ESCAPED = r"\:#={}~"
_HIDDEN = {mark: chr(0xFDD0 + place) for place, mark in enumerate(_ESCAPED + "\n")}
_SHOWN = str.maketrans({hidden: mark for mark, hidden in _HIDDEN.items()})
_ESCAPE = re.compile(r"\\([\\:#={}~n])")
_FORMAT = re.compile(r"\[(html|markdown|plain|moodle)\]")
_SPACES = re.compile(r"[ \t\n]+")
_WEIGHT = re.compile(r"%([^%\s]{0,120}|[-+0-9.,/ \t\u2212\u2013]{1,120})%")
NONCHARACTERS = re.compile("[\ufdd0-\ufdef]")
"""Code points that no text may hold; escaped characters hide behind them while the marks are read."""


def hide_escapes(text: str) -> str:
    r"""Put a noncharacter for each escaped one, so that what is left is markup. `\n` is a new line."""
    return _ESCAPE.sub(lambda match: _HIDDEN["\n" if match[1] == "n" else match[1]], text)


def show_escapes(text: str) -> str:
    """Put back what `hide_escapes` hid, without the escapes."""
    return text.translate(_SHOWN)


def rich_text(text: str, default: TextFormat) -> RichText:
    """Return a text with its format. Line ends mean nothing but in HTML and Markdown; escaped ones always stay."""
    text = text.strip()
    mark = _FORMAT.match(text)
    text_format = TextFormat(mark[1]) if mark else default
    text = text[mark.end() :] if mark else text
    if text_format in {TextFormat.MOODLE, TextFormat.PLAIN}:
        text = _SPACES.sub(" ", text)
    return RichText(show_escapes(text).strip(), text_format)


def optional_text(text: str, default: TextFormat) -> RichText | None:
    """As `rich_text`, but None where there are no words."""
    found = rich_text(text, default)
    return found if found.text else None


def weight_of(text: str) -> tuple[Decimal | None, str]:
    """Return the weight that an answer begins with, if any, and the rest. Raises Unreadable for what is no weight.

    Two percent signs around anything else are refused rather than shown, unless they are the whole answer (`%PATH%`).
    """
    mark = _WEIGHT.match(text)
    if mark is None:
        return None, text
    rest = text[mark.end() :]
    if decimal_of(mark[1]) is None:
        if not rest.partition("#")[0].strip():
            return None, text
        reason = f"{show_escapes(mark[0])[:40]!r} where a weight stands; if it is text, write a word before it"
        raise Unreadable(reason)
    return weight(mark[1]), rest
