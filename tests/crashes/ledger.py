"""What the server has acknowledged, and whether it is there: rows by their keys, with the values they may have."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from enum import Enum
from threading import Lock
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, create_engine, select
from sqlalchemy.engine import make_url

from studium.kit.db.tables import Base

Values = Mapping[str, object]
UNKNOWN: Values = {}
"""Fits any row, and none: nothing was acknowledged of it yet."""


@dataclass(frozen=True)
class Holding:
    """An expected value that must occur somewhere in the JSON of the column."""

    text: str

    def fits(self, value: object) -> bool:
        return self.text in json.dumps(value)


@dataclass(frozen=True)
class Key:
    """One row: a table, and values that only this row has."""

    table: type[Base]
    values: tuple[tuple[str, str], ...]

    def __str__(self) -> str:
        return f"{self.table.__tablename__} {dict(self.values)}"


def row(table: type[Base], **values: str) -> Key:
    return Key(table, tuple(sorted(values.items())))


@dataclass
class Ledger:
    """For each row the values that it may have: one set of them once its last write is acknowledged, more while not."""

    allowed: dict[Key, list[Values]] = field(default_factory=dict)
    touched: set[Key] = field(default_factory=set)
    acknowledged: int = 0
    kinds: dict[str, int] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def sending(self, key: Key, **values: object) -> None:
        """A write that sets these columns leaves now: either it will have happened, or not."""
        with self._lock:
            (before,) = self.allowed.get(key, [UNKNOWN])
            self.allowed[key] = [before, {**before, **values}]
            self.touched.add(key)

    def refused(self, key: Key) -> None:
        """The write that was sent did not happen."""
        with self._lock:
            del self.allowed[key][1:]

    def known(self, key: Key, **values: object) -> None:
        """The row is as an answer shows it, and otherwise as it was before the write that is answered."""
        with self._lock:
            before = self.allowed.get(key, [UNKNOWN])[0]
            self.allowed[key] = [{**before, **values}]
            self.touched.add(key)

    def gone(self, key: Key) -> None:
        """Nothing is to be expected of this row any more."""
        with self._lock:
            self.allowed.pop(key, None)
            self.touched.discard(key)

    def count(self, kind: str) -> None:
        """A write was acknowledged."""
        with self._lock:
            self.acknowledged += 1
            self.kinds[kind] = self.kinds.get(kind, 0) + 1

    def missing(self, database_url: str, *, all_of_them: bool = False) -> list[str]:
        """Every row that is not as it should be: of those written to since the last look, or of all."""
        with self._lock:
            keys = list(self.allowed if all_of_them else self.touched)
            self.touched.clear()
        with connected(database_url) as connection:
            found = [self._fault(connection, key) for key in keys if key in self.allowed]
        return [fault for fault in found if fault is not None]

    def _fault(self, connection: Connection, key: Key) -> str | None:
        allowed = self.allowed[key]
        names = sorted({name for values in allowed for name in values})
        columns = key.table.__table__.c
        wanted = select(*(columns[name] for name in names or [key.values[0][0]]))
        for name, value in key.values:
            wanted = wanted.where(columns[name] == _typed(columns[name], value))
        rows = [dict(found) for found in connection.execute(wanted).mappings()]
        if len(rows) > 1:
            return f"{key} is there {len(rows)} times"
        fits = [values for values in allowed if _fits(rows[0] if rows else None, values)]
        if not fits:
            return f"{key} is {_plain(rows[0]) if rows else 'missing'}; allowed: {allowed}"
        # What is there now is what counts from here on: an unanswered write that did happen is no longer open.
        self.allowed[key] = fits[-1:]
        return None


def _typed(column: Any, value: str) -> object:  # noqa: ANN401 -- any column.
    return UUID(value) if column.type.python_type is UUID else value


def _fits(found: Mapping[str, Any] | None, values: Values) -> bool:
    if values == UNKNOWN:
        return True
    return found is not None and all(
        wanted.fits(found[name]) if isinstance(wanted, Holding) else _simple(found[name]) == wanted
        for name, wanted in values.items()
    )


def _plain(found: Mapping[str, Any]) -> dict[str, object]:
    return {name: _simple(value) for name, value in found.items()}


def _simple(value: object) -> object:
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Decimal):
        return float(value)
    return str(value) if isinstance(value, UUID) else value


@contextmanager
def connected(database_url: str) -> Iterator[Connection]:
    """A connection of the test's own, past the server."""
    url = make_url(database_url)
    driver = "sqlite+pysqlite" if url.get_backend_name() == "sqlite" else "postgresql+psycopg"
    engine = create_engine(url.set(drivername=driver))
    try:
        with engine.connect() as connection:
            yield connection
    finally:
        engine.dispose()
