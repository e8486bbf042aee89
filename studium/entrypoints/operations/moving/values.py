"""How values of each type of column go from SQLite to PostgreSQL, as the text that COPY takes and gives."""

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from hashlib import blake2b
from typing import Any

from sqlalchemy import CheckConstraint, Column, Table
from sqlalchemy.sql import sqltypes

from studium.kit.db.search import SearchWords
from studium.kit.db.tables import EnumText, UtcDateTime

NULL = r"\N"
_ESCAPES = {"\b": r"\b", "\t": r"\t", "\n": r"\n", "\v": r"\v", "\f": r"\f", "\r": r"\r", "\\": r"\\"}
_ESCAPED = re.compile("[\b\t\n\v\f\r\\\\]")
_UUID = re.compile("[0-9a-f]{32}")
_LOWER = re.compile(r"(\w+) = lower\(\1\)")
_INSTANT_LENGTH = len("2026-01-05 09:00:00.000000")
_EXACT = 1 << 53
"""Whole numbers up to here are the same ones as floating-point numbers."""


class Unfit(ValueError):
    """A value that PostgreSQL would refuse; its text says why, without the value."""


@dataclass(frozen=True, slots=True)
class Kind:
    """How the values of one column go over.

    `checked` gives the text by which both sides are compared, or raises Unfit; `sent` gives what COPY is sent; `seen`
    is the SQL that gives the text on PostgreSQL, and `compared` what is to be done with that, where anything is.
    """

    checked: Callable[[Any], str]
    sent: Callable[[Any], str]
    seen: str = "{}"
    compared: Callable[[str], str] | None = None


def kind_of(column: "Column[Any]") -> Kind:
    """How the values of a column go over."""
    kind = column.type
    for known, how in _KINDS.items():
        if isinstance(kind, known):
            return how
    if isinstance(kind, sqltypes.Integer):
        return Kind(partial(_integer, bits=63 if isinstance(kind, sqltypes.BigInteger) else 31), str)
    if isinstance(kind, sqltypes.Numeric) and kind.precision is not None and kind.scale is not None:
        number = partial(_numeric, scale=kind.scale, limit=10 ** (kind.precision - kind.scale))
        return Kind(number, number)
    stored = kind.impl_instance if isinstance(kind, EnumText) else kind
    if isinstance(stored, sqltypes.String):
        return Kind(partial(_text, limit=stored.length, is_lower=_is_lower(column)), _escaped)
    message = f"nothing is known about moving columns of type {kind!r}"
    raise TypeError(message)


def _is_lower(column: "Column[Any]") -> bool:
    """Whether a rule wants a column's text in lower case: SQLite knows the ASCII letters alone, PostgreSQL all."""
    rules = (rule for rule in column.table.constraints if isinstance(rule, CheckConstraint))
    return any(match[1] == column.name for rule in rules if (match := _LOWER.fullmatch(str(rule.sqltext))))


def _escaped(text: str) -> str:
    return _ESCAPED.sub(lambda match: _ESCAPES[match[0]], text) if _ESCAPED.search(text) else text


def _text(value: Any, *, limit: int | None, is_lower: bool) -> str:  # noqa: ANN401 -- SQLite keeps any type in any column.
    if type(value) is not str:
        message = "is no text"
        raise Unfit(message)
    if "\0" in value:
        message = "has a NUL character"
        raise Unfit(message)
    if limit is not None and len(value) > limit:
        message = f"has {len(value)} characters; {limit} are allowed"
        raise Unfit(message)
    if is_lower and value != value.lower():
        message = "is not in lower case"
        raise Unfit(message)
    return _escaped(value)


def _words(value: Any) -> str:  # noqa: ANN401 -- as above.
    return _text(" ".join(sorted(set(value.split()))) if type(value) is str else value, limit=None, is_lower=False)


def _lexemes(value: str) -> str:
    return " ".join("'" + word.replace("'", "''") + "'" for word in _escaped(value).split())


def _instant(value: Any) -> str:  # noqa: ANN401 -- as above.
    try:
        instant = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        message = "is no time"
        raise Unfit(message) from None
    if instant.tzinfo is not None:
        message = "is no time of UTC without a zone"
        raise Unfit(message)
    return value if len(value) == _INSTANT_LENGTH else instant.isoformat(" ", "microseconds")


def _uuid(value: Any) -> str:  # noqa: ANN401 -- as above.
    if type(value) is str and _UUID.fullmatch(value):
        return value
    message = "is no id of 32 small hexadecimal digits"
    raise Unfit(message)


def _boolean(value: Any) -> str:  # noqa: ANN401 -- as above.
    if value in (0, 1):
        return str(value)
    message = "is neither 0 nor 1"
    raise Unfit(message)


def _integer(value: Any, *, bits: int) -> str:  # noqa: ANN401 -- as above.
    if type(value) is int and -(1 << bits) <= value < 1 << bits:
        return str(value)
    message = f"is no whole number of {bits + 1} bits"
    raise Unfit(message)


