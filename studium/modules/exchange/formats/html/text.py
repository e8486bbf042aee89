"""Turns the HTML of other systems into the Markdown that lessons are written in."""

import re
from collections.abc import Callable

from html_to_markdown import ConversionOptions, convert
from lxml import etree
from lxml import html as lxml_html

from studium.kit.text.combining_marks import composed
from studium.modules.exchange.formats.html.emphasis import VERBATIM, mark_emphasis, written_emphasis
from studium.modules.exchange.formats.html.hidden import fold_hidden, with_details
from studium.modules.exchange.formats.html.shape import plain_names, shape
from studium.modules.exchange.formats.html.signs import put_signs
from studium.modules.exchange.formats.own.course import fence_after

Address = Callable[[str], str | None]
"""Asked about the address of a picture or link: returns the new one, or None to leave only the words."""
CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef]")
"""What no text here may hold."""
_ADDRESSES = (("img", "src"), ("a", "href"))
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
_TORN = re.compile(r"<(?:b|strong|i|em)\b[^<>]*>\s*<p\b", re.IGNORECASE)
"""The parser ends such an emphasis before the paragraph."""
_UNWRAPPED = "unwrapped"
_EMPTY_LINES = re.compile(r"\n{3,}")
_DOLLAR = "\ufdd9"
_FORMULA = re.compile(r"\$\$[^$]+\$\$|\$[^$\s](?:[^$]*[^$\s])?\$|\$")


def tidy(text: str) -> str:
    """Return the text in NFC with plain line ends, without control characters and without piles of accents."""
    return composed(CONTROL.sub("", text.replace("\r\n", "\n").replace("\r", "\n")))


def html_to_markdown(
    html: str,
    address: Address = lambda url: url,
    lose: Callable[[str], object] = lambda _: None,
    language: str = "en",
) -> str:
    """Return the Markdown of a piece of HTML, "" where nothing of it can be shown.

    `address` is asked about every picture and link: it returns the new address, or None to leave only the words.
    `lose` is told what is missing then, in words for a report. `language` is that of the page, for what a fold is
    called. Scripts and styles are dropped. Raises ValueError where elements nest deeper than libxml2 follows (255).
    """
    root = document(html)
    if root is None:
        return ""
    shape(root, lose)
    put_signs(root)
    _tidy(root, address, lose)
    summaries = fold_hidden(root, lose, language)
    if mark_emphasis(root) or _TORN.search(html):
        lose("bold or slanted words of whole paragraphs are shown plain")
    plain_names(root)
    _mark_dollars(root)
    markdown = convert(lxml_html.tostring(root, encoding="unicode"), _OPTIONS).content or ""
    markdown = written_emphasis(_readable(composed(markdown)).replace(_DOLLAR, "\\$"))
    return with_details(_EMPTY_LINES.sub("\n\n", markdown), summaries).strip()


def _mark_dollars(root: lxml_html.HtmlElement) -> None:
    """Mark the dollars that enclose no formula within one text, so that two of them never become one."""
    for element in root.iter():
        if element.tag not in VERBATIM and element.text:
            element.text = _FORMULA.sub(_marked, element.text)
        if element.tail and not any(above.tag in VERBATIM for above in element.iterancestors()):
            element.tail = _FORMULA.sub(_marked, element.tail)


def _marked(match: re.Match[str]) -> str:
    return _DOLLAR if match[0] == "$" else match[0]


def document(html: str) -> lxml_html.HtmlElement | None:
    """Parse a page or a piece of one; None for nothing. Raises ValueError as `html_to_markdown` does."""
    if not html.strip():
        return None
    parser = lxml_html.HTMLParser(huge_tree=False, no_network=True, remove_comments=True, remove_pis=True)
    # A whole page, because what is none has one made around it, and a fragment must not begin with <html>.
    root = lxml_html.document_fromstring(f"<div>{_PAGE_END.sub('', tidy(html))}</div>", parser=parser)
    if parser.error_log.filter_from_fatals():
        message = "its elements nest too deep to be read"
        raise ValueError(message)
    return root


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
        # A bracket that is closed by none opens nothing, and two that are escaped would be the signs of a formula.
        is_plain = match[1] == "[" or (match.start() >= first.end() and match[1] in "-+=.)")
        return match[1] if is_plain else match[0]

    return _ESCAPE.sub(plainer, line)


def _tidy(root: lxml_html.HtmlElement, address: Address, lose: Callable[[str], object]) -> None:
    for element in list(root.iter("iframe", "video", "audio")):
        _as_link(element, lose)
    for tag, attribute in _ADDRESSES:
        for element in list(root.iter(tag)):
            url = (element.get(attribute) or "").strip()
            found = address(url) if url else None
            if found is not None:
                element.set(attribute, found)
            elif tag == "img":
                element.text, element.tag = element.get("alt") or "", _UNWRAPPED
                if not url:
                    lose("a picture without an address is left out")
            else:
                element.tag = _UNWRAPPED
    etree.strip_tags(root, _UNWRAPPED)  # All at once: one by one takes quadratic time.


def _as_link(element: lxml_html.HtmlElement, lose: Callable[[str], object]) -> None:
    """A frame or player becomes a link to what it shows."""
    sources = [element.get("src"), *(each.get("src") for each in element.iter("source"))]
    source = next((each for each in sources if each), "")
    lose(
        "an embedded page, film or recording is a link" if source else "an embedded page without an address is left out"
    )
    words = element.get("title") or source
    tail = element.tail
    element.clear()
    element.tag = "a"
    element.text, element.tail = words, tail
    if source:
        element.set("href", source)
