"""Code in colours: the classes of Pygments, of a few families of words.

Its readers take a time that is quadratic in blank lines, in the length of a line and in that of the code: code with
more of them than anybody writes has no colours. C# has none: its reader is quadratic in lines of bare words.
"""

import re
from html import escape
from itertools import groupby
from typing import Any

LONGEST = 5_000
"""Characters of a piece of code that has colours."""

_UNUSUAL = re.compile(r"[^\n]{300}|(?:[^\S\n]*\n){4}|[^\S\n]{100}")
LANGUAGES = frozenset(
    {"python", "py", "python3", "pycon", "javascript", "js", "typescript", "ts", "json", "html", "xml", "css", "sql"}
    | {"bash", "sh", "shell", "console", "c", "cpp", "c++", "java", "go", "rust", "rs", "ruby", "rb"}
    | {"php", "r", "kotlin", "swift", "yaml", "yml", "toml", "ini", "diff", "latex", "tex", "octave", "haskell", "lua"}
    | {"scala", "make", "makefile", "docker", "dockerfile", "julia"}
)
_FAMILIES = (
    ("Comment", "c"),
    ("Literal.String", "s"),
    ("Literal.Number", "m"),
    ("Keyword", "k"),
    ("Operator.Word", "k"),
    ("Name.Tag", "nt"),
    ("Name.Attribute", "na"),
    ("Name.Function", "nf"),
    ("Name.Class", "nf"),
    ("Name.Decorator", "nf"),
    ("Name.Builtin", "nb"),
    ("Generic.Deleted", "gd"),
    ("Generic.Inserted", "gi"),
    ("Generic.Prompt", "gp"),
)
CLASSES = frozenset(name for _, name in _FAMILIES)


def coloured(code: str, language: str) -> str | None:
    """The code as HTML with its words in spans; None where it has no colours."""
    if language.lower() not in LANGUAGES or len(code) > LONGEST or _UNUSUAL.search(code):
        return None
    from pygments.lexers import get_lexer_by_name  # noqa: PLC0415 -- the first code in colours loads it.

    lexer = get_lexer_by_name(language, stripnl=False, ensurenl=False, startinline=True)
    pieces = ((_family(kind), text) for kind, text in lexer.get_tokens(code))
    return "".join(
        _span(name, "".join(text for _, text in run)) for name, run in groupby(pieces, key=lambda piece: piece[0])
    )


def _family(kind: Any) -> str:  # noqa: ANN401 -- the type of a token has no type of its own.
    path = ".".join(kind)
    return next((name for prefix, name in _FAMILIES if path == prefix or path.startswith(prefix + ".")), "")


def _span(name: str, text: str) -> str:
    return f'<span class="{name}">{escape(text)}</span>' if name else escape(text)
