"""Databases and transactions: one for each request and each job, and the only place that commits or rolls back."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import partial
from time import monotonic, sleep
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from sqlalchemy import event, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import URL, ExceptionContext, make_url
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DisconnectionError, IntegrityError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine

from studium.kit.base.breaker import Breaker
from studium.kit.base.held import allowed, holding
from studium.kit.base.problems import DependencyDown, Problem
from studium.kit.db.errors import READ_ONLY, Constraint, sqlstate_of, violation_of
from studium.kit.db.postgres import CONNECT_SECONDS, STATEMENT_SECONDS, bounds, postgres_options
from studium.kit.db.prepared import QueryExecutor, SqliteReads
from studium.kit.db.repeats import committed, committing, repeated
from studium.kit.db.transaction import SqliteWriter, Transaction

if TYPE_CHECKING:
    from studium.kit.db.servers import Servers

Result = TypeVar("Result")
SQLITE_BUSY_MS = 10_000
_LOCKED_SECONDS = 0.02
_KIND_OF_ERROR = 0xFF
_SQLITE_KEPT, _SQLITE_LIMIT = 8, 16
"""Connections that stay open, and those that may be."""

_BEGIN = "studium_begin"


class Database:
    """One database. `read_session()` and `write_session()` open sessions; nothing else opens a transaction."""

    def __init__(
        self,
        url: str,
        *,
        pool_size: int = 10,
        statement_seconds: float = STATEMENT_SECONDS,
        is_pooled: bool = False,
    ) -> None:
        self.url = url
        self.is_pooled = is_pooled
        """Whether a pooler may give each transaction another connection to the server."""
        self.breaker = Breaker("database", pause=1.0, patience=statement_seconds)
        self.servers = None if url.startswith("sqlite") else _servers(url)
        self.dialect: Literal["sqlite", "postgresql"] = "sqlite" if url.startswith("sqlite") else "postgresql"
        self.engine = (
            _sqlite_engine(url)
            if self.servers is None
            else _postgres_engine(self.servers, pool_size, statement_seconds, is_pooled=is_pooled)
        )
        self.pool_limit = _SQLITE_LIMIT if self.dialect == "sqlite" else pool_size
        self.reads = (
            SqliteReads(url)
            if self.servers is None
            else _postgres_reads(self.servers, pool_size, self.breaker, statement_seconds, is_pooled=is_pooled)
        )
        self._immediate = self.engine.execution_options(**{_BEGIN: "BEGIN IMMEDIATE"})
        self._turn = asyncio.Lock()
        self.writer = SqliteWriter(url, _prepare_sqlite) if self.dialect == "sqlite" else None
        self.replica: QueryExecutor | None = None
        self.session_info: dict[str, Any] = {}
        """What each session and transaction carries in its `info`."""

    async def close(self) -> None:
        """Close every connection."""
        await self.reads.close()
        if self.writer is not None:
            self.writer.close()
        await self.engine.dispose()
        if self.servers is not None:
            await self.servers.close()

    @property
    def replica_reads(self) -> QueryExecutor:
        """Hot reads that a replica may answer where there is one."""
        return self.reads if self.replica is None else self.replica

    async def ping(self) -> None:
        """Ask the database something trivial; raise what its driver raises."""
        async with self.engine.connect() as connection:
            await connection.execute(text("SELECT 1"))

    @asynccontextmanager
    async def read_session(self) -> AsyncIterator[AsyncSession]:
        """A session that sees one moment and changes nothing; what it read stays as it is."""
        async with self._session(self.engine) as session:
            yield session
            # A rollback would empty the rows that the caller goes on reading.
            session.expunge_all()
            await session.rollback()

    @asynccontextmanager
    async def snapshot(self) -> AsyncIterator[AsyncSession]:
        """As `read_session`, and all statements see one moment, however long they take: for whoever compares tables."""
        async with self.read_session() as session:
            if self.dialect == "postgresql":
                await session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
                await session.execute(text("SET LOCAL statement_timeout = 0"))
            yield session

    @asynccontextmanager
    async def long_snapshot(self) -> AsyncIterator[AsyncSession]:
        """As `snapshot`, for a job that writes what it reads to a file meanwhile: one connection is its for as long."""
        async with self.snapshot() as session:
            with allowed():
                yield session

    @asynccontextmanager
    async def write_session(self) -> AsyncIterator[AsyncSession]:
        """A session whose work is committed at the end of the block, and rolled back when the block raises.

        A Problem with `commits_on_error` commits and goes on its way: a refusal may have something to remember.
        On SQLite writers take turns, first come first served, instead of polling for the file's one write lock.
        """
        async with self._turns(), self._session(self._immediate) as session:
            try:
                yield session
            except Problem as problem:
                await (_commit(session) if problem.commits_on_error else session.rollback())
                raise
            await _commit(session)

    async def write(self, work: Callable[[AsyncSession], Awaitable[Result]]) -> Result:
        """What `work` gives in a transaction of its own, begun anew where the one before certainly did nothing."""

        async def once() -> Result:
            async with self.write_session() as session:
                return await work(session)

        return await repeated(once)

    def transaction(self) -> AbstractAsyncContextManager[Transaction]:
        """A transaction of prepared statements, committed at the end of the block as in `write_session`."""
        if self.writer is not None:
            return self.writer.transaction(self._turns(), self.session_info)
        from studium.kit.db.prepared_postgres import PostgresReads, postgres_transaction  # noqa: PLC0415 -- as `_servers`.

        assert isinstance(self.reads, PostgresReads)  # noqa: S101 -- what is opened for PostgreSQL.
        return postgres_transaction(self.reads, self.session_info)

    @asynccontextmanager
    async def _session(self, engine: AsyncEngine) -> AsyncIterator[AsyncSession]:
        if not self.breaker.may_try():
            raise DependencyDown
        async with _held(), AsyncSession(engine, expire_on_commit=False, autoflush=False) as session:
            session.info.update(self.session_info)
            try:
                yield session
            except (TimeoutError, ConnectionError) as error:
                # The driver's own, of a statement that was not answered, or of a new connection.
                self.breaker.failed(error)
                raise DependencyDown from error
        if self.breaker.is_down:
            self.breaker.worked()

    @asynccontextmanager
    async def _turns(self) -> AsyncIterator[None]:
        if self.dialect != "sqlite":
            yield
            return
        async with self._turn:
            yield


@asynccontextmanager
async def _held() -> AsyncIterator[None]:
    with holding():
        yield


async def _commit(session: AsyncSession) -> None:
    """Send what is left to be written, then COMMIT."""
    await session.flush()
    committing()
    await session.commit()
    committed()


def _servers(url: str) -> "Servers":
    """The embedded default never loads the driver that this needs."""
    from studium.kit.db.servers import Servers  # noqa: PLC0415 -- see the docstring.

    return Servers(url)


def _postgres_reads(
    servers: "Servers", pool_size: int, breaker: Breaker, statement_seconds: float, *, is_pooled: bool
) -> QueryExecutor:
    from studium.kit.db.prepared_postgres import PostgresReads  # noqa: PLC0415 -- as `_servers`.

    return PostgresReads(servers, pool_size, breaker, statement_seconds, is_pooled=is_pooled)


def _postgres_engine(servers: "Servers", pool_size: int, statement_seconds: float, *, is_pooled: bool) -> AsyncEngine:
    options = postgres_options(statement_seconds, is_pooled=is_pooled)
    if is_pooled:
        # The statement without a name is prepared anew each time, and goes when the next one is.
        options |= {"prepared_statement_cache_size": 0, "prepared_statement_name_func": str}
    engine = create_async_engine(
        URL.create("postgresql+asyncpg"),
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=CONNECT_SECONDS,
        hide_parameters=True,
        connect_args={**options, "async_creator_fn": servers.connect},
    )
    if is_pooled:
        first = bounds(statement_seconds)
        event.listen(engine.sync_engine, "begin", lambda connection: connection.exec_driver_sql(first))
    event.listen(engine.sync_engine, "handle_error", partial(_cut_off, servers))
    event.listen(engine.sync_engine, "checkout", _refuse_closed)
    return engine


def _cut_off(servers: "Servers", context: ExceptionContext) -> None:
    """A connection that does not answer in time, or takes no writes, is no use any more, not even for a ROLLBACK."""
    error = context.original_exception
    if context.connection is not None and (isinstance(error, TimeoutError) or sqlstate_of(error) == READ_ONLY):
        servers.doubt()
        driver: Any = context.connection.connection.driver_connection
        driver.terminate()
        context.is_disconnect = True
        context.invalidate_pool_on_disconnect = False


def _refuse_closed(connection: Any, record: object, proxy: object) -> None:  # noqa: ANN401 -- SQLAlchemy's adapter.
    """Take another connection for one that the server closed meanwhile; looking costs no round trip."""
    del record, proxy
    if connection.driver_connection.is_closed():
        raise DisconnectionError


def _sqlite_engine(url: str) -> AsyncEngine:
    address = make_url(url).set(drivername="sqlite+aiosqlite")
    engine = create_async_engine(
        address,
        pool_size=_SQLITE_KEPT,
        max_overflow=_SQLITE_LIMIT - _SQLITE_KEPT,
        hide_parameters=True,
        connect_args={"timeout": SQLITE_BUSY_MS / 1000},
    )
    event.listen(engine.sync_engine, "connect", _prepare_sqlite)
    event.listen(engine.sync_engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: DBAPIConnection, record: object) -> None:
    """Make a fresh connection durable and strict. The driver's own BEGIN is switched off: ours says which kind."""
    del record
    connection.isolation_level = None
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout={SQLITE_BUSY_MS}")
    _use_wal(cursor)
    for pragma in ("synchronous=FULL", "foreign_keys=ON", "temp_store=MEMORY"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _use_wal(cursor: Any) -> None:  # noqa: ANN401 -- a cursor of any driver.
    """Switch the file to WAL. Of two processes that open a new one at once, SQLite refuses one without waiting."""
    until = monotonic() + SQLITE_BUSY_MS / 1000
    while True:
        try:
            cursor.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError as error:
            # What no waiting mends, such as a folder that is read-only, is raised at once.
            if error.sqlite_errorcode & _KIND_OF_ERROR != sqlite3.SQLITE_BUSY or monotonic() > until:
                raise
            sleep(_LOCKED_SECONDS)
        else:
            return


def _begin_sqlite(connection: Any) -> None:  # noqa: ANN401 -- the event passes SQLAlchemy's own connection.
    connection.exec_driver_sql(connection.get_execution_options().get(_BEGIN, "BEGIN"))


def dialect_insert(session: AsyncSession) -> Any:  # noqa: ANN401 -- each database has a type of its own for it.
    """The INSERT of this session's database, which knows ON CONFLICT."""
    return postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert


@asynccontextmanager
async def raise_on_conflict(
    session: AsyncSession, problem: Problem, kind: Constraint = Constraint.UNIQUE
) -> AsyncIterator[None]:
    """Flush the block's rows under a savepoint; raise `problem` where they break a constraint of that kind."""
    try:
        async with session.begin_nested():
            yield
            await session.flush()
    except IntegrityError as error:
        violation = violation_of(error)
        if violation is None or violation.kind is not kind:
            raise
        raise problem from error
