"""Turns the HTML of other systems into the Markdown that lessons are written in."""

import re
import unicodedata
from collections.abc import Callable

from html_to_markdown import ConversionOptions, convert
from lxml import etree
from lxml import html as lxml_html

from studium.modules.courses.markdown_course import fence_after

_DROPPED = (
    "script", "style", "link", "meta", "object", "embed", "svg", "canvas", "noscript", "template", "input", "button",
)  # fmt: skip
_ADDRESSES = (("img", "src"), ("a", "href"), ("iframe", "src"), ("video", "src"), ("audio", "src"), ("source", "src"))
_OPTIONS = ConversionOptions(
    escape_asterisks=True,
    escape_underscores=True,
    escape_misc=True,
    newline_style="backslash",
    autolinks=False,
    highlight_style="none",
    bullets="-",
    extract_metadata=False,
)
_ESCAPE = re.compile(r"\\(.)")
_INSIDE = re.compile(r"[^\s\d>*+|-]")
_EMPTY_LINES = re.compile(r"\n{3,}")


def html_to_markdown(html: str, address: Callable[[str], str | None] = lambda url: url) -> str:
    """Return the Markdown of a piece of HTML, "" where nothing of it can be shown.

    `address` is asked about every picture and link: it returns the new address, or None to leave only the words.
    Scripts, styles and forms are dropped. Raises ValueError where elements nest deeper than libxml2 follows (255).
    """
    if not html.strip():
        return ""
    parser = lxml_html.HTMLParser(huge_tree=False, no_network=True)
    root = lxml_html.fragment_fromstring(_plain(html), create_parent="div", parser=parser)
    if parser.error_log.filter_from_fatals():
        message = "its elements nest too deep to be read"
        raise ValueError(message)
    _tidy(root, address)
    markdown = convert(lxml_html.tostring(root, encoding="unicode"), _OPTIONS).content or ""
    return _EMPTY_LINES.sub("\n\n", _readable(unicodedata.normalize("NFC", markdown))).strip()


def _readable(markdown: str) -> str:
    """Take back escapes of signs that mean something at the beginning of a line only, so that people can read it."""
    lines, fence = [], ""
    for line in markdown.split("\n"):
        fence = fence_after(line, fence)
        is_code = bool(fence) or "`" in line
        lines.append(line if is_code else _ESCAPE.sub(_unescaped, line))
    return "\n".join(lines)


def _unescaped(match: re.Match[str]) -> str:
    is_inside = _INSIDE.search(match.string, 0, match.start()) is not None
    return match[1] if is_inside and match[1] in "-+=.)" else match[0]


def _plain(html: str) -> str:
    """Without control characters, which no text here may hold."""
    return "".join(each for each in html if each in "\t\n\r" or unicodedata.category(each) != "Cc")


def _tidy(root: lxml_html.HtmlElement, address: Callable[[str], str | None]) -> None:
    etree.strip_elements(root, *_DROPPED, with_tail=False)
    for element in list(root.iter("iframe", "video", "audio")):
        _as_link(element)
    for tag, attribute in _ADDRESSES:
        for element in list(root.iter(tag)):
            url = (element.get(attribute) or "").strip()
            found = address(url) if url else None
            if found is not None:
                element.set(attribute, found)
            elif tag == "img":
                _replace_by_words(element, element.get("alt") or "")
            else:
                element.drop_tag()


def _as_link(element: lxml_html.HtmlElement) -> None:
    """A frame or player becomes a link to what it shows."""
    source = element.get("src") or next((each.get("src") for each in element.iter("source") if each.get("src")), "")
    words = element.get("title") or source or ""
    tail = element.tail
    element.clear()
    element.tag = "a"
    element.text, element.tail = words, tail
    if source:
        element.set("href", source)


def _replace_by_words(element: lxml_html.HtmlElement, words: str) -> None:
    element.text = words
    element.drop_tag()
