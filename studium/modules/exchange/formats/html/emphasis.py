"""Emphasis in HTML, written so that CommonMark reads it.

A mark that has a letter on one side must not have punctuation on the other: `**Task:**Build` shows its asterisks. There
the punctuation moves out of the emphasis, and where it cannot, the letter becomes a character reference, which counts
as punctuation itself. Elements become marks of our own first, because what stands beside them is known only when
everything else is Markdown already.
"""

import re
from collections.abc import Iterator

from lxml import etree
from markdown_it.common.utils import isMdAsciiPunct, isPunctChar, isWhiteSpace

Element = etree._Element  # noqa: SLF001 -- lxml has no other name for it.
KINDS = {"b": "strong", "strong": "strong", "i": "em", "em": "em", "dfn": "em", "var": "em", "cite": "em",
         "del": "del", "s": "del", "strike": "del"}  # fmt: skip
BLOCKS = frozenset({
    "address", "article", "aside", "blockquote", "center", "dd", "details", "dialog", "dir", "div", "dl", "dt",
    "fieldset", "figcaption", "figure", "footer", "form", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hgroup",
    "hr", "legend", "li", "main", "menu", "nav", "ol", "p", "pre", "section", "summary", "table", "tbody", "td",
    "tfoot", "th", "thead", "tr", "ul",
})  # fmt: skip
BEFORE_LINK = "\ufdd8"
"""Stands before a link: with an exclamation mark before it, it would be a picture."""
VERBATIM = frozenset({"pre", "code", "kbd", "samp", "tt", "caption"})
"""Where marks would be shown as they are, or would meet others; a table's caption is slanted anyway."""
_OPEN = {"strong": "\ufdd2", "em": "\ufdd4", "del": "\ufdd6"}
_CLOSE = {kind: chr(ord(mark) + 1) for kind, mark in _OPEN.items()}
_WRITTEN = {"\ufdd2": "**", "\ufdd3": "**", "\ufdd4": "*", "\ufdd5": "*", "\ufdd6": "~~", "\ufdd7": "~~"}
_OPENS, _CLOSES = "[\ufdd2\ufdd4\ufdd6]", "[\ufdd3\ufdd5\ufdd7]"
_SPACE = r"(?:[^\S\n]|\\?\n)"
_LEADING = re.compile(rf"({_OPENS}+)({_SPACE}++)")
_TRAILING = re.compile(rf"(?<![\s\\])({_SPACE}++)({_CLOSES}+)")
_EMPTY = re.compile("|".join(_OPEN[kind] + _CLOSE[kind] for kind in _OPEN))
_TOUCHING = re.compile("|".join(_CLOSE[kind] + _OPEN[kind] for kind in _OPEN))
_MARKS = re.compile("([\ufdd2-\ufdd7]+)")
_OPENING, _CLOSING = "“‘„«「『（《〈【\"'", "”’“»」』）》〉】\"'"  # noqa: RUF001 -- signs as people type them.
_DEEPEST = 4
"""Kinds of emphasis that stand within each other, and one."""
_REFERENCE, _REFERENCE_MAX = re.compile(r"&#?\w+$"), 12
_CROWD = re.compile("(?<=[\ufdd3\ufdd5])(?=[\ufdd2\ufdd4])")
_BETWEEN = "&#8203;"
"""Stands (with no width) where bold and slanted words meet, whose asterisks CommonMark might pair in another way."""
_PAIRS = dict(zip(_OPENING, _CLOSING, strict=True))
_BEFORE = _OPENING + "¿¡"
_BEHIND = _CLOSING + ".,:;!?…%。，：；！？、．"  # noqa: RUF001 -- see above.
"""Punctuation that may stand outside of the emphasis instead; none of it belongs to Markdown at such a place."""


def mark_emphasis(root: Element) -> bool:
    """Put marks in place of the elements; tell whether some emphasis had to go, because it held whole blocks."""
    around = _around_blocks(root)
    depth: dict[str, int] = {}
    found: list[tuple[Element, str]] = []
    for event, element in etree.iterwalk(root, events=("start", "end")):
        tag = str(element.tag)
        kind = "code" if tag in VERBATIM else KINDS.get(tag, "")
        if not kind or element in around:
            continue
        if event == "start":
            depth[kind] = depth.get(kind, 0) + 1
            if kind != "code" and depth[kind] == 1 and not depth.get("code"):
                found.append((element, kind))
        else:
            depth[kind] -= 1
    for element, kind in found:
        if element.find(".//br") is not None and not _shows_something(element):
            continue
        element.text = _OPEN[kind] + (element.text or "")
        if len(element):
            element[-1].tail = (element[-1].tail or "") + _CLOSE[kind]
        else:
            element.text += _CLOSE[kind]
    for element in list(root.iter(*KINDS)):
        element.tag = "div" if element in around else "span"
    return bool(around)


def _shows_something(element: Element) -> bool:
    return element.find(".//img") is not None or bool("".join(element.itertext()).replace("\u200b", "").strip())


def _around_blocks(root: Element) -> set[Element]:
    """Emphasis that holds a block; each element is looked at once."""
    found: set[Element] = set()
    for block in root.iter(*BLOCKS):
        parent = block.getparent()
        while parent is not None and parent.tag not in BLOCKS and parent not in found:
            if parent.tag in KINDS:
                found.add(parent)
            parent = parent.getparent()
    return found