def _numeric(value: Any, *, scale: int, limit: int) -> str:  # noqa: ANN401 -- as above.
    """As SQLAlchemy reads it from SQLite, so that nobody sees another number afterwards."""
    if type(value) in (int, float):
        number = f"{value:.{scale}f}"
        if -limit < float(number) < limit:
            return number if float(number) else number.removeprefix("-")
    message = f"is no number below {limit}"
    raise Unfit(message)


def _binary(value: Any) -> str:  # noqa: ANN401 -- as above.
    if type(value) is bytes:
        return rf"\\x{value.hex()}"
    message = "is no binary value"
    raise Unfit(message)


def _plain_json(value: Any) -> str:  # noqa: ANN401 -- SQLite makes numbers of the JSON of numbers.
    return _escaped(value if type(value) is str else str(value))


def json_of_line(text: str) -> str:
    """JSON in one form, of a field of COPY: has no other escapes there than those of backslashes."""
    return _json(text.replace(r"\\", "\\"))


def _json(value: Any) -> str:  # noqa: ANN401 -- as above.
    """JSON in one form; PostgreSQL keeps no order of names, and of numbers no more than their value."""
    if type(value) not in (str, int, float):
        message = "is no JSON"
        raise Unfit(message)
    if value in ("{}", "[]"):
        return str(value)
    try:
        found = json.loads(str(value), parse_int=_whole, parse_float=_number, parse_constant=_no_number)
        text = json.dumps(found, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    except Unfit:
        raise
    except (ValueError, OverflowError, RecursionError):
        message = "is no JSON"
        raise Unfit(message) from None
    if r"\u0000" in text and "\0" in "".join(_texts(found)):
        message = "has a NUL character"
        raise Unfit(message)
    return _escaped(text)


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for name, each in value.items():
            yield name
            yield from _texts(each)
    elif isinstance(value, Sequence):
        for each in value:
            yield from _texts(each)


def _whole(text: str) -> float:
    value = int(text)
    return value if abs(value) < _EXACT else float(value)


def _number(text: str) -> float:
    value = float(text)
    return int(value) if value.is_integer() and abs(value) < _EXACT else value


def _no_number(name: str) -> None:
    message = f"has {name}, which is no number of JSON"
    raise Unfit(message)


_KINDS: dict[type[Any], Kind] = {
    SearchWords: Kind(_words, _lexemes, "array_to_string(tsvector_to_array({}), ' ')", _words),
    UtcDateTime: Kind(_instant, _instant, "to_char({} AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US')"),
    sqltypes.JSON: Kind(_json, _plain_json, compared=json_of_line),
    sqltypes.Uuid: Kind(_uuid, _uuid, "replace({}::text, '-', '')"),
    sqltypes.Boolean: Kind(_boolean, str, "{}::integer"),
    sqltypes.LargeBinary: Kind(_binary, _binary),
}


class Form:
    """How the rows of one table go over."""

    def __init__(self, table: Table) -> None:
        self.table = table
        self.names = [column.name for column in table.columns]
        self._kinds = [kind_of(column) for column in table.columns]
        self._checked = [kind.checked for kind in self._kinds]
        self._sent = [kind.sent for kind in self._kinds]
        self._compared = [(place, kind.compared) for place, kind in enumerate(self._kinds) if kind.compared]
        self.seen = ", ".join(kind.seen.format(f'"{name}"') for kind, name in zip(self._kinds, self.names, strict=True))

    def checked(self, row: Sequence[Any]) -> bytes:
        """The row as both sides are compared by it; raise Unfit or UnicodeEncodeError."""
        return line_of([NULL if value is None else form(value) for form, value in zip(self._checked, row, strict=True)])

    def sent(self, row: Sequence[Any]) -> bytes:
        """The row for COPY."""
        return line_of([NULL if value is None else form(value) for form, value in zip(self._sent, row, strict=True)])

    def compared(self, line: bytes) -> bytes:
        """What `checked` gave, from the line that COPY gives."""
        if not self._compared:
            return line
        fields = line.decode()[:-1].split("\t")
        for place, form in self._compared:
            if fields[place] != NULL:
                fields[place] = form(fields[place])
        return line_of(fields)

    def faults(self, row: Sequence[Any]) -> Iterator[tuple[str, str]]:
        """Each column whose value does not fit, with why."""
        for name, form, value in zip(self.names, self._checked, row, strict=True):
            try:
                if value is not None:
                    form(value).encode()
            except Unfit as error:
                yield name, str(error)
            except UnicodeEncodeError:
                yield name, "has half a surrogate pair or other bytes that are no UTF-8"


def line_of(fields: Sequence[str]) -> bytes:
    """A row for COPY, of fields that are escaped."""
    return ("\t".join(fields) + "\n").encode()


class Digest:
    """How many lines there are, and a sum of their digests: the order in which they come makes no difference."""

    __slots__ = ("_sum", "count")

    def __init__(self) -> None:
        self.count = self._sum = 0

    def add(self, line: bytes) -> None:
        """Count a line."""
        self.count += 1
        self._sum += int.from_bytes(blake2b(line, digest_size=16).digest())

    def __eq__(self, other: object) -> bool:
        """Whether the same lines were counted."""
        return isinstance(other, Digest) and (self.count, self._sum) == (other.count, other._sum)

    __hash__ = None  # type: ignore[assignment]  # It changes.
