"""Short transactions of prepared statements, for the few writes that learners make all the time.

The statements are `Read`s that write: INSERT or UPDATE with RETURNING. They name every column that must have a value:
defaults that Python would compute are not applied. What has more rules than a handful of steps can
hold leaves the block by an exception, which rolls back, and goes the way of sessions.
"""

import asyncio
import sqlite3
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

from sqlalchemy.engine import make_url

from studium.kit.reads import Read, Record
from studium.kit.refusals import problem_of

_BUSY_SECONDS = 10.0


class AlreadyThere(Exception):
    """A row with one of these unique values came first."""


class Steps(ABC):
    """One transaction's statements, run one after the other."""

    def __init__(self) -> None:
        self.afterwards: list[Callable[[], object]] = []
        """What is called once the transaction is committed, and not otherwise."""

    @abstractmethod
    async def all(self, step: Read, **values: Any) -> Sequence[Record]:  # noqa: ANN401 -- parameters of any type.
        """Every row that the statement returns; raise AlreadyThere where a unique value is taken."""

    async def one(self, step: Read, **values: Any) -> Record | None:  # noqa: ANN401 -- parameters of any type.
        """The first row, or None."""
        rows = await self.all(step, **values)
        return rows[0] if rows else None


class SqliteWriter(Steps):
    """One connection of its own. Statements run inline; what may wait (the write lock, the disk) runs in a thread."""

    def __init__(self, url: str, prepare: Callable[[Any, object], None]) -> None:
        super().__init__()
        self._path, self._prepare = make_url(url).database or "", prepare
        self._connection: sqlite3.Connection | None = None
        self.watch: Callable[[str], None] | None = None

    async def all(self, step: Read, **values: Any) -> Sequence[Record]:  # noqa: ANN401 -- parameters of any type.
        """Every row."""
        compiled = step.compiled("sqlite")
        if self.watch is not None:
            self.watch(compiled.text)
        try:
            rows = self._opened().execute(compiled.text, compiled.arguments(values)).fetchall()
        except sqlite3.IntegrityError as error:
            raise AlreadyThere from error
        return [compiled.record(row) for row in rows]

    @asynccontextmanager
    async def transaction(self, turn: AbstractAsyncContextManager[None]) -> AsyncIterator[Steps]:
        """A transaction in the writer's turn; committed at the end, rolled back when the block raises."""
        async with turn:
            self.afterwards = []
            connection = self._opened()
            try:
                await _in_thread(connection, "BEGIN IMMEDIATE")
                yield self
                await _in_thread(connection, "COMMIT")
                call_each(self.afterwards)
            except sqlite3.OperationalError as error:
                raise problem_of(error) or error from error
            finally:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")

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


def call_each(calls: Sequence[Callable[[], object]]) -> None:
    """Do what was left for after the commit."""
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
