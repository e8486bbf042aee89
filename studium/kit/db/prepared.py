"""Statements that are compiled once for each database: read by a `QueryExecutor`, written on a `Transaction`.

A `PreparedStatement` wraps a Core statement with named parameters. It runs outside any transaction, on a connection
that only reads, so it costs one round trip. A read that must see what the same request wrote goes through the
request's transaction instead.
"""

import asyncio
import sqlite3
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Hashable, Iterable, Mapping, Sequence
from functools import cache, cached_property
from inspect import isfunction
from typing import Any, Protocol, TypeVar

from sqlalchemy import ARRAY, ColumnElement, Dialect, any_, bindparam, insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.dialects.sqlite import pysqlite as sqlite
from sqlalchemy.engine import make_url

from studium.kit.db.errors import raise_problem
from studium.kit.db.positions import POSITION

_BUSY_SECONDS = 1.0
_SHARED_AT_ONCE = 4
Result = TypeVar("Result")
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
        forgotten = [column.name for column in (*compiled.insert_prefetch, *compiled.update_prefetch)]
        if forgotten:
            message = f"Python would compute {', '.join(forgotten)}: give a prepared statement a value for each"
            raise TypeError(message)
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
        found = ((column.name, _from_database(column.type, dialect)) for column in statement.exported_columns)
        self.processes = [(name, process) for name, process in found if process is not None]
        self.converts = dialect.name == "sqlite" or bool(self.processes)

    def arguments(self, values: Mapping[str, Any]) -> list[Any]:
        """The values in the order of the text; those that the statement itself holds are filled in."""
        return [
            fixed if name not in values else process(values[name]) if process else values[name]
            for name, process, fixed in self.parameters
        ]

    def record(self, row: Sequence[Any]) -> Record:
        """A row whose values have the types of the columns."""
        values = dict(zip(self.names, row, strict=True))
        for name, process in self.processes:
            if values[name] is not None:
                values[name] = process(values[name])
        return values

    def records(self, rows: Sequence[Any]) -> Sequence[Record]:
        """Rows of the driver as records; they are left as they are where every value is right already."""
        return [self.record(row) for row in rows] if self.converts else rows


def _from_database(kind: Any, dialect: Dialect) -> Process:  # noqa: ANN401 -- any column type.
    """What turns a driver's value into the column's type; asyncpg's values are right by themselves, but for enums."""
    if dialect.name == "postgresql":
        return getattr(kind, "kind", None)
    found: Process = kind.dialect_impl(dialect).result_processor(dialect, None)
    return found


class PreparedStatement:
    """A statement with `bindparam`s, compiled for a database when it is first used there.

    One that says ON CONFLICT is given as a function of the database's own `insert`.
    """

    def __init__(self, statement: Any) -> None:  # noqa: ANN401 -- any statement.
        self._given = statement
        self._statements: dict[str, Any] = {}
        self._compiled: dict[str, _Compiled] = {}

    def statement(self, dialect: str) -> Any:  # noqa: ANN401 -- any statement.
        """The Core statement for one kind of database."""
        if not isfunction(self._given):
            return self._given
        found = self._statements.get(dialect)
        if found is None:
            found = self._statements[dialect] = self._given(_insert(dialect))
        return found

    def compiled(self, dialect: str) -> _Compiled:
        """The statement's text for one kind of database."""
        found = self._compiled.get(dialect)
        if found is None:
            found = self._compiled[dialect] = _Compiled(self.statement(dialect), _dialect(dialect))
        return found


class KeyedRead:
    """A read of at most one row by the value of a column, for all who ask at once: see `QueryExecutor.keyed`."""

    def __init__(self, statement: Any, column: ColumnElement[Any]) -> None:  # noqa: ANN401 -- any SELECT.
        self._statement, self._column = statement, column
        self.single = PreparedStatement(statement.where(column == bindparam("_key", type_=column.type)))
        keys = bindparam("_keys", type_=ARRAY(column.type))
        self.several = PreparedStatement(statement.add_columns(column.label("_key")).where(column == any_(keys)))

    @cached_property
    def positioned(self) -> "KeyedRead":
        """The same with the primary's position in each row, as `_position`."""
        return KeyedRead(self._statement.add_columns(POSITION.label("_position")), self._column)


