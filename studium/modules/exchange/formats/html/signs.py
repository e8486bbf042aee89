"""Superscripts and subscripts as characters, so that they survive wherever there is no markup: 10³, x₁, a^(m·n)."""

import re
from html import unescape

from lxml import etree

_UP = (
    dict(zip("0123456789+-=()", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁼⁽⁾", strict=True))
    | dict(zip("abcdefghijklmnoprstuvwxyz", "ᵃᵇᶜᵈᵉᶠᵍʰⁱʲᵏˡᵐⁿᵒᵖʳˢᵗᵘᵛʷˣʸᶻ", strict=True))
    | dict(zip("ABDEGHIJKLMNOPRTUVW", "ᴬᴮᴰᴱᴳᴴᴵᴶᴷᴸᴹᴺᴼᴾᴿᵀᵁⱽᵂ", strict=True))
    | dict(zip("βγδθφχ", "ᵝᵞᵟᶿᵠᵡ", strict=True))
)
_DOWN = (
    dict(zip("0123456789+-=()", "₀₁₂₃₄₅₆₇₈₉₊₋₌₍₎", strict=True))
    | dict(zip("aehijklmnoprstuvx", "ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓ", strict=True))
    | dict(zip("βγρφχ", "ᵦᵧᵨᵩᵪ", strict=True))
)
_MINUS = str.maketrans("\u2212\u2013\u2010\u2011", "----")
_MARKS = {"sup": ("^", _UP), "sub": ("_", _DOWN)}
_WRITTEN = re.compile(r"<(sup|sub)\b[^<>]*>([^<>]{1,200})</\1\s*>", re.IGNORECASE)
_WORD = re.compile(r"[^\W\d_]{5}")
_SPOKEN = "sign"
_SHOWN = frozenset({"img", "a", "br", "math"})


def sign(tag: str, text: str) -> str:
    """The text of a `sup` or `sub` in Unicode's own signs where each has one, else as `^(text)` or `_(text)`.

    Whole words stay letters that can be read and searched for.
    """
    mark, signs = _MARKS[tag]
    words = " ".join(text.split())
    found = [signs.get(char) for char in words.translate(_MINUS)]
    if not words:
        return ""
    is_short = None not in found and not _WORD.search(words)
    return "".join(map(str, found)) if is_short else f"{mark}({words})"


def put_signs(root: etree._Element) -> None:
    """Put signs in the place of every `sup` and `sub` below `root`; those inside another come first."""
    for element in reversed(list(root.iter("sup", "sub"))):
        tag = str(element.tag)
        if any(element.find(f".//{each}") is not None for each in _SHOWN):
            _enclose(element, _MARKS[tag][0])
        else:
            text = sign(tag, "".join(element.itertext()))
            del element[:]
            element.text = text
        element.tag = _SPOKEN
    etree.strip_tags(root, _SPOKEN)


def _enclose(element: etree._Element, mark: str) -> None:
    """What holds more than words stays, in brackets."""
    element.text = f"{mark}({element.text or ''}"
    element[-1].tail = f"{element[-1].tail or ''})"


def signs_in(text: str) -> str:
    """The same for a text that is no HTML, in which somebody has written `<sup>3</sup>` all the same."""
    return _WRITTEN.sub(lambda match: sign(match[1].lower(), unescape(match[2])), text) if "<" in text else text


def readings(key: str) -> tuple[str, ...]:
    """A key as people type it, and as it was written where it holds `<sup>3</sup>`: HTML may be what is taught."""
    return tuple(dict.fromkeys((signs_in(key), key)))
