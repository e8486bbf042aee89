"""Databases and transactions: one for each request and each job, and the only place that commits or rolls back."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import TYPE_CHECKING, Annotated, Any, Literal

from fastapi import Depends, Request
from sqlalchemy import event, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import ExceptionContext, make_url
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DisconnectionError, IntegrityError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine

from studium.kit.breaker import Breaker
from studium.kit.postgres import CONNECT_SECONDS, STATEMENT_SECONDS, postgres_options
from studium.kit.problems import DependencyDown, Problem
from studium.kit.reads import Reads, SqliteReads
from studium.kit.steps import SqliteWriter, Steps

if TYPE_CHECKING:
    from studium.kit.runtime import Runtime

SQLITE_BUSY_MS = 10_000
_SQLITE_KEPT, _SQLITE_LIMIT = 8, 16
"""Connections that stay open, and those that may be."""

_BEGIN = "studium_begin"
_READ_METHODS = frozenset({"GET", "HEAD"})


class Database:
    """One database. `reading()` and `writing()` hand out sessions; nothing else in the system opens a transaction."""

    def __init__(self, url: str, *, pool_size: int = 10, statement_seconds: float = STATEMENT_SECONDS) -> None:
        self.url = url
        self.breaker = Breaker("database", pause=1.0, patience=statement_seconds)
        self.dialect: Literal["sqlite", "postgresql"] = "sqlite" if url.startswith("sqlite") else "postgresql"
        self.engine = (
            _sqlite_engine(url) if self.dialect == "sqlite" else _postgres_engine(url, pool_size, statement_seconds)
        )
        self.pool_limit = _SQLITE_LIMIT if self.dialect == "sqlite" else pool_size
        self.reads = open_reads(url, pool_size, self.breaker, statement_seconds)
        self._immediate = self.engine.execution_options(**{_BEGIN: "BEGIN IMMEDIATE"})
        self._turn = asyncio.Lock()
        self.writer = SqliteWriter(url, _prepare_sqlite) if self.dialect == "sqlite" else None
        self.runtime: Runtime | None = None

    async def close(self) -> None:
        """Close every connection."""
        await self.reads.close()
        if self.writer is not None:
            self.writer.close()
        await self.engine.dispose()

    async def ping(self) -> None:
        """Ask the database something trivial; raise what its driver raises."""
        async with self.engine.connect() as connection:
            await connection.execute(text("SELECT 1"))

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncSession]:
        """A session that sees one moment and changes nothing; what it read stays as it is."""
        async with self._session(self.engine) as session:
            yield session
            # A rollback would empty the rows that the caller goes on reading.
            session.expunge_all()
            await session.rollback()

    @asynccontextmanager
    async def snapshot(self) -> AsyncIterator[AsyncSession]:
        """As `reading`, and all statements see the same moment, however long they take: for whoever compares tables."""
        async with self.reading() as session:
            if self.dialect == "postgresql":
                await session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
                await session.execute(text("SET LOCAL statement_timeout = 0"))
            yield session

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[AsyncSession]:
        """A session whose work is committed at the end of the block, and rolled back when the block raises.

        A Problem with `keeps_writes` commits and goes on its way: a refusal may have something to remember.
        On SQLite writers take turns, first come first served, instead of polling for the file's one write lock.
        """
        async with self._turns(), self._session(self._immediate) as session:
            try:
                yield session
            except Problem as problem:
                await (session.commit() if problem.keeps_writes else session.rollback())
                raise
            await session.commit()

    def steps(self) -> AbstractAsyncContextManager[Steps]:
        """A short transaction of prepared statements, committed at the end of the block, rolled back when it raises."""
        if self.writer is not None:
            return self.writer.transaction(self._turns())
        from studium.kit.reads_postgres import PostgresReads, postgres_steps  # noqa: PLC0415 -- as `open_reads`.

        assert isinstance(self.reads, PostgresReads)  # noqa: S101 -- what `open_reads` gives for PostgreSQL.
        return postgres_steps(self.reads)

    @asynccontextmanager
    async def _session(self, engine: AsyncEngine) -> AsyncIterator[AsyncSession]:
        if not self.breaker.may_try():
            raise DependencyDown
        async with AsyncSession(engine, expire_on_commit=False, autoflush=False) as session:
            session.info["runtime"] = self.runtime
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


def open_reads(url: str, pool_size: int, breaker: Breaker, statement_seconds: float) -> Reads:
    """The hot reads of a database. The embedded default never loads the other one's driver."""
    if url.startswith("sqlite"):
        return SqliteReads(url)
    from studium.kit.reads_postgres import PostgresReads  # noqa: PLC0415 -- see the docstring.

    return PostgresReads(url, pool_size, breaker, statement_seconds)


def _postgres_engine(url: str, pool_size: int, statement_seconds: float) -> AsyncEngine:
    address = make_url(url).set(drivername="postgresql+asyncpg")
    engine = create_async_engine(
        address,
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=CONNECT_SECONDS,
        hide_parameters=True,
        connect_args=postgres_options(statement_seconds),
    )
    event.listen(engine.sync_engine, "handle_error", _cut_off)
    event.listen(engine.sync_engine, "checkout", _refuse_closed)
    return engine


def _cut_off(context: ExceptionContext) -> None:
    """A connection that does not answer in time is no use any more, not even for a ROLLBACK."""
    if isinstance(context.original_exception, TimeoutError) and context.connection is not None:
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
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
        f"busy_timeout={SQLITE_BUSY_MS}",
        "temp_store=MEMORY",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: Any) -> None:  # noqa: ANN401 -- the event passes SQLAlchemy's own connection.
    connection.exec_driver_sql(connection.get_execution_options().get(_BEGIN, "BEGIN"))


def runtime_behind(request: Request) -> "Runtime":
    """The runtime of the application that a request came to."""
    runtime: Runtime = request.app.state.runtime
    return runtime


async def request_session(request: Request) -> AsyncIterator[AsyncSession]:
    """The session of this request: read-only for GET and HEAD, else committed before the answer leaves."""
    database = runtime_behind(request).database
    opened = database.reading if request.method in _READ_METHODS else database.writing
    async with opened() as session:
        request.state.session = session
        yield session


async def writing_session(request: Request) -> AsyncIterator[AsyncSession]:
    """A writing session, for the few reads that have something to put right first."""
    async with runtime_behind(request).database.writing() as session:
        yield session


async def request_reads(request: Request) -> Reads:
    """The hot reads of this process."""
    return runtime_behind(request).database.reads


ReadsDep = Annotated[Reads, Depends(request_reads)]
"""Hot reads: for routes that change nothing and need no session."""

SessionDep = Annotated[AsyncSession, Depends(request_session, scope="function")]
"""The request's session. Its scope ends before the response leaves, so a failed commit is never a success."""

WritingSessionDep = Annotated[AsyncSession, Depends(writing_session, scope="function")]


def insert_of(session: AsyncSession) -> Any:  # noqa: ANN401 -- each database has a type of its own for it.
    """The INSERT of this session's database, which knows ON CONFLICT."""
    return postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert


@asynccontextmanager
async def unique_or(session: AsyncSession, problem: Problem) -> AsyncIterator[None]:
    """Flush the block's rows under a savepoint; when the database finds one already there, raise `problem` instead."""
    try:
        async with session.begin_nested():
            yield
            await session.flush()
    except IntegrityError as error:
        raise problem from error


def constraint_of(error: IntegrityError) -> str:
    """What the database says was violated: the constraint's name (PostgreSQL) or its columns (SQLite)."""
    return str(getattr(error.orig, "constraint_name", None) or error.orig)
