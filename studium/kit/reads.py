"""Hot reads: SELECTs that are compiled once and then run as prepared statements, beside the sessions.

A `Read` wraps a Core statement with named parameters. It runs outside any transaction, on a connection of its own
kind, so it costs one round trip. Whatever writes uses a session, and so does a read that must see what was written in
the same request.
"""

import sqlite3
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any, Protocol

from sqlalchemy import Dialect
from sqlalchemy.dialects.sqlite import pysqlite as sqlite
from sqlalchemy.engine import make_url

from studium.kit.refusals import problem_of

_BUSY_SECONDS = 1.0
Process = Callable[[Any], Any] | None


class Record(Protocol):
    """A row: its values by the names of the columns."""

    def __getitem__(self, name: str, /) -> Any: ...  # noqa: ANN401 -- columns of any type.


@cache
def _dialect(name: str) -> Dialect:
    """How SQL is spelled for a database. The embedded default never loads the other one's driver."""
    if name == "sqlite":
        return sqlite.dialect()
    from sqlalchemy.dialects.postgresql import asyncpg  # noqa: PLC0415 -- see the docstring.

    return asyncpg.dialect()  # type: ignore[no-untyped-call]


class _Compiled:
    """A statement's text for one database, and how values go in and come out."""

    def __init__(self, statement: Any, dialect: Dialect) -> None:  # noqa: ANN401 -- any SELECT.
        compiled = statement.compile(dialect=dialect)
        open_names = {name: None for name, bind in compiled.binds.items() if bind.required}
        expanded = compiled.construct_expanded_state(open_names)
        self.text = expanded.statement
        # The members of an IN have names of their own, and the type of the whole.
        whole = {part: name for name, parts in expanded.parameter_expansion.items() for part in parts}
        self.parameters: list[tuple[str, Process, Any]] = []
        for name in expanded.positiontup:
            kind, fixed = compiled.binds[whole.get(name, name)].type, expanded.parameters[name]
            process: Process = kind.dialect_impl(dialect).bind_processor(dialect)
            self.parameters.append((name, process, process(fixed) if process and fixed is not None else fixed))
        self.names = [column.name for column in statement.exported_columns]
        self.results = [_from_database(column.type, dialect) for column in statement.exported_columns]

    def arguments(self, values: Mapping[str, Any]) -> list[Any]:
        """The values in the order of the text; those that the statement itself holds are filled in."""
        return [
            fixed if name not in values else process(values[name]) if process else values[name]
            for name, process, fixed in self.parameters
        ]

    def record(self, row: Sequence[Any]) -> Record:
        """A row whose values have the types of the columns."""
        return {
            name: value if process is None or value is None else process(value)
            for name, process, value in zip(self.names, self.results, row, strict=True)
        }


def _from_database(kind: Any, dialect: Dialect) -> Process:  # noqa: ANN401 -- any column type.
    """What turns a driver's value into the column's type; nothing for asyncpg, whose values are right by themselves."""
    if dialect.name == "postgresql":
        return None
    found: Process = kind.dialect_impl(dialect).result_processor(dialect, None)
    return found


class Read:
    """A SELECT with `bindparam`s, compiled for a database when it is first used there."""

    def __init__(self, statement: Any) -> None:  # noqa: ANN401 -- any SELECT.
        self._statement = statement
        self._compiled: dict[str, _Compiled] = {}

    def compiled(self, dialect: str) -> _Compiled:
        """The statement for one kind of database."""
        found = self._compiled.get(dialect)
        if found is None:
            found = self._compiled[dialect] = _Compiled(self._statement, _dialect(dialect))
        return found


class Reads(ABC):
    """Runs reads. On PostgreSQL texts of enums stay texts; on SQLite everything has its column's type."""

    watch: Callable[[str], None] | None = None
    """Called with each statement's text: for tests that count."""

    @abstractmethod
    async def all(self, read: Read, **values: Any) -> Sequence[Record]:  # noqa: ANN401 -- parameters of any type.
        """Every row; raise DependencyDown where the database does not answer."""

    async def one(self, read: Read, **values: Any) -> Record | None:  # noqa: ANN401 -- parameters of any type.
        """The first row, or None."""
        rows = await self.all(read, **values)
        return rows[0] if rows else None

    @property
    def busy(self) -> int:
        """How many connections are in use; one that is asked inline is never waited for."""
        return 0

    @abstractmethod
    async def close(self) -> None:
        """Let go of the connections."""


class SqliteReads(Reads):
    """On SQLite: one connection that only reads, asked inline. An indexed read is quicker than waking a thread."""

    def __init__(self, url: str) -> None:
        self._path = make_url(url).database or ""
        self._connection: sqlite3.Connection | None = None

    async def all(self, read: Read, **values: Any) -> Sequence[Record]:  # noqa: ANN401 -- parameters of any type.
        """Every row."""
        compiled = read.compiled("sqlite")
        if self.watch is not None:
            self.watch(compiled.text)
        try:
            if self._connection is None:
                self._connection = self._open()
            rows = self._connection.execute(compiled.text, compiled.arguments(values)).fetchall()
        except sqlite3.OperationalError as error:
            raise problem_of(error) or error from error
        return [compiled.record(row) for row in rows]

    def _open(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self._path, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False)
        connection.execute("PRAGMA query_only=ON")
        return connection

    async def close(self) -> None:
        """Close the connection."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None
