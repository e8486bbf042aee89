"""Plain text as Markdown that shows it, and what Moodle's own text format is: plain text in which HTML may stand."""

import re
from html import unescape

_RISKY = re.compile(
    r"""
    \\[!-/:-@\[-`{-~\n]                        # An escape.
    | `[^`]*`                                  # Code.
    | \]\s?[(\[:]                              # A link, or its address.
    | <[A-Za-z!/?] | <[^\s<>]*@                # An automatic link, or what looks like HTML.
    | &\#?\w+;                                 # A character reference.
    | ~~                                       # Words that are crossed out.
    | ^[ \t]*(?:\#{1,6}(?:\s|\Z)|>|[-+*](?:\s|\Z)|[0-9]{1,9}[.)](?:\s|\Z)|=+[ \t]*$|-+[ \t]*$|~{3}|`{3})
    | ^[ \t]*[-*_](?:[ \t]*[-*_])+[ \t]*$      # A line across.
    | ^[ \t|:]*-[-|: \t]*$                     # The second line of a table.
    | ^(?:[ ]{4}|[ ]{0,3}\t)                   # Code again.
    """,
    re.VERBOSE | re.MULTILINE,
)
_EMPHASIS = (
    (re.compile(r"\*(?=[^ \t*])"), re.compile(r"(?<=[^\s*])\*")),
    (re.compile(r"(?<!\w)_+(?=[^ \t_])"), re.compile(r"(?<=[^\s_])_+(?!\w)")),
)
"""What may begin emphasis, and what may end it; a mark at the end of a line stands before the sign of a line break."""
_MARKS = re.compile(r"[\\`*_\]<>&#~|]")
# A bracket that is closed by none opens nothing, and two that are escaped would be the signs of a formula.
_STARTS = re.compile(r"^([ \t]*)([-+=]|[0-9]{1,9}(?=[.)]))", re.MULTILINE)
_LINE_END = re.compile(r"(?<![>\s])[ \t]*\n(?:[ \t]*\n)*[ \t]*(?![\s<])")
_REFERENCE = re.compile(r"&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z]{2,31}[0-9]{0,2});")
_TAG = re.compile(r"<[^<>]*>")
_KNOWN_TAG = re.compile(
    r"</?(?:a|b|blockquote|br|code|div|em|h[1-6]|hr|i|img|li|ol|p|pre|span|strong|sub|sup|table|td|th|tr|u|ul)\b[^<>]*>",
    re.IGNORECASE,
)


def plain_to_markdown(text: str) -> str:
    """Return Markdown that shows the text as it is; the text itself where Markdown finds nothing in it."""
    text = "\n".join(line.strip() for line in text.strip().split("\n"))
    if _RISKY.search(text) or _has_emphasis(text):
        text = _STARTS.sub(_escaped_start, _MARKS.sub(r"\\\g<0>", text))
    paragraphs = (each.strip().replace("\n", "\\\n") for each in re.split(r"\n{2,}", text))
    return "\n\n".join(paragraphs)


def _has_emphasis(text: str) -> bool:
    for opening, closing in _EMPHASIS:
        first = opening.search(text)
        if first is not None and closing.search(text, first.end()):
            return True
    return False


def _escaped_start(match: re.Match[str]) -> str:
    """Escape what would begin a list or underline a heading; of a number, the point after it."""
    space, mark = match[1], match[2]
    return f"{space}{mark}\\" if mark[0].isdigit() else f"{space}\\{mark}"


def lines_kept(html: str) -> str:
    """The HTML with its line ends as breaks, but for those beside a tag, as Moodle shows its own text format."""
    return _LINE_END.sub("<br>", html)


def without_tags(text: str) -> str:
    """Return the words of a text for a report, whatever it is marked up with."""
    return unescape(_TAG.sub(" ", text))


def looks_like_html(text: str) -> bool:
    """Tell whether a text in Moodle's own format holds HTML, as opposed to a mere `<` or `&`."""
    return _KNOWN_TAG.search(text) is not None or _REFERENCE.search(text) is not None
