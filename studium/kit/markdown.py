"""Markdown to HTML that is safe to show: rendered by markdown-it, then cut down to an allowlist by nh3."""

from collections import OrderedDict

import nh3
import structlog
from markdown_it import MarkdownIt

from studium.kit.schema import is_own_file

KEPT_CHARACTERS = 8_000_000
_TEXT_TAGS = {"a", "b", "br", "code", "del", "em", "i", "img", "s", "strong", "sub", "sup"}
_BLOCK_TAGS = {
    "blockquote",
    "hr",
    "p",
    "pre",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "li",
    "ol",
    "ul",
    "table",
    "tbody",
    "td",
    "th",
    "thead",
    "tr",
}
_TAGS = _TEXT_TAGS | _BLOCK_TAGS
_ATTRIBUTES = {"a": {"href", "title"}, "img": {"src", "alt", "title"}, "code": {"class"}, "ol": {"start"}}
_CELL = {"th": {"style"}, "td": {"style"}}
_log = structlog.get_logger()
_OPTIONS = {"html": False, "linkify": False, "maxNesting": 20}
_markdown = MarkdownIt("commonmark", _OPTIONS).enable(["table", "strikethrough"])


class _Rendered:
    """What was rendered lately, up to so many characters in all: a lesson is read far more often than written."""

    def __init__(self, characters: int) -> None:
        self._room = characters
        self._kept: OrderedDict[str, str] = OrderedDict()

    def get(self, text: str) -> str | None:
        html = self._kept.get(text)
        if html is not None:
            self._kept.move_to_end(text)
        return html

    def keep(self, text: str, html: str) -> None:
        self._kept[text] = html
        self._room -= len(text) + len(html)
        while self._room < 0:
            oldest, its_html = self._kept.popitem(last=False)
            self._room += len(oldest) + len(its_html)


_rendered = _Rendered(KEPT_CHARACTERS)


def markdown_to_html(text: str) -> str:
    """Render and sanitise; on any failure an empty string, never the raw text."""
    html = _rendered.get(text)
    if html is None:
        html = _render(text)
        _rendered.keep(text, html)
    return html


def _render(text: str) -> str:
    try:
        return nh3.clean(
            _markdown.render(text),
            tags=_TAGS,
            attributes={**_ATTRIBUTES, **_CELL},
            attribute_filter=_filtered,
            url_schemes={"https", "mailto"},
            link_rel="noopener noreferrer nofollow",
        )
    except Exception as error:  # noqa: BLE001 -- whatever fails, nothing unsafe may leave.
        _log.warning("markdown failed", reason=type(error).__name__)
        return ""


def _filtered(tag: str, attribute: str, value: str) -> str | None:
    """Keep images from https or our own files, links that name their scheme, alignment, and the language of code."""
    if (tag, attribute) == ("img", "src"):
        return value if value.startswith("https://") or is_own_file(value) else None
    if attribute == "href":
        return None if value.startswith("//") else value
    if attribute == "style":
        return value if value in ("text-align:left", "text-align:center", "text-align:right") else None
    if attribute == "class":
        return value if value.startswith("language-") and value.replace("-", "").isalnum() else None
    return value
