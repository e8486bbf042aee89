"""Markdown to HTML that is safe to show: rendered by markdown-it, then cut down to an allowlist by nh3.

Formulas come after nh3, which tells no MathML that is safe from what is not: ours has an allowlist of its own.

The time is linear in the text, but two things multiply it: brackets that may begin a link are tried within each other,
and each line is offered to each quote and list around it. Texts with more of them than anybody writes get less of both.
"""

import asyncio
import re
from collections import OrderedDict
from collections.abc import Callable
from typing import TypeVar

import structlog
from markdown_it import MarkdownIt
from markdown_it.rules_core import StateCore
from markdown_it.token import Token

from studium.kit.base.executors import BoundedExecutor
from studium.kit.base.held import require_free
from studium.kit.text.formulas import formulas
from studium.kit.text.markdown_allowed import clean
from studium.kit.text.markdown_drawn import Drawn
from studium.kit.text.markdown_extras import extras
from studium.kit.text.markdown_html import Nesting, hide, html_rules, note_ends

KEPT_CHARACTERS = 8_000_000
MOST_BRACKETS = 10_000
"""How many `[` of a text may begin a link or a picture; the paragraphs after them are shown with their brackets."""

MANY_LINES = 10_000
"""Lines above which a text may be nested less deeply."""

_INLINE_CHARACTERS = 2_000  # What takes no longer than a request may hold the others up.
_DRAWN = re.compile(r"\$|\\[(\[b]|```|~~~")  # Signs of formulas and code, which take longer.
_NESTING, _SHALLOW = 20, 5
Found = TypeVar("Found")
_Source = tuple[str, tuple[str, ...]]
_EMPTY_PARAGRAPH = re.compile("<p></p>\n?")
_log = structlog.get_logger()
_lane = BoundedExecutor("markdown", threads=1, queue=64)
_bulk = BoundedExecutor("markdown_bulk", threads=1, queue=64)
_pending: dict[tuple[_Source, bool], asyncio.Future[str]] = {}


def _parser(nesting: int) -> MarkdownIt:
    options = {"html": False, "linkify": False, "maxNesting": nesting}
    made = MarkdownIt("commonmark", options).enable(["table", "strikethrough"])
    return made.use(formulas).use(html_rules).use(extras)


def _inline(state: StateCore) -> None:
    """Parse what is inside the blocks: with links as long as there are not too many brackets."""
    brackets, nesting = 0, Nesting()
    note_ends(state.tokens)
    # A comment takes out what it covers, so the list may become shorter on the way.
    for place, token in enumerate(state.tokens):
        if token.type == "inline":
            brackets += token.content.count("[")
            parser = state.md if brackets <= MOST_BRACKETS else _unlinked
            token.children = []
            state.env["ends_later"] = token.meta["ends_later"]
            parser.inline.parse(token.content, parser, state.env, token.children)
            nesting.settle(token.children)
            if state.env.pop("is_hiding", False):
                hide(state.tokens, place)


_unlinked = _parser(_NESTING).disable(["link", "image", "footnote_ref"])
_deep, _flat = _parser(_NESTING), _parser(_SHALLOW)
for _each in (_deep, _flat):
    _each.core.ruler.at("inline", _inline)


class _Rendered:
    """What was rendered lately, up to so many characters in all: a lesson is read far more often than written."""

    def __init__(self, characters: int) -> None:
        self._room = characters
        self._kept: OrderedDict[_Source, str] = OrderedDict()

    def get(self, source: _Source) -> str | None:
        html = self._kept.get(source)
        if html is not None:
            self._kept.move_to_end(source)
        return html

    def keep(self, source: _Source, html: str) -> None:
        if source in self._kept:
            return
        self._kept[source] = html
        self._room -= len(source[0]) + len(html)
        while self._room < 0:
            (oldest, _), its_html = self._kept.popitem(last=False)
            self._room += len(oldest) + len(its_html)


_rendered = _Rendered(KEPT_CHARACTERS)


async def html_of(text: str, picture_hosts: tuple[str, ...] = (), *, in_bulk: bool = False) -> str:
    """What `markdown_to_html` makes of a text, kept for the next reader, and made once for all who wait for it.

    A long text is rendered in a thread, so that other requests go on; raise Overloaded where too many wait for it.
    With `in_bulk` it is another thread, so that many texts for one reader keep nobody from a single one.
    """
    require_free("Markdown")
    source = (text, picture_hosts)
    html = _rendered.get(source)
    if html is not None:
        return html
    if len(text) <= _INLINE_CHARACTERS and not _DRAWN.search(text):
        html = markdown_to_html(*source)
        _rendered.keep(source, html)
        return html
    waiting = _pending.get((source, in_bulk))
    if waiting is None or waiting.get_loop() is not asyncio.get_running_loop():
        waiting = _pending[source, in_bulk] = asyncio.ensure_future(_render(source, _bulk if in_bulk else _lane))
        waiting.add_done_callback(lambda _: _pending.pop((source, in_bulk), None))
    # Whoever goes away leaves the others their text.
    return await asyncio.shield(waiting)


async def _render(source: _Source, executor: BoundedExecutor) -> str:
    html = await executor.run(markdown_to_html, *source)
    _rendered.keep(source, html)
    return html


async def looked_through(work: Callable[[str], Found], text: str) -> Found:
    """What `work` finds in a text, in the thread in which others are rendered; raise Overloaded as `html_of` does."""
    return await _bulk.run(work, text)


def parsed(text: str) -> list[Token]:
    """The tokens of a text; lines that a token covers are its `map`. Any thread may call."""
    return _parser_for(text).parse(text, {})


def _parser_for(text: str) -> MarkdownIt:
    return _deep if text.count("\n") <= MANY_LINES else _flat


def markdown_to_html(text: str, picture_hosts: tuple[str, ...] = ()) -> str:
    """Render and sanitise; on any failure an empty string, never the raw text. Any thread may call.

    A picture comes from our own files or from one of `picture_hosts` (`*.example.org` stands for many): any other host
    would learn who reads what and when. Of another picture its words stay.
    """
    parser = _parser_for(text)
    drawn = Drawn()
    try:
        html = clean(parser.render(text, {"draw": drawn.formula, "paint": drawn.code}), picture_hosts)
        return drawn.put_into(_EMPTY_PARAGRAPH.sub("", html))
    except Exception as error:  # noqa: BLE001 -- whatever fails, nothing unsafe may leave.
        _log.warning("markdown failed", reason=type(error).__name__)
        return ""
