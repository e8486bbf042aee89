"""HTML in Markdown: comments vanish, tags that the sanitiser knows are tags, and all else that looks like one is text.

A tag of an unknown name, or with an attribute without a value, is text, so that `List<String>` is not lost. What marks
words is closed in its own paragraph, or is text: an HTML parser would open it anew in each paragraph after it.
"""

import re
from bisect import bisect_left

from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token

MOST_NESTED = 20
"""Tags within each other; deeper ones are text or, of blocks, nothing."""
_END = "-->"
_TAG = re.compile(
    r"""<(/?)([A-Za-z][A-Za-z0-9]*)((?:\s+(?:open|[A-Za-z][\w:-]*\s*=\s*(?:"[^"<>]*"|'[^'<>]*'|[^\s"'<>=`]+)))*)\s*/?>"""
)
_ATTRIBUTE = re.compile(r"""\s+([A-Za-z][\w:-]*)(?:\s*=\s*(?:"[^"<>]*"|'[^'<>]*'|[^\s"'<>=`]+))?""")
_HOLDS_MARKDOWN = frozenset(
    {"details", "summary", "div", "center", "section", "article", "header", "footer", "main", "aside", "figure"}
)
_CLOSE_THEMSELVES = frozenset(
    {"p", "li", "dt", "dd", "tr", "td", "th", "thead", "tbody", "tfoot", "caption", "hr"}
    | {f"h{level}" for level in range(1, 7)}
)
_BLOCKS = _HOLDS_MARKDOWN | _CLOSE_THEMSELVES | {"blockquote", "ul", "ol", "dl", "table", "figcaption"}
_EMPTY = frozenset({"br", "img", "wbr"})
_SPANS = (
    _EMPTY
    | {"a", "abbr", "b", "big", "cite", "code", "del", "dfn", "em", "font", "i", "ins", "kbd", "mark", "q", "s", "samp"}
    | {"small", "span", "strike", "strong", "sub", "sup", "tt", "u", "var"}
)
_FENCE_OR_COMMENT = re.compile(r"^ {0,3}(?P<fence>`{3,}|~{3,})|<!--", re.MULTILINE)
_TERMINATES = ["paragraph", "reference", "blockquote", "list"]


def html_rules(md: MarkdownIt) -> None:
    """Put the rules into a parser, in the place of its own for HTML."""
    md.inline.ruler.at("html_inline", _inline)
    md.block.ruler.at("html_block", _block, {"alt": _TERMINATES})
    md.enable(["html_inline", "html_block"])


def without_comments(text: str | None) -> str | None:
    """The Markdown of a lesson as learners get it: without comments, but for those in fenced code and code spans.

    Within each other neither is looked for; what begins and does not end is kept.
    """
    if text is None or "<!--" not in text:
        return text
    parts, done, counted, ticks, last = [], 0, 0, 0, text.rfind(_END)
    for found in _FENCE_OR_COMMENT.finditer(text):
        start = found.start()
        if start < done:
            continue
        if found["fence"]:
            end = text.find("\n" + found["fence"], found.end())
            end = len(text) if end < 0 else end + 1 + len(found["fence"])
            parts.append(text[done:end])
            done = counted = end
            continue
        between = text[counted:start]
        ticks = (0 if "\n" in between else ticks) + between.rpartition("\n")[2].count("`")
        counted = start
        if start + 4 <= last and ticks % 2 == 0:
            parts.append(text[done:start])
            done = counted = text.index(_END, start + 4) + len(_END)
    return "".join((*parts, text[done:]))


def _name(token: Token) -> str:
    return str(token.meta.get("name", ""))


def _inline(state: StateInline, silent: bool) -> bool:  # noqa: FBT001 -- a rule's signature.
    if state.src[state.pos] != "<":
        return False
    if state.src.startswith("<!--", state.pos):
        return _comment(state, silent=silent)
    found = _TAG.match(state.src, state.pos, state.posMax)
    name = found[2].lower() if found else ""
    if found is None or name not in _BLOCKS | _SPANS:
        return False
    if not silent:
        token = state.push("html_inline", "", 0)
        token.content, token.meta = _without_id(found), {"name": name, "closes": bool(found[1])}
        if name == "div":  # Those that are left are admonitions.
            token.content = ""
    state.pos = found.end()
    return True


def _without_id(tag: re.Match[str]) -> str:
    """The tag without an id: ids are ours, so that each is there once."""
    kept = _ATTRIBUTE.sub(lambda found: "" if found[1].lower() == "id" else found[0], tag[3])
    return tag[0][: tag.start(3) - tag.start()] + kept + tag[0][tag.end(3) - tag.start() :]


def _comment(state: StateInline, *, silent: bool) -> bool:
    """Drop a comment; one that goes on in later blocks is left to `hide`."""
    if state.html_terminator_last(_END) >= state.pos + 4:
        state.pos = state.src.index(_END, state.pos + 4) + len(_END)
        return True
    if not state.env.get("ends_later"):
        return False
    if not silent:
        state.env["is_hiding"] = True
    state.pos = state.posMax
    return True


