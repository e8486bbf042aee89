"""Transactions of prepared statements: how actions write on the paths that learners take all the time.

A `Transaction` runs `PreparedStatement`s that write: INSERT or UPDATE with RETURNING. They name every column that must
have a value, because defaults that Python would compute are not applied, and no parameter is named like a column.
There are three executors: a connection of the embedded database, one of PostgreSQL, and `SessionTransaction` for a
caller that has an ORM session, so that an action written for a `Transaction` serves all of them.
"""

import asyncio
import sqlite3
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

from sqlalchemy import event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from studium.kit.base.held import holding
from studium.kit.base.problems import Problem
from studium.kit.db.errors import raise_problem, raise_violation
from studium.kit.db.prepared import PreparedStatement, Record

_BUSY_SECONDS = 10.0


class Transaction(ABC):
    """One transaction's statements, run one after the other."""

    info: Mapping[str, Any]
    """What the database gives to each of its sessions and transactions, the runtime among it."""

    dialect: str
    """`sqlite` or `postgresql`."""

    @abstractmethod
    async def all(self, statement: PreparedStatement, **values: Any) -> Sequence[Record]:  # noqa: ANN401 -- parameters of any type.
        """Every row that the statement returns; raise IntegrityViolation where it breaks a constraint."""

    async def first(self, statement: PreparedStatement, **values: Any) -> Record | None:  # noqa: ANN401 -- parameters of any type.
        """The first row, or None."""
        rows = await self.all(statement, **values)
        return rows[0] if rows else None

    @abstractmethod
    def call_after_commit(self, call: Callable[[], object]) -> None:
        """Call this once the transaction is committed, and not otherwise."""


class SessionTransaction(Transaction):
    """The transaction of an ORM session: what the session holds is written first."""

    def __init__(self, session: AsyncSession) -> None:
        self.session = session
        self.info = session.info
        self.dialect = session.get_bind().dialect.name

    async def all(self, statement: PreparedStatement, **values: Any) -> Sequence[Record]:  # noqa: ANN401 -- parameters of any type.
        """Every row."""
        await self.session.flush()
        connection = await self.session.connection()
        try:
            result = await connection.execute(statement.statement(self.dialect), values)
        except IntegrityError as error:
            raise_violation(error)
        return result.mappings().all()

    def call_after_commit(self, call: Callable[[], object]) -> None:
        """As the class says; the same call is made once however often it is asked for."""
        calls = self.session.info.setdefault("after_commit", [])
        if not calls:
            # A savepoint's release counts as a commit too, so the listener stays for the one that matters.
            event.listen(self.session.sync_session, "after_commit", lambda _: _call_each(calls))
        if call not in calls:
            calls.append(call)


def transaction_of(place: "AsyncSession | Transaction") -> Transaction:
    """The transaction of a caller that holds a session, or the one that it holds already."""
    return place if isinstance(place, Transaction) else SessionTransaction(place)


class ConnectionTransaction(Transaction):
    """A transaction on a connection of its own."""

    def __init__(self, info: Mapping[str, Any]) -> None:
        self.info = info
        self._after_commit: list[Callable[[], object]] = []

    def call_after_commit(self, call: Callable[[], object]) -> None:
        """As the class says."""
        self._after_commit.append(call)

    def committed(self) -> None:
        """Make the calls that waited for the commit."""
        _call_each(self._after_commit)


class SqliteWriter:
    """One connection that writes. Statements run inline; what may wait (the write lock, the disk) runs in a thread."""

    def __init__(self, url: str, prepare: Callable[[Any, object], None]) -> None:
        self._path, self._prepare = make_url(url).database or "", prepare
        self._connection: sqlite3.Connection | None = None
        self.watch: Callable[[str], None] | None = None

    @asynccontextmanager
    async def transaction(
        self, turn: AbstractAsyncContextManager[None], info: Mapping[str, Any]
    ) -> AsyncIterator[Transaction]:
        """A transaction in the writer's turn; committed at the end, rolled back when the block raises."""
        kept: Problem | None = None
        async with turn:
            connection = self._opened()
            transaction = _SqliteTransaction(connection, info, self.watch)
            try:
                await _in_thread(connection, "BEGIN IMMEDIATE")
                try:
                    with holding():
                        yield transaction
                except Problem as problem:
                    kept = raised_unless_kept(problem)
                await _in_thread(connection, "COMMIT")
            except sqlite3.OperationalError as error:
                raise_problem(error)
            finally:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
            transaction.committed()
        if kept is not None:
            raise kept

    def _opened(self) -> sqlite3.Connection:
        if self._connection is None:
            self._connection = sqlite3.connect(self._path, timeout=_BUSY_SECONDS, check_same_thread=False)
            self._prepare(self._connection, None)
        return self._connection

    def close(self) -> None:
        """Close the connection."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None


class _SqliteTransaction(ConnectionTransaction):
    dialect = "sqlite"

    def __init__(
        self, connection: sqlite3.Connection, info: Mapping[str, Any], watch: Callable[[str], None] | None
    ) -> None:
        super().__init__(info)
        self._connection, self._watch = connection, watch

    async def all(self, statement: PreparedStatement, **values: Any) -> Sequence[Record]:  # noqa: ANN401 -- parameters of any type.
        """Every row."""
        compiled = statement.compiled(self.dialect)
        if self._watch is not None:
            self._watch(compiled.text)
        try:
            rows = self._connection.execute(compiled.text, compiled.arguments(values)).fetchall()
        except sqlite3.IntegrityError as error:
            raise_violation(error)
        return compiled.records(rows)


def raised_unless_kept(problem: Problem) -> Problem:
    """The problem, to be raised after the commit, where it has something to remember; any other is raised at once."""
    if problem.commits_on_error:
        return problem
    raise problem


def _call_each(calls: Sequence[Callable[[], object]]) -> None:
    for call in calls:
        call()


async def _in_thread(connection: sqlite3.Connection, statement: str) -> None:
    """Run what may wait. Who is cancelled meanwhile goes only when it has ended: the connection is in one state."""
    running = asyncio.ensure_future(asyncio.to_thread(connection.execute, statement))
    try:
        await asyncio.shield(running)
    except asyncio.CancelledError:
        await asyncio.wait([running])
        raise
