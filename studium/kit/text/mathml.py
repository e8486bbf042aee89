r"""Formulas as MathML. latex2mathml reads them; its tree is written here through an allowlist, never by its own writer.

Its text writes what stands in `\text{…}` out as markup, and keeps addresses of `\\href`.
"""

import re
from html import escape, unescape
from xml.etree.ElementTree import Element

LONGEST = 2_000
"""Characters of a formula that is drawn; a longer one is shown as it was written."""
_MOST_ELEMENTS, _DEEPEST = 3_000, 40
_DEFINES = re.compile(r"\\(?:newcommand|def|newenvironment|DeclareMathOperator)(?![a-zA-Z])")
_ELEMENTS = frozenset(
    {"math", "mrow", "mi", "mn", "mo", "mtext", "mspace", "mfrac", "msqrt", "mroot", "mstyle", "mpadded", "mphantom"}
    | {"msub", "msup", "msubsup", "munder", "mover", "munderover", "mtable", "mtr", "mtd"}
)
_ATTRIBUTES = frozenset(
    {"accent", "accentunder", "columnalign", "columnlines", "columnspacing", "depth", "display", "displaystyle"}
    | {"fence", "form", "height", "largeop", "linethickness", "lspace", "mathvariant", "maxsize", "minsize"}
    | {"movablelimits", "rowlines", "rowspacing", "rspace", "scriptlevel", "separator", "stretchy", "symmetric"}
    | {"voffset", "width"}
)
_VALUE = re.compile(r"[A-Za-z0-9.+% -]{1,60}")


class _NotDrawnError(Exception):
    """A tree that holds what is not on the list, or too much of it."""


def mathml(latex: str, *, apart: bool) -> str | None:
    """The MathML of a formula without its signs, on a line of its own (`apart`) or not; None for what is not read."""
    from latex2mathml.converter import Converter  # noqa: PLC0415 -- the first formula loads it.

    if len(latex) > LONGEST or _DEFINES.search(latex):
        return None
    try:
        tree = Converter(display="block" if apart else "inline").convert_to_element(latex)
        parts: list[str] = []
        _write(tree, parts, 0)
    except Exception:  # noqa: BLE001 -- it raises whatever it meets; the formula is shown as it was written.
        return None
    return "".join(parts)


def _write(element: Element, parts: list[str], depth: int) -> None:
    """Append an element, its text and what it holds. Text is characters, some as references; it is never markup."""
    if element.tag not in _ELEMENTS or depth > _DEEPEST or len(parts) > _MOST_ELEMENTS:
        raise _NotDrawnError
    kept = (f' {name}="{value}"' for name, value in element.items() if name in _ATTRIBUTES and _VALUE.fullmatch(value))
    parts.append(f"<{element.tag}{''.join(kept)}>{escape(unescape(element.text or ''))}")
    for child in element:
        _write(child, parts, depth + 1)
    parts.append(f"</{element.tag}>{escape(unescape(element.tail or ''))}")
