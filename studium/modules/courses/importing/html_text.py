"""Turns the HTML of other systems into the Markdown that lessons are written in."""

import re
from collections.abc import Callable

from html_to_markdown import ConversionOptions, convert
from lxml import etree
from lxml import html as lxml_html

from studium.kit.marks import composed
from studium.modules.courses.markdown_course import fence_after

CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
"""What no text here may hold."""
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
_PAGE_END = re.compile(r"</(?:html|body)\s*>", re.IGNORECASE)
"""Behind it the parser reads no further."""
_UNWRAPPED = "unwrapped"
_EMPTY_LINES = re.compile(r"\n{3,}")


def tidy(text: str) -> str:
    """Return the text in NFC with plain line ends, without control characters and without piles of accents."""
    return composed(CONTROL.sub("", text.replace("\r\n", "\n").replace("\r", "\n")))


def html_to_markdown(html: str, address: Callable[[str], str | None] = lambda url: url) -> str:
    """Return the Markdown of a piece of HTML, "" where nothing of it can be shown.

    `address` is asked about every picture and link: it returns the new address, or None to leave only the words.
    Scripts, styles and forms are dropped. Raises ValueError where elements nest deeper than libxml2 follows (255).
    """
    if not html.strip():
        return ""
    parser = lxml_html.HTMLParser(huge_tree=False, no_network=True)
    # A whole page, because what is none has one made around it, and a fragment must not begin with <html>.
    root = lxml_html.document_fromstring(f"<div>{_PAGE_END.sub('', tidy(html))}</div>", parser=parser)
    if parser.error_log.filter_from_fatals():
        message = "its elements nest too deep to be read"
        raise ValueError(message)
    _tidy(root, address)
    markdown = convert(lxml_html.tostring(root, encoding="unicode"), _OPTIONS).content or ""
    return _EMPTY_LINES.sub("\n\n", _readable(composed(markdown))).strip()


def _readable(markdown: str) -> str:
    """Take back escapes of signs that mean something at the beginning of a line only, so that people can read it."""
    lines, fence = [], ""
    for line in markdown.split("\n"):
        fence = fence_after(line, fence)
        is_code = bool(fence) or "`" in line
        lines.append(line if is_code else _unescaped(line))
    return "\n".join(lines)


def _unescaped(line: str) -> str:
    """What follows the first sign that is none of a list, a number or a quotation stands inside the line."""
    first = _INSIDE.search(line)
    if first is None:
        return line

    def plainer(match: re.Match[str]) -> str:
        return match[1] if match.start() >= first.end() and match[1] in "-+=.)" else match[0]

    return _ESCAPE.sub(plainer, line)


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
                element.text, element.tag = element.get("alt") or "", _UNWRAPPED
            else:
                element.tag = _UNWRAPPED
    etree.strip_tags(root, _UNWRAPPED)  # All at once: one by one takes quadratic time.


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
