"""Parts of a page that a click shows: they become `<details>`, which Markdown lessons show the same way."""

import re
from collections.abc import Callable
from html import escape

from lxml import etree

from studium.modules.exchange.formats.html.emphasis import BLOCKS

Element = etree._Element  # noqa: SLF001 -- lxml has no other name for it.
Note = Callable[[str], object]
_START, _END = "\ufdd0", "\ufdd1"
_MARK = re.compile(f"{_START}([0-9]*){_END}")
_INVISIBLE = re.compile(r"(?:^|[;\s])(?:display\s*:\s*none|visibility\s*:\s*hidden)", re.IGNORECASE)
_OPEN_TAGS = frozenset({"html", "body", "div", "section", "article", "main", "center", "form", "fieldset", "details"})
"""Elements whose parts are blocks of the page itself; elsewhere (lists, tables, quotations) there is no room."""
_HEADINGS = frozenset({"h1", "h2", "h3", "h4", "h5", "h6"})
_SUMMARY_MAX = 200
MORE = {
    "ar": "المزيد", "de": "Mehr", "en": "More", "es": "Más", "fr": "Plus", "hi": "और", "it": "Altro",
    "ja": "もっと見る", "ko": "더 보기", "nb": "Mer", "nl": "Meer", "no": "Mer", "pl": "Więcej", "pt": "Mais",
    "ru": "Ещё", "sv": "Mer", "tr": "Daha fazla", "uk": "Більше", "vi": "Thêm", "zh": "更多",
}  # fmt: skip
"""What the button of such a part says where the page gives it no words, by language."""


def words_in(text: str) -> int:
    """How many words a text has."""
    return len(text.split())


def fold_hidden(root: Element, note: Note, language: str) -> list[str]:
    """Put marks around what is hidden, which is shown from now on; return the words of each mark's button."""
    summaries: list[str] = []
    inside = 0
    for element in [each for each in root.iter() if _is_hidden(each)]:
        text = "".join(element.itertext())
        if not text.strip() and next(element.iter("img", "iframe", "video", "audio", "a"), None) is None:
            continue
        element.attrib.pop("style", None)
        if element.tag in BLOCKS and _stands_free(element):
            _fold(element, _summary(element, language), summaries)
        else:
            inside += words_in(text)
    if inside:
        note(f"{inside} words that a click showed are shown at once")
    return summaries


def _is_hidden(element: Element) -> bool:
    if element.tag == "details":
        return True
    given = element.keys()
    return "hidden" in given or ("style" in given and _INVISIBLE.search(element.get("style") or "") is not None)


def _stands_free(element: Element) -> bool:
    return all(each.tag in _OPEN_TAGS for each in element.iterancestors())


def _fold(element: Element, summary: str, summaries: list[str]) -> None:
    before, behind = etree.Element("p"), etree.Element("p")
    before.text, behind.text = f"{_START}{len(summaries)}{_END}", f"{_START}{_END}"
    behind.tail, element.tail = element.tail, None
    element.addprevious(before)
    element.addnext(behind)
    summaries.append(summary)
    if element.tag == "details":
        element.tag = "div"


def _summary(element: Element, language: str) -> str:
    """The words of its own summary, or of the button before it, which does nothing else; else a word for all."""
    own = next(iter(element.iterchildren("summary")), None) if element.tag == "details" else None
    button = element.getprevious() if element.tag != "details" else None
    source = own if own is not None else button if button is not None and _is_button(button) else None
    words = "" if source is None else " ".join("".join(source.itertext()).split())
    if source is None or not words or len(words) > _SUMMARY_MAX or source.find(".//img") is not None:
        return MORE.get(language, MORE["en"])
    parent, tail = source.getparent(), source.tail
    if parent is not None and (source is own or not (tail or "").strip()):
        source.clear()
        source.tag, source.tail = "span", tail
    return words


def _is_button(element: Element) -> bool:
    if element.tag == "p" and len(element) == 1 and not (element.text or "").strip() and not element[0].tail:
        element = element[0]
    address = element.get("href") or "#"
    return element.tag == "button" or (element.tag == "a" and address.startswith(("#", "javascript:")))


def with_details(markdown: str, summaries: list[str]) -> str:
    """Write the marks as tags."""

    def tag(mark: re.Match[str]) -> str:
        known = mark[1].isdecimal() and int(mark[1]) < len(summaries)
        return f"<details><summary>{escape(summaries[int(mark[1])], quote=False)}</summary>" if known else "</details>"

    return _MARK.sub(tag, markdown) if summaries else markdown