def written_emphasis(markdown: str) -> str:
    """Write the marks as Markdown."""
    for _ in range(_DEEPEST if _MARKS.search(markdown) else 0):
        markdown = _TRAILING.sub(r"\2\1", _LEADING.sub(r"\2\1", markdown))
        markdown = _TOUCHING.sub("", _EMPTY.sub("", markdown))
    markdown = markdown.replace(f"!{BEFORE_LINK}", "\\!").replace(BEFORE_LINK, "")
    parts = _MARKS.split(_CROWD.sub(_BETWEEN, markdown))
    texts, runs = parts[::2], parts[1::2]
    for at in _nested(runs):
        _make_plain(texts, runs, at)
    for _ in range(_DEEPEST):  # What is done for one mark may be in the way of the one before it.
        for at, run in enumerate(runs):
            _settle(texts, runs, at, is_opening=run[0] in _OPENS, is_mixed=len(set(map(_side, run))) > 1)
    return "".join(_woven(texts, runs))


def _nested(runs: list[str]) -> Iterator[int]:
    """The runs of emphasis that holds emphasis, or that ends where another begins."""
    depth, group, is_nested = 0, list[int](), False
    for at, run in enumerate(runs):
        group.append(at)
        for mark in run:
            depth += 1 if _side(mark) else -1
        is_nested |= len(run) > 1 or depth > 1
        if depth <= 0:
            yield from group if is_nested else ()
            depth, group, is_nested = 0, [], False


def _make_plain(texts: list[str], runs: list[str], at: int) -> None:
    """Within a word a run could both open and close; among others it must be clear which it does."""
    before, behind = texts[at], texts[at + 1]
    if not (_is_letter(before[-1:] or "\n") and _is_letter(behind[:1] or "\n")):
        return
    if all(map(_side, runs[at])):
        texts[at] = f"{before[:-1]}&#{ord(before[-1])};"
    elif not any(map(_side, runs[at])):
        texts[at + 1] = f"&#{ord(behind[0])};{behind[1:]}"


def _side(mark: str) -> bool:
    return mark in _OPENS


def _woven(texts: list[str], runs: list[str]) -> Iterator[str]:
    for text, run in zip(texts, runs, strict=False):
        yield text
        yield "".join(_WRITTEN[mark] for mark in run)
    yield texts[-1]


def _settle(texts: list[str], runs: list[str], at: int, *, is_opening: bool, is_mixed: bool) -> None:
    """Make the marks between two texts ones that CommonMark reads; both may change."""
    before, behind = texts[at], texts[at + 1]
    last, first = before[-1:] or "\n", behind[:1] or "\n"
    if len({_WRITTEN[mark][0] for mark in runs[at]}) > 1:  # Marks of two kinds are punctuation to each other.
        last_is_letter, first_is_letter = _is_letter(last), _is_letter(first)
    else:
        last_is_letter = _is_letter(last) and _is_sign(first)
        first_is_letter = _is_letter(first) and _is_sign(last)
    if last_is_letter and (is_opening or is_mixed):
        _open(texts, runs, at)
    if first_is_letter and (not is_opening or is_mixed):
        _close(texts, runs, at)


def _open(texts: list[str], runs: list[str], at: int) -> None:
    inner = texts[at + 1]
    rest = inner.lstrip(_BEFORE)
    if rest and rest != inner and not _is_sign(rest[0]) and not isWhiteSpace(ord(rest[0])) and _is_plain(runs[at]):
        texts[at] += inner[: -len(rest)]
        texts[at + 1] = rest
        _close_pair(texts, runs, at, inner)
    else:
        texts[at] = f"{texts[at][:-1]}&#{ord(texts[at][-1])};"


def _close_pair(texts: list[str], runs: list[str], at: int, inner: str) -> None:
    """The other half of a pair of quotes goes with the first."""
    last = texts[at + 1][-1]
    if _PAIRS.get(inner[0]) == last and at + 1 < len(runs) and _is_plain(runs[at + 1]) and len(texts[at + 1]) > 1:
        texts[at + 1], texts[at + 2] = texts[at + 1][:-1], last + texts[at + 2]


def _close(texts: list[str], runs: list[str], at: int) -> None:
    inner = texts[at]
    rest = inner.rstrip(_BEHIND)
    if inner[len(rest) :].startswith(";") and _REFERENCE.search(rest[-_REFERENCE_MAX:]):
        rest = inner[: len(rest) + 1]
    moved = inner[len(rest) :]
    is_inside = at > 0 and rest and moved and _is_letter(rest[-1]) and _is_plain(runs[at])
    if is_inside and not any(each in _PAIRS.values() and each not in _PAIRS for each in moved):
        texts[at], texts[at + 1] = rest, moved + texts[at + 1]
    elif is_inside and rest[0] in _PAIRS and runs[at - 1][0] in _OPENS and _is_plain(runs[at - 1]) and rest[1:]:
        texts[at - 1] += rest[0]
        texts[at], texts[at + 1] = rest[1:], moved + texts[at + 1]
    else:
        texts[at + 1] = f"&#{ord(texts[at + 1][0])};{texts[at + 1][1:]}"


def _is_plain(run: str) -> bool:
    """Whether these marks all open or all close, and are of one sign."""
    return len({(_side(mark), _WRITTEN[mark][0]) for mark in run}) == 1


def _is_sign(char: str) -> bool:
    return isMdAsciiPunct(ord(char)) or isPunctChar(char)


def _is_letter(char: str) -> bool:
    return not (_is_sign(char) or isWhiteSpace(ord(char)))
