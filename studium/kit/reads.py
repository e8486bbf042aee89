"""Hot reads: SELECTs that are compiled once and then run as prepared statements, beside the sessions.

A `Read` wraps a Core statement with named parameters. It runs outside any transaction, on a connection of its own
kind, so it costs one round trip. Whatever writes uses a session, and so does a read that must see what was written in
the same request.
"""

import json
import sqlite3
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, Protocol

import asyncpg
from sqlalchemy import Dialect
from sqlalchemy.dialects.postgresql import asyncpg as postgresql
from sqlalchemy.dialects.sqlite import pysqlite as sqlite
from sqlalchemy.engine import make_url

from studium.kit.breaker import Breaker
from studium.kit.problems import DependencyDown, Overloaded
from studium.kit.refusals import problem_of

CONNECT_SECONDS = 3
LOCK_SECONDS = 3.0
STATEMENT_SECONDS = 4.5
"""How long a request's statement may take before PostgreSQL stops it; half a second later the client gives up too."""

_BUSY_SECONDS = 1.0
_DIALECTS: dict[str, Dialect] = {
    "postgresql": postgresql.dialect(),  # type: ignore[no-untyped-call]
    "sqlite": sqlite.dialect(),
}
LOST = (OSError, asyncpg.PostgresConnectionError, asyncpg.InterfaceError, asyncpg.CannotConnectNowError)
Process = Callable[[Any], Any] | None


class Record(Protocol):
    """A row: its values by the names of the columns."""

    def __getitem__(self, name: str, /) -> Any: ...  # noqa: ANN401 -- columns of any type.


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
            found = self._compiled[dialect] = _Compiled(self._statement, _DIALECTS[dialect])
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

    @abstractmethod
    async def close(self) -> None:
        """Let go of the connections."""


class PostgresReads(Reads):
    """On PostgreSQL: a pool of asyncpg's own, which opens connections when they are needed."""

    def __init__(self, url: str, size: int, breaker: Breaker, statement_seconds: float) -> None:
        self._url = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
        self._size = size
        self._breaker = breaker
        self._statement_seconds = statement_seconds
        self._pool: Any = None

    async def all(self, read: Read, **values: Any) -> Sequence[Record]:  # noqa: ANN401 -- parameters of any type.
        """Every row. A connection that was lost since its last use is replaced once: a read may be repeated."""
        compiled = read.compiled("postgresql")
        arguments = compiled.arguments(values)
        if self.watch is not None:
            self.watch(compiled.text)
        try:
            return await self._fetch(compiled.text, arguments)
        except LOST:
            try:
                return await self._fetch(compiled.text, arguments)
            except LOST as error:
                raise DependencyDown from error
        except asyncpg.PostgresError as error:
            raise problem_of(error) or error from error

    async def _fetch(self, text: str, arguments: list[Any]) -> Sequence[Record]:
        async with self.connection() as connection:
            rows: Sequence[Record] = await connection.fetch(text, *arguments)
            return rows

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[Any]:
        """A connection of the pool, for as long as the block; raise DependencyDown or Overloaded.

        One that does not answer in time is cut off at once: to end it politely one would have to ask it.
        """
        connection = await self._acquired()
        try:
            yield connection
        except TimeoutError as error:
            connection.terminate()
            self._breaker.failed(error)
            raise DependencyDown from error
        else:
            if self._breaker.is_down:
                self._breaker.worked()
        finally:
            await self._pool.release(connection)

    async def _acquired(self) -> Any:  # noqa: ANN401 -- asyncpg is untyped.
        if not self._breaker.may_try():
            raise DependencyDown
        if self._pool is None:
            self._pool = await self._opened()
        try:
            return await self._pool.acquire(timeout=CONNECT_SECONDS)
        except TimeoutError as error:
            # Either all connections are busy, or a new one was not answered.
            if self._breaker.is_down:
                self._breaker.failed(error)
            raise Overloaded from error

    async def _opened(self) -> Any:  # noqa: ANN401 -- asyncpg is untyped.
        return await asyncpg.create_pool(
            self._url,
            min_size=0,
            max_size=self._size,
            init=_prepare_postgres,
            reset=_leave_as_is,
            **postgres_options(self._statement_seconds),
        )

    async def close(self) -> None:
        """Close the pool."""
        if self._pool is not None:
            self._pool.terminate()
            self._pool = None


def postgres_options(statement_seconds: float) -> dict[str, Any]:
    """How every connection to PostgreSQL is opened: bounded waits on its side and, should it hang, on ours."""
    return {
        "timeout": CONNECT_SECONDS,
        "command_timeout": statement_seconds + 0.5,
        "server_settings": {
            "timezone": "UTC",
            "application_name": "studium",
            "statement_timeout": f"{statement_seconds * 1000:.0f}",
            "lock_timeout": f"{LOCK_SECONDS * 1000:.0f}",
            "idle_in_transaction_session_timeout": "60000",
        },
    }


async def _prepare_postgres(connection: Any) -> None:  # noqa: ANN401 -- asyncpg is untyped.
    await connection.set_type_codec("jsonb", encoder=json.dumps, decoder=json.loads, schema="pg_catalog")


async def _leave_as_is(connection: Any) -> None:  # noqa: ANN401 -- asyncpg is untyped.
    """Reads change nothing on a connection, so there is nothing to reset, and a round trip to save."""
    del connection


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


def open_reads(url: str, pool_size: int, breaker: Breaker, statement_seconds: float) -> Reads:
    """The reads of a database."""
    if url.startswith("sqlite"):
        return SqliteReads(url)
    return PostgresReads(url, pool_size, breaker, statement_seconds)
