"""Markdown to HTML that is safe to show: rendered by markdown-it, then cut down to an allowlist by nh3.

The time is linear in the text, but two things multiply it: brackets that may begin a link are tried within each other,
and each line is offered to each quote and list around it. Texts with more of them than anybody writes get less of both.
"""

from collections import OrderedDict

import nh3
import structlog
from markdown_it import MarkdownIt
from markdown_it.rules_core import StateCore

from studium.kit.lanes import Lane
from studium.kit.schema import is_own_file

KEPT_CHARACTERS = 8_000_000
MOST_BRACKETS = 10_000
"""How many `[` of a text may begin a link or a picture; the paragraphs after them are shown with their brackets."""

MANY_LINES = 20_000
"""Lines above which a text may be nested less deeply."""

_INLINE_CHARACTERS = 2_000  # What takes no longer than a request may hold the others up.
_NESTING, _SHALLOW = 20, 8
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
_lane = Lane("markdown", threads=1, queue=64)


def _parser(nesting: int) -> MarkdownIt:
    options = {"html": False, "linkify": False, "maxNesting": nesting}
    return MarkdownIt("commonmark", options).enable(["table", "strikethrough"])


def _inline(state: StateCore) -> None:
    """Parse what is inside the blocks: with links as long as there are not too many brackets."""
    brackets = 0
    for token in state.tokens:
        if token.type == "inline":
            brackets += token.content.count("[")
            parser = state.md if brackets <= MOST_BRACKETS else _unlinked
            token.children = []
            parser.inline.parse(token.content, parser, state.env, token.children)


_unlinked = _parser(_NESTING).disable(["link", "image"])
_deep, _flat = _parser(_NESTING), _parser(_SHALLOW)
for _each in (_deep, _flat):
    _each.core.ruler.at("inline", _inline)


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
        if text in self._kept:
            return
        self._kept[text] = html
        self._room -= len(text) + len(html)
        while self._room < 0:
            oldest, its_html = self._kept.popitem(last=False)
            self._room += len(oldest) + len(its_html)


_rendered = _Rendered(KEPT_CHARACTERS)


async def html_of(text: str) -> str:
    """What `markdown_to_html` makes of a text, kept for the next reader.

    A long text is rendered in a thread, so that other requests go on; raise Overloaded where too many wait for it.
    """
    html = _rendered.get(text)
    if html is None:
        is_short = len(text) <= _INLINE_CHARACTERS
        html = markdown_to_html(text) if is_short else await _lane.run(markdown_to_html, text)
        _rendered.keep(text, html)
    return html


def markdown_to_html(text: str) -> str:
    """Render and sanitise; on any failure an empty string, never the raw text. Any thread may call."""
    parser = _deep if text.count("\n") <= MANY_LINES else _flat
    try:
        return nh3.clean(
            parser.render(text),
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