def bound(columns: Iterable[Any]) -> dict[str, Any]:
    """The columns by name, each with the parameter `p_` and its name for its value: for `values` of a statement."""
    return {column.name: bindparam(f"p_{column.name}", type_=column.type) for column in columns}


def insertion(columns: Iterable[Any]) -> PreparedStatement:
    """The INSERT of a row of these columns of one table, with the parameters of `bound`."""
    into = list(columns)
    return PreparedStatement(insert(into[0].table).values(bound(into)).returning(into[0]))


def _insert(dialect: str) -> Any:  # noqa: ANN401 -- each database has a type of its own for it.
    if dialect == "sqlite":
        return sqlite_insert
    from sqlalchemy.dialects.postgresql import insert  # noqa: PLC0415 -- as `_dialect`.

    return insert


class QueryExecutor(ABC):
    """Runs reads. Every value has its column's type."""

    dialect: str
    """`sqlite` or `postgresql`."""

    watch: Callable[[str], None] | None = None
    """Called with each statement's text: for tests that count."""

    heard: Callable[[str | None, float], None] | None = None
    """Called with the primary's position after each keyed read that finds something, and with when it was asked."""

    def __init__(self) -> None:
        self._following: dict[Hashable, asyncio.Future[Any]] = {}
        self._running: dict[Hashable, asyncio.Future[Any]] = {}
        self._turns = asyncio.Semaphore(_SHARED_AT_ONCE)

    @abstractmethod
    async def all(self, read: PreparedStatement, **values: Any) -> Sequence[Record]:  # noqa: ANN401 -- parameters of any type.
        """Every row; raise DependencyDown where the database does not answer."""

    async def one(self, read: PreparedStatement, **values: Any) -> Record | None:  # noqa: ANN401 -- parameters of any type.
        """The first row, or None."""
        rows = await self.all(read, **values)
        return rows[0] if rows else None

    async def keyed(self, read: KeyedRead, key: Any, **values: Any) -> Record | None:  # noqa: ANN401 -- parameters of any type.
        """The row of a key, or None. PostgreSQL is asked once for all who ask in the same round of the event loop.

        The other values must be good for all of them: those of the first are sent.
        """
        return await self.one(read.single, _key=key, **values)

    async def shared(self, key: Hashable, make: Callable[[], Awaitable[Result]]) -> Result:
        """What `make` reads, made once for all who ask for `key` before it begins.

        Whoever comes while it is at work waits for the next one, so that nobody gets figures from before they asked.
        For reads that take long: four are made at a time, so that they leave connections to the others.
        """
        following = self._following.get(key)
        if following is None:
            following = self._following[key] = asyncio.ensure_future(self._made(key, make))
            following.add_done_callback(retrieve)
        result: Result = await asyncio.shield(following)
        return result

    async def _made(self, key: Hashable, make: Callable[[], Awaitable[Result]]) -> Result:
        running = self._running.get(key)
        if running is not None:
            await asyncio.wait([running])
        mine = self._running[key] = self._following.pop(key)
        try:
            async with self._turns:
                return await make()
        finally:
            if self._running.get(key) is mine:
                del self._running[key]

    @property
    def busy(self) -> int:
        """How many connections are in use; one that is asked inline is never waited for."""
        return 0

    @abstractmethod
    async def close(self) -> None:
        """Let go of the connections."""


def retrieve(future: "asyncio.Future[Any]") -> None:
    """Take a failure for heard: everybody who asked may have gone."""
    if not future.cancelled():
        future.exception()


class SqliteReads(QueryExecutor):
    """On SQLite: one connection that only reads, asked inline. An indexed read is quicker than waking a thread."""

    dialect = "sqlite"

    def __init__(self, url: str) -> None:
        super().__init__()
        self._path = make_url(url).database or ""
        self._connection: sqlite3.Connection | None = None

    async def all(self, read: PreparedStatement, **values: Any) -> Sequence[Record]:  # noqa: ANN401 -- parameters of any type.
        """Every row."""
        compiled = read.compiled("sqlite")
        if self.watch is not None:
            self.watch(compiled.text)
        try:
            if self._connection is None:
                self._connection = self._open()
            rows = self._connection.execute(compiled.text, compiled.arguments(values)).fetchall()
        except sqlite3.OperationalError as error:
            raise_problem(error)
        return compiled.records(rows)

    def _open(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self._path, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False)
        connection.execute("PRAGMA query_only=ON")
        return connection

    async def close(self) -> None:
        """Close the connection."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None
