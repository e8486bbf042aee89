"""Full-text search: one rule that makes words of any text, and one condition that finds them, alike on both databases.

A row keeps the words of its texts in a column of type `SearchWords`: a tsvector under a GIN index on PostgreSQL; on
SQLite plain text, from which triggers feed the FTS5 table `<table>_fts`. Neither database tokenizes or folds anything,
so both find the same rows. A word that stands in the title is kept a second time with a mark.
"""

import re
import unicodedata
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import groupby
from typing import Any

from sqlalchemy import Boolean, ColumnElement, Dialect, Text, bindparam, false
from sqlalchemy.dialects.postgresql import TSQUERY, TSVECTOR
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TypeDecorator, TypeEngine

from studium.kit.text.combining_marks import normal

WORD_MAX = 64
"""Longer words are cut, in texts and queries alike; PostgreSQL refuses words past 2 KB."""
GROWTH_MAX = 4
"""How many times longer folding may make a text: three for Hangul; U+FDFA alone would make it eighteen."""
_PHRASES, _PHRASES_MAX = "\ufdfa\ufdfb", 100  # Signs that stand for whole phrases; a text of nothing else has no words.
_SIGNS_KEPT = 8_192
TERMS_MAX = 32
"""Words of a query past these are ignored."""
FTS_SUFFIX = "_fts"

_IN_TITLE = "^"
_SYMBOLS = frozenset("#%+_")
"""Punctuation that people search for: C#, C++, 100 %, snake_case."""
# Han, kana, Thai, Lao, Myanmar and Khmer are written without spaces between words.
UNSPACED = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3005\u3040-\u30ff\u31f0-\u31ff\u3400-\u9fff\U00020000-\U0003ffff]"
)
# Combining classes of accents and of Hebrew and Arabic points; not of Indic vowel signs nor of the voicing of kana.
_POINTS = frozenset((*range(10, 37), *range(200, 256)))
# What no decomposition reaches: letters with a stroke, ligatures, and Arabic letters that writers use for each other.
_ALIKE = str.maketrans(
    {"ø": "o", "ł": "l", "đ": "d", "ð": "d", "ħ": "h", "\u0131": "i", "þ": "th", "æ": "ae", "œ": "oe"}
    | {"\u0640": "", "\u0649": "\u064a", "\u0629": "\u0647", "\u0671": "\u0627"}
)


def fold(text: str) -> str:
    """Return `text` as it is compared: without case, accents, Arabic or Hebrew points, wide or invisible characters."""
    for phrase in _PHRASES:
        text = text.replace(phrase, " ") if text.count(phrase) > _PHRASES_MAX else text
    apart = normal("NFKD", text)[: GROWTH_MAX * len(text) + WORD_MAX]
    kept = "".join(char for char in apart if not _is_dropped(char))
    return normal("NFC", kept.casefold().translate(_ALIKE))


@lru_cache(_SIGNS_KEPT)
def _is_dropped(char: str) -> bool:
    if char.isascii():
        return False
    is_point = unicodedata.combining(char) in _POINTS
    return is_point or unicodedata.category(char) == "Cf" or "\ufe00" <= char <= "\ufe0f"


@lru_cache(_SIGNS_KEPT)
def _kind(char: str) -> str:
    """What a character of folded text is part of: a `word`, a `run` without spaces, a `symbol`, or nothing."""
    if UNSPACED.match(char):
        return "run"
    category = unicodedata.category(char)
    if category[0] in "LNM":
        return "word"
    return "symbol" if char in _SYMBOLS or category in {"So", "Sc"} else ""


def _pieces(text: str) -> list[tuple[str, str]]:
    """The folded text cut where the kind of characters changes."""
    return [(kind, "".join(chars)) for kind, chars in groupby(fold(text), _kind)]


def words_of(text: str) -> set[str]:
    """Every word by which `text` is found; a run without spaces gives its pairs of neighbours and its last sign."""
    found: set[str] = set()
    for kind, piece in _pieces(text):
        if kind == "word":
            found.add(piece[:WORD_MAX])
        elif kind == "run":
            found.update(piece[i : i + 2] for i in range(len(piece)))
        elif kind == "symbol":
            found.update(piece)
    return found


def endings_of(text: str) -> frozenset[str]:
    """Every word of a text and every ending of each: who looks for their beginnings finds any part of a word."""
    return frozenset(word[start:] for word in words_of(text) for start in range(len(word)))