def note_ends(tokens: list[Token]) -> None:
    """Note at each piece of text whether a comment may end in a later one."""
    ends_later = False
    for token in reversed(tokens):
        if token.type == "inline":
            token.meta["ends_later"] = ends_later
            ends_later = ends_later or _END in token.content


def hide(tokens: list[Token], first: int) -> None:
    """Take out what a comment that began in this piece of text covers in those after it."""
    last = next(i for i in range(first + 1, len(tokens)) if tokens[i].type == "inline" and _END in tokens[i].content)
    tokens[last].content = tokens[last].content.partition(_END)[2].strip()
    if tokens[last].level == tokens[first].level:
        # The margins of footnotes stay: their rule counts on them.
        margins = [token for token in tokens[first + 1 : last] if token.type.startswith("footnote_reference")]
        tokens[first + 1 : last] = margins
    else:
        for token in tokens[first + 1 : last]:
            token.content = ""


class Nesting:
    """The tags of one text that are open, and which of them may be."""

    def __init__(self) -> None:
        self._blocks: list[Token] = []

    def settle(self, children: list[Token]) -> None:
        """Turn tags that do not fit into text (of blocks: into nothing)."""
        spans: list[Token] = []
        for token in children:
            name = _name(token) if token.type == "html_inline" else ""
            if name in _SPANS - _EMPTY:
                _settle(spans, token)
            elif name in _BLOCKS - _CLOSE_THEMSELVES and not _fits(self._blocks, token):
                token.content = ""
        for token in spans:
            token.type = "text"


def _settle(spans: list[Token], token: Token) -> None:
    """Keep a tag that marks words if it fits; those that it would close across become text."""
    within = list(spans)
    if not _fits(spans, token):
        token.type = "text"
    for crossed in within[len(spans) + 1 :] if token.meta["closes"] else ():
        crossed.type = "text"


def _fits(opened: list[Token], token: Token) -> bool:
    """Whether the tag may be opened, or closes one that is; notes it."""
    if not token.meta["closes"]:
        if len(opened) < MOST_NESTED:
            opened.append(token)
            return True
        return False
    place = next((i for i in reversed(range(len(opened))) if _name(opened[i]) == _name(token)), None)
    if place is not None:
        del opened[place:]
    return place is not None


def _block(state: StateBlock, first: int, end_line: int, silent: bool) -> bool:  # noqa: FBT001 -- a rule's signature.
    """A comment, or the tag of a block, at the beginning of a line.

    Lines after `<details>` and the like are Markdown; what else is opened goes on to the line that closes it, or to an
    empty one.
    """
    pos = state.bMarks[first] + state.tShift[first]
    if not state.src.startswith("<", pos) or state.is_code_block(first):
        return False
    if state.src.startswith("<!--", pos):
        return _comment_block(state, pos, silent=silent)
    found = _TAG.match(state.src, pos, state.eMarks[first])
    if found is None or found[2].lower() not in _BLOCKS:
        return False
    if not silent:
        state.line = _after(state, first, end_line, found)
        _push(state, state.getLines(first, state.line, state.blkIndent, False).strip(), first)  # noqa: FBT003 -- without the last line end.
    return True


def _after(state: StateBlock, first: int, end_line: int, found: re.Match[str]) -> int:
    name, line = found[2].lower(), first
    if found[1] or name in _HOLDS_MARKDOWN:
        return first + 1
    while line < end_line and not state.isEmpty(line) and (line == first or state.sCount[line] >= state.blkIndent):
        line += 1
        if f"</{name}" in state.src[state.bMarks[line - 1] : state.eMarks[line - 1]].lower():
            break
    return line


def _comment_block(state: StateBlock, pos: int, *, silent: bool) -> bool:
    """Drop a comment of whole lines. It may end behind the list or quotation around it: a rule cannot know its end."""
    if "last_end" not in state.env:
        state.env["last_end"] = state.src.rfind(_END)
    if state.env["last_end"] < pos + 4:
        return False
    since, end = state.env.get("next_end", (0, 0))
    if not since <= pos + 4 <= end - len(_END):  # Asked again for each line of a list or quotation.
        end = state.src.index(_END, pos + 4) + len(_END)
        state.env["next_end"] = pos + 4, end
    if end > state.eMarks[state.lineMax - 1]:
        return False
    if not silent:
        last = bisect_left(state.eMarks, end)
        rest = state.src[end : state.eMarks[last]].strip()
        state.line = last + 1
        if rest:
            state.push("paragraph_open", "p", 1)
            _push(state, rest, last)
            state.push("paragraph_close", "p", -1)
    return True


def _push(state: StateBlock, content: str, line: int) -> None:
    token = state.push("inline", "", 0)
    token.content, token.map, token.children = content, [line, state.line], []
