r"""Formulas in Markdown: `\(…\)`, `\[…\]`, `$…$`, `$$…$$` and `\begin{…}…\end{…}` are told from text, and drawn.

`draw` of the environment gives what is shown; without one, and where it gives nothing, they stay as they were typed.
Written here because the plugins that there are look for the end of each formula anew, in quadratic time. What an import
escaped for Markdown (`\\(a\_1\\)`) is one; `$a\_1$` is none: dollars are more often prices.
"""

import re
from bisect import bisect_left
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.common.utils import escapeHtml
from markdown_it.rules_block import StateBlock
from markdown_it.rules_inline import StateInline

LONGEST = 10_000
"""Characters of one formula."""
_CLOSERS = {"\\(": "\\)", "\\[": "\\]", "$$": "$$"}
_ESCAPED_CLOSERS = {"\\\\(": "\\\\)", "\\\\[": "\\\\]"}
_ESCAPE = re.compile(r"\\([!-/:-@\[-`{-~])")
_ENVIRONMENT = re.compile(r"\\begin\{([A-Za-z]{1,20}\*?)\}")
_DOLLAR = re.compile(r"(?<!\\)\$")
_COMMAND = re.compile(r"(?<!\\)\\[A-Za-z]")
_ESCAPED = re.compile(r"\\\\[A-Za-z{}]|\\[*_\[\]<>`]")
_SIGNS = re.compile(r"(?<!\\)[\^_={}+]|\\[A-Za-z{]|\A\s*[A-Za-z]\s*\Z")
_PRICE = re.compile(r"[\d.,]+[^\w\\]{0,3}\s[^\w\\]{0,3}[^\W\d_]{2}")
_BEHIND_IT = " \t\n.,;"
_BEHIND = re.compile(r"[ \t.,;]*(?:\n|\Z)")


def formulas(md: MarkdownIt) -> None:
    """Add the rules to a parser."""
    md.inline.ruler.before("escape", "formula", _inline)
    md.block.ruler.before("fence", "formula_block", _block, {"alt": ["paragraph", "reference", "blockquote", "list"]})
    md.add_render_rule("formula", _shown)
    md.add_render_rule("formula_block", _shown_apart)


def _shown(_: Any, tokens: Any, place: int, _options: Any, env: Any) -> str:  # noqa: ANN401 -- the renderer's.
    return _drawn(tokens[place].content, env) or escapeHtml(tokens[place].content)


def _shown_apart(_: Any, tokens: Any, place: int, _options: Any, env: Any) -> str:  # noqa: ANN401 -- the renderer's.
    drawn = _drawn(tokens[place].content, env)
    return f'<p class="formula">{drawn}</p>\n' if drawn else f"<p>{escapeHtml(tokens[place].content)}</p>\n"


def _drawn(written: str, env: Any) -> str | None:  # noqa: ANN401 -- the renderer's.
    """What the environment's `draw` gives for a formula: with its signs taken off, and whether it stands apart."""
    if "draw" not in env:
        return None
    apart = written.startswith(("$$", "\\[", "\\b"))
    latex = written.strip(_BEHIND_IT)
    if latex.startswith("$"):
        latex = latex.strip("$")
    elif not latex.startswith("\\b"):
        latex = latex[2:-2]
    shown: str | None = env["draw"](latex, apart)
    return shown


def _inline(state: StateInline, silent: bool) -> bool:  # noqa: FBT001 -- a rule's signature.
    pos, src = state.pos, state.src
    if src[pos] not in "$\\" or (pos and src[pos - 1] == "\\"):
        return False
    if src[pos : pos + 3] in _ESCAPED_CLOSERS:
        return _escaped(state, silent=silent)
    opener = src[pos : pos + 2]
    end = _end(state, opener) if opener in _CLOSERS else _end_of_dollar(src, pos) if src[pos] == "$" else 0
    if not pos < end <= state.posMax:
        return False
    if not silent:
        state.push("formula", "", 0).content = src[pos:end]
    state.pos = end
    return True