def searchable(title: str, text: str | None) -> frozenset[str]:
    """The value of a `SearchWords` column for a row with this title and this further text."""
    titled = words_of(title)
    return frozenset(titled | words_of(text or "") | {_IN_TITLE + word for word in titled})


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to look for: all `terms`, each a word and whether it may go on; see `in_title`."""

    terms: tuple[tuple[str, bool], ...]
    joint: str = "AND"

    def beginnings(self) -> "Wanted":
        """Return the same where every word may go on, not the last alone."""
        return replace(self, terms=tuple(dict.fromkeys((word, True) for word, _ in self.terms)))

    def in_title(self, *, any_of: bool = False) -> "Wanted":
        """Return the same for titles alone: all of the terms, or any of them."""
        marked = tuple((_IN_TITLE + word, is_open) for word, is_open in self.terms)
        return replace(self, terms=marked, joint="OR" if any_of else "AND")


def parse(text: str) -> Wanted:
    """Read what somebody typed. Nothing is syntax; the last word may be the beginning of one; no words find nothing."""
    pieces = _pieces(text.strip())
    terms: dict[tuple[str, bool], None] = {}
    for place, (kind, piece) in enumerate(pieces, 1):
        if kind == "word":
            terms[piece[:WORD_MAX], place == len(pieces)] = None
        elif kind == "run":
            terms.update({(piece[i : i + 2], len(piece) == 1): None for i in range(max(1, len(piece) - 1))})
        elif kind == "symbol":
            terms.update({(symbol, False): None for symbol in piece})
    return Wanted(tuple(terms)[:TERMS_MAX])


class SearchWords(TypeDecorator[frozenset[str]]):
    """A set of words, written by `searchable` and only ever looked at through `matches`."""

    impl = Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Return tsvector or text."""
        return dialect.type_descriptor(TSVECTOR() if dialect.name == "postgresql" else Text())

    def process_bind_param(self, value: frozenset[str] | None, dialect: Dialect) -> str | None:
        """Write the words so that the database takes each as it is."""
        if value is None:
            return None
        return " ".join(f"'{word}'" if dialect.name == "postgresql" else word for word in sorted(value))


class _Query(TypeDecorator[Wanted]):
    """What to look for, in the words of the database. Terms hold letters, digits, marks and symbols: never a quote."""

    impl = Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return dialect.type_descriptor(TSQUERY() if dialect.name == "postgresql" else Text())

    def process_bind_param(self, value: Wanted | None, dialect: Dialect) -> str | None:
        if value is None:
            return None
        if dialect.name == "postgresql":
            joint = {"AND": " & ", "OR": " | "}[value.joint]
            return joint.join(f"'{word}'" + (":*" if is_open else "") for word, is_open in value.terms)
        return f" {value.joint} ".join(f'"{word}"' + (" *" if is_open else "") for word, is_open in value.terms)


class _Matches(FunctionElement[bool]):
    """A `SearchWords` column, and what is looked for in it."""

    name = "matches"
    type = Boolean()
    inherit_cache = True


def matches(words: Any, wanted: Wanted) -> ColumnElement[bool]:  # noqa: ANN401 -- a mapped column of type SearchWords.
    """The condition that a row has the words wanted. Its table needs an integer primary key called `id`."""
    if not wanted.terms:
        return false()  # FTS5 takes no empty query.
    return _Matches(words, bindparam(None, wanted, type_=_Query()))


@compiles(_Matches, "postgresql")
def _matches_postgresql(element: _Matches, compiler: SQLCompiler, **kw: Any) -> str:  # noqa: ANN401 -- SQLAlchemy's.
    words, wanted = (compiler.process(clause, **kw) for clause in element.clauses)
    return f"{words} @@ CAST({wanted} AS TSQUERY)"


@compiles(_Matches, "sqlite")
def _matches_sqlite(element: _Matches, compiler: SQLCompiler, **kw: Any) -> str:  # noqa: ANN401 -- SQLAlchemy's.
    column, query = element.clauses
    table: Any = column.table
    fts, row = f"{table.name}{FTS_SUFFIX}", compiler.process(table.c.id, **kw)
    return f"{row} IN (SELECT rowid FROM {fts} WHERE {fts} MATCH {compiler.process(query, **kw)})"  # noqa: S608 -- names of tables.
