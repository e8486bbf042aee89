"""What lessons have beyond plain Markdown: footnotes, tasks, definitions, admonitions, headings that can be linked to.

The rules are those of markdown-it and of its plugins; here they get the bounds that they lack, and our HTML.
"""

import re
from collections.abc import Callable, Sequence
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.common.utils import escapeHtml, unescapeAll
from markdown_it.rules_block import StateBlock
from markdown_it.rules_core import StateCore
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token
from mdit_py_plugins.admon import admon_plugin
from mdit_py_plugins.deflist import deflist_plugin
from mdit_py_plugins.footnote import footnote_plugin
from mdit_py_plugins.footnote.index import footnote_def, footnote_ref

KINDS = ("note", "tip", "important", "warning", "caution")
"""The kinds of admonitions, which are classes and, where none was written, titles."""

_OTHER_KINDS = {"hint": "tip", "success": "tip", "attention": "warning", "danger": "caution", "error": "caution"}
_LONGEST_LABEL = 100
_LONGEST_ID = 60
_TAG_OF_HEADING = re.compile(r"h([1-6])")
_RAW_HEADING = re.compile(r"(?<=[</])h[1-6]", re.IGNORECASE)
_NO_WORD = re.compile(r"[^\w]+")
_ALIGNMENTS = {"text-align:left": "start", "text-align:center": "center", "text-align:right": "end"}


def extras(md: MarkdownIt) -> None:
    """Add the rules to a parser."""
    md.options["tasklists"] = md.options["alerts"] = True
    md.use(footnote_plugin, inline=False).use(deflist_plugin).use(admon_plugin)
    md.block.ruler.at("footnote_def", _footnote_def, {"alt": ["paragraph", "reference"]})
    md.inline.ruler.at("footnote_ref", _footnote_ref)
    md.core.ruler.push("shape", _shape)
    for name, rule in (
        ("list_item_open", _plain_tag),
        ("fence", _fence),
        ("footnote_ref", _shown_ref),
        ("footnote_anchor", _shown_anchor),
        ("footnote_open", _shown_note),
        ("footnote_block_open", _shown_notes),
        ("footnote_block_close", _shown_notes_end),
    ):
        md.add_render_rule(name, rule)


def _footnote_def(state: StateBlock, first: int, end_line: int, silent: bool) -> bool:  # noqa: FBT001 -- a rule's signature.
    """A footnote stands at the margin: one inside of something else would take what is around it along."""
    return state.level == 0 and footnote_def(state, first, end_line, silent)


def _footnote_ref(state: StateInline, silent: bool) -> bool:  # noqa: FBT001 -- a rule's signature.
    """As the plugin's, which looks for the end of each label through the rest of the text."""
    pos = state.pos
    if not state.src.startswith("[^", pos) or state.src.find("]", pos, pos + _LONGEST_LABEL) < 0:
        return False
    return footnote_ref(state, silent)


def _shape(state: StateCore) -> None:
    """Give headings their level and id, cells their class, tasks their box, admonitions their kind."""
    headings = _Headings()
    for place, token in enumerate(state.tokens):
        if token.type == "heading_open":
            headings.begin(token, state.tokens[place + 1])
        elif token.type == "heading_close":
            headings.end(token)
        elif token.type in {"th_open", "td_open"} and "style" in token.attrs:
            token.attrs = {"class": _ALIGNMENTS[str(token.attrs["style"])]}
        elif token.type == "list_item_open" and token.attrs:
            _make_task(token, state.tokens[place + 1 : place + 3])
        elif token.type in {"admonition_open", "alert_open"}:
            _make_admonition(token, state.tokens[place + 1 : place + 3])
        elif token.type == "inline":
            headings.lower(token.children or [])