def _escaped(state: StateInline, *, silent: bool) -> bool:
    """A formula whose every sign was escaped for Markdown."""
    src, start = state.src, state.pos + 3
    opener = src[state.pos : start]
    closer = _ESCAPED_CLOSERS[opener]
    if state.html_terminator_last(closer) < start:
        return False
    end = src.find(closer, start, min(start + LONGEST, state.posMax))
    if end < 0 or src.find(opener, start, end) >= 0:
        return False
    # `\\\]` ends one too: its bracket may be escaped by itself.
    is_odd = (end - len(src[start:end].rstrip("\\")) - start) % 2
    content = _ESCAPE.sub(r"\1", src[start : end - is_odd])
    if not _is_formula(content, needs_signs=opener[-1] == "["):
        return False
    if not silent:
        state.push("formula", "", 0).content = f"{opener[1:]}{content}{closer[1:]}"
    state.pos = end + 3
    return True


def _end(state: StateInline, opener: str) -> int:
    """Where the formula at the present position ends, or 0; one does not hold another's beginning."""
    src, start, closer = state.src, state.pos + 2, _CLOSERS[opener]
    if state.html_terminator_last(closer) < start:
        return 0
    end = src.find(closer, start, start + LONGEST)
    if end < 0 or (closer != opener and src.find(opener, start, end) >= 0):
        return 0
    return end + 2 if _is_formula(src[start:end], needs_signs=opener == "\\[") else 0


def _end_of_dollar(src: str, pos: int) -> int:
    """Where `$…$` ends, or 0: no space inside its signs, no letter or digit before them, no digit behind them."""
    found = _DOLLAR.search(src, pos + 1, pos + LONGEST)
    if found is None or found.start() == pos + 1:
        return 0
    end, content = found.end(), src[pos + 1 : found.start()]
    is_word = (pos and src[pos - 1].isalnum()) or src[end : end + 1].isdigit()
    if is_word or content != content.strip() or _PRICE.match(content):
        return 0
    return end if _is_formula(content) else 0


def _is_formula(content: str, *, needs_signs: bool = False) -> bool:
    """Whether it is one, and no text whose signs were escaped; escaped brackets alone (`needs_signs`) make none."""
    if not any(map(str.isalnum, content)) or (_ESCAPED.search(content) and not _COMMAND.search(content)):
        return False
    return not needs_signs or _SIGNS.search(content) is not None


def _block(state: StateBlock, first: int, end_line: int, silent: bool) -> bool:  # noqa: FBT001 -- a rule's signature.
    """A formula of several lines: between its signs no line begins a list, a heading or a quotation."""
    del end_line  # It is another one where a rule only looks ahead.
    pos = state.bMarks[first] + state.tShift[first]
    if state.src[pos : pos + 2] not in {"$$", "\\[", "\\b"} or state.is_code_block(first):
        return False
    end = _end_of_block(state.src, pos, min(state.eMarks[state.lineMax - 1], pos + LONGEST))
    last = bisect_left(state.eMarks, end)
    if end <= state.eMarks[first] or any(state.sCount[line] < state.blkIndent for line in range(first, last + 1)):
        return False
    if not silent:
        state.line = last + 1
        token = state.push("formula_block", "", 0)
        token.content = state.getLines(first, last + 1, state.blkIndent, False)  # noqa: FBT003 -- without the last line end.
    return True


def _end_of_block(src: str, pos: int, most: int) -> int:
    """Where the formula at this position ends, which is the end of a line, or 0."""
    opener, start = src[pos : pos + 2], pos + 2
    environment = _ENVIRONMENT.match(src, pos)
    if opener not in _CLOSERS and environment is None:
        return 0
    closer = f"\\end{{{environment[1]}}}" if environment else _CLOSERS[opener]
    found = src.find(closer, start, most)
    end = found + len(closer)
    if found < 0 or src.find("\n\n", start, found) >= 0 or not _BEHIND.match(src, end):
        return 0
    holds_another = opener == "\\[" and src.find(opener, start, found) >= 0
    return end if environment or (_is_formula(src[start:found]) and not holds_another) else 0