class _Headings:
    """The headings of a text: the first level is 2, below the page's own; none is skipped; each id is there once."""

    def __init__(self) -> None:
        self._around: list[int] = []
        self._open: list[int] = []
        self._ids: set[str] = set()
        self._times: dict[str, int] = {}

    def _level(self, written: int) -> int:
        while self._around and self._around[-1] >= written:
            self._around.pop()
        self._around.append(written)
        return min(len(self._around) + 1, 6)

    def begin(self, token: Token, words: Token) -> None:
        """A heading of Markdown."""
        token.tag = f"h{self._level(int(token.tag[1]))}"
        token.attrs = {"id": self._new_id(_text(words.children or []))}
        self._open.append(int(token.tag[1]))

    def end(self, token: Token) -> None:
        """Its end."""
        token.tag = f"h{self._open.pop() if self._open else 2}"

    def lower(self, children: list[Token]) -> None:
        """Headings that were written as tags."""
        for token in children:
            if token.type == "html_inline" and _TAG_OF_HEADING.fullmatch(name := str(token.meta.get("name", ""))):
                level = int(name[1])
                token.meta["level"] = self._level(level) if not token.meta["closes"] else min(level + 1, 6)
                token.content = _RAW_HEADING.sub(f"h{token.meta['level']}", token.content, count=1)

    def _new_id(self, text: str) -> str:
        words = "h-" + _NO_WORD.sub("-", text.lower()[:_LONGEST_ID]).strip("-")
        found = words
        while found in self._ids:
            self._times[words] = self._times.get(words, 1) + 1
            found = f"{words}-{self._times[words]}"
        self._ids.add(found)
        return found


def _text(children: Sequence[Token]) -> str:
    return "".join(token.content for token in children if token.type in {"text", "code_inline"})


def _make_task(item: Token, begins: Sequence[Token]) -> None:
    """Put the box of a task into its text, as a label around both: a box without words says nothing to who hears it."""
    item.attrs = {"class": "task"}
    if [token.type for token in begins] != ["paragraph_open", "inline"]:
        return
    box = Token("task_box", "input", 0)
    box.attrs = {"type": "checkbox", "disabled": ""}
    if item.meta["checked"]:
        box.attrs["checked"] = ""
    children = begins[1].children or []
    begins[1].children = [Token("label_open", "label", 1), box, *children, Token("label_close", "label", -1)]


def _make_admonition(token: Token, title: Sequence[Token]) -> None:
    """One kind of admonition for two ways of writing it: `> [!TIP]` and `!!! tip "Title"`."""
    written = str(token.meta.get("kind") or token.meta.get("tag") or "").lower()
    kind = written if written in KINDS else _OTHER_KINDS.get(written, "note")
    token.attrs = {"class": f"admonition {kind}"}
    if title and title[0].type in {"admonition_title_open", "alert_title_open"}:
        title[0].attrs = {"class": "admonition-title"}
        if title[1].content.lower() == written:
            plain = Token("text", "", 0)
            plain.content = kind.title()
            title[1].children = [plain]


def _plain_tag(renderer: Any, tokens: Sequence[Token], place: int, options: Any, env: Any) -> str:  # noqa: ANN401 -- the renderer's.
    return str(renderer.renderToken(tokens, place, options, env))


def _fence(_: Any, tokens: Sequence[Token], place: int, _options: Any, env: Any) -> str:  # noqa: ANN401 -- the renderer's.
    token = tokens[place]
    language = (unescapeAll(token.info).split() or [""])[0]
    paint: Callable[[str, str], str | None] = env["paint"]
    name = f' class="language-{escapeHtml(language)}"' if language else ""
    return f"<pre><code{name}>{paint(token.content, language) or escapeHtml(token.content)}</code></pre>\n"


def _number(token: Token) -> int:
    return int(token.meta["id"]) + 1


def _times(token: Token) -> str:
    time = int(token.meta.get("subId", 0))
    return f"-{time + 1}" if time else ""


def _shown_ref(_: Any, tokens: Sequence[Token], place: int, *rest: Any) -> str:  # noqa: ANN401 -- the renderer's.
    del rest
    number, time = _number(tokens[place]), _times(tokens[place])
    return f'<sup><a href="#fn{number}" id="fnref{number}{time}">[{number}]</a></sup>'


def _shown_anchor(_: Any, tokens: Sequence[Token], place: int, *rest: Any) -> str:  # noqa: ANN401 -- the renderer's.
    """Back to the place in the text; without an emoji's colours."""
    del rest
    return f' <a href="#fnref{_number(tokens[place])}{_times(tokens[place])}">\u21a9\ufe0e</a>'


def _shown_note(_: Any, tokens: Sequence[Token], place: int, *rest: Any) -> str:  # noqa: ANN401 -- the renderer's.
    del rest
    return f'<li id="fn{_number(tokens[place])}">'


def _shown_notes(*_: Any) -> str:  # noqa: ANN401 -- the renderer's.
    return '<ol class="footnotes">\n'


def _shown_notes_end(*_: Any) -> str:  # noqa: ANN401 -- the renderer's.
    return "</ol>\n"
