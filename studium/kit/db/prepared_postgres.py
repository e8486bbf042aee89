"""Reads and steps on PostgreSQL, on a pool of asyncpg's own beside the sessions' one."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from time import monotonic
from typing import Any, NamedTuple

import asyncpg

from studium.kit.base.breaker import Breaker
from studium.kit.base.held import holding
from studium.kit.base.problems import DependencyDown, Overloaded, Problem
from studium.kit.db.errors import raise_problem, raise_violation
from studium.kit.db.postgres import CONNECT_SECONDS, bounds, postgres_options
from studium.kit.db.prepared import KeyedRead, PreparedStatement, QueryExecutor, Record
from studium.kit.db.repeats import committed, committing
from studium.kit.db.servers import Servers
from studium.kit.db.transaction import ConnectionTransaction, Transaction, raised_unless_kept

LOST = (
    OSError,
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,  # The server said goodbye, and the driver has not finished reading it.
    asyncpg.CannotConnectNowError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
)
"""What a connection raises that died, or was never made."""


class _Asked(NamedTuple):
    """Somebody who waits for the row of a key."""

    key: Any
    row: "asyncio.Future[Record | None]"


class PostgresReads(QueryExecutor):
    """Reads on a pool that opens connections when they are needed."""

    dialect = "postgresql"

    def __init__(
        self, servers: Servers, size: int, breaker: Breaker, statement_seconds: float, *, is_pooled: bool = False
    ) -> None:
        super().__init__()
        self.begins_with = bounds(statement_seconds) if is_pooled else None
        """What a transaction says first."""
        self._options = postgres_options(statement_seconds, is_pooled=is_pooled)
        self._servers = servers
        self._size = size
        self._breaker = breaker
        self._pool: Any = None
        # Lent connections come back here, not to the pool: its bookkeeping costs as much as a read.
        self._spare: list[Any] = []
        self._slots = asyncio.Semaphore(size)
        self._asked: dict[KeyedRead, list[_Asked]] = {}
        self._answering: set[asyncio.Task[None]] = set()
        # Writers wait for rows that others hold: they leave connections for those who only read.
        self._writers = asyncio.Semaphore(max(1, size - max(1, size // 4)))

    async def all(self, read: PreparedStatement, **values: Any) -> Sequence[Record]:  # noqa: ANN401 -- parameters of any type.
        """Every row. A connection that was lost since its last use is replaced once: a read may be repeated."""
        compiled = read.compiled("postgresql")
        arguments = compiled.arguments(values)
        if self.watch is not None:
            self.watch(compiled.text)
        try:
            return compiled.records(await self._fetch(compiled.text, arguments))
        except LOST:
            try:
                return compiled.records(await self._fetch(compiled.text, arguments))
            except LOST as error:
                if self._breaker.is_down:
                    self._breaker.failed(error)
                raise DependencyDown from error
        except asyncpg.PostgresError as error:
            raise_problem(error)

    async def keyed(self, read: KeyedRead, key: Any, **values: Any) -> Record | None:  # noqa: ANN401 -- parameters of any type.
        """The row of a key, or None."""
        loop = asyncio.get_running_loop()
        asked = _Asked(key, loop.create_future())
        waiting = self._asked.setdefault(read, [])
        waiting.append(asked)
        if len(waiting) == 1:
            loop.call_soon(self._answer_soon, read, values)
        return await asked.row

    def _answer_soon(self, read: KeyedRead, values: Mapping[str, Any]) -> None:
        task = asyncio.create_task(self._answer(read, self._asked.pop(read), values))
        self._answering.add(task)
        task.add_done_callback(self._answering.discard)

    async def _answer(self, read: KeyedRead, asked: "list[_Asked]", values: Mapping[str, Any]) -> None:
        """Ask for all of them at once, and give each its row, or the failure."""
        read, asked_at = read if self.heard is None else read.positioned, monotonic()
        try:
            if len(asked) == 1:
                rows = {asked[0].key: await self.one(read.single, _key=asked[0].key, **values)}
            else:
                found = await self.all(read.several, _keys=[each.key for each in asked], **values)
                rows = {row["_key"]: row for row in found}
        except Exception as error:  # noqa: BLE001 -- it is raised where it was asked.
            for each in asked:
                if not each.row.done():
                    each.row.set_exception(error)
            return
        known = [row["_position"] for row in rows.values() if row is not None] if self.heard is not None else []
        if known and self.heard is not None:
            self.heard(known[0], asked_at)
        for each in asked:
            if not each.row.done():
                each.row.set_result(rows.get(each.key))

    async def _fetch(self, text: str, arguments: list[Any]) -> Sequence[Record]:
        async with self.connection() as connection:
            rows: Sequence[Record] = await connection.fetch(text, *arguments)
            return rows

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[Any]:
        """A connection of the pool, for as long as the block; raise DependencyDown or Overloaded.

        One that does not answer in time, or takes no writes, is cut off at once: to end it politely one would ask it.
        """
        connection = await self._acquired()
        is_sound = False
        try:
            yield connection
            is_sound = True
        except TimeoutError as error:
            self._cut_off(connection)
            self._breaker.failed(error)
            raise DependencyDown from error
        except asyncpg.ReadOnlySQLTransactionError:
            self._cut_off(connection)
            raise
        finally:
            try:
                if self._pool is not None and is_sound:
                    self._spare.append(connection)
                elif self._pool is not None:
                    await self._pool.release(connection)
            finally:
                self._slots.release()
        if self._breaker.is_down:
            self._breaker.worked()

    def _cut_off(self, connection: Any) -> None:  # noqa: ANN401 -- asyncpg is untyped.
        connection.terminate()
        self._servers.doubt()

    @asynccontextmanager
    async def writing_connection(self) -> AsyncIterator[Any]:
        """A connection for a transaction that writes: at most three quarters of the pool are lent to such."""
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                await self._writers.acquire()
        except TimeoutError as error:
            raise Overloaded from error
        try:
            async with self.connection() as connection:
                yield connection
        finally:
            self._writers.release()

    async def _acquired(self) -> Any:  # noqa: ANN401 -- asyncpg is untyped.
        """A connection that is nobody else's, in a slot that whoever gives it back must release.

        Waiting for a slot and opening a connection take three seconds together at the most.
        """
        if not self._breaker.may_try():
            raise DependencyDown
        began = monotonic()
        try:
            async with asyncio.timeout(CONNECT_SECONDS if self._slots.locked() else None):
                await self._slots.acquire()
        except TimeoutError as error:
            raise Overloaded from error
        try:
            return await self._free(began + CONNECT_SECONDS)
        except BaseException:
            self._slots.release()
            raise

    async def _free(self, until: float) -> Any:  # noqa: ANN401 -- asyncpg is untyped.
        while self._spare:
            connection = self._spare.pop()
            # What its server has closed, the pool has taken back already.
            with suppress(asyncpg.InterfaceError):
                if not connection.is_closed():
                    return connection
                await self._pool.release(connection)
        if self._pool is None:
            self._pool = await self._opened()
        try:
            return await self._pool.acquire(timeout=max(0.05, until - monotonic()))
        except TimeoutError as error:
            # A new connection was not answered.
            if self._breaker.is_down:
                self._breaker.failed(error)
            raise Overloaded from error

    async def _opened(self) -> Any:  # noqa: ANN401 -- asyncpg is untyped.
        return await asyncpg.create_pool(
            min_size=0,
            max_size=self._size,
            connect=self._servers.connect,
            init=_prepare_postgres,
            reset=_leave_as_is,
            **self._options,
        )

    @property
    def busy(self) -> int:
        """How many connections of the pool are in use."""
        return 0 if self._pool is None else int(self._pool.get_size() - self._pool.get_idle_size()) - len(self._spare)

    async def close(self) -> None:
        """Close the pool."""
        if self._pool is not None:
            self._pool.terminate()
            self._pool = None
            self._spare.clear()


async def _prepare_postgres(connection: Any) -> None:  # noqa: ANN401 -- asyncpg is untyped.
    # The statement's own type writes JSON, as in a session; here it only passes.
    await connection.set_type_codec("jsonb", encoder=str, decoder=json.loads, schema="pg_catalog")


async def _leave_as_is(connection: Any) -> None:  # noqa: ANN401 -- asyncpg is untyped.
    """Reads change nothing on a connection, so there is nothing to reset, and a round trip to save."""
    del connection


class _PostgresTransaction(ConnectionTransaction):
    dialect = "postgresql"

    def __init__(
        self,
        connection: Any,  # noqa: ANN401 -- asyncpg is untyped.
        info: Mapping[str, Any],
        watch: Callable[[str], None] | None,
    ) -> None:
        super().__init__(info)
        self._connection, self._watch = connection, watch

    async def all(self, statement: PreparedStatement, **values: Any) -> Sequence[Record]:  # noqa: ANN401 -- parameters of any type.
        """Every row."""
        compiled = statement.compiled(self.dialect)
        if self._watch is not None:
            self._watch(compiled.text)
        try:
            rows: Sequence[Record] = await self._connection.fetch(compiled.text, *compiled.arguments(values))
        except asyncpg.IntegrityConstraintViolationError as error:
            raise_violation(error)
        return compiled.records(rows)


@asynccontextmanager
async def postgres_transaction(reads: PostgresReads, info: Mapping[str, Any]) -> AsyncIterator[Transaction]:
    """A transaction on a connection of the reads' pool; committed at the end, rolled back when the block raises."""
    kept: Problem | None = None
    try:
        async with reads.writing_connection() as connection:
            transaction = _PostgresTransaction(connection, info, reads.watch)
            async with connection.transaction():
                if reads.begins_with is not None:
                    await connection.execute(reads.begins_with)
                try:
                    with holding():
                        yield transaction
                except Problem as problem:
                    kept = raised_unless_kept(problem)
                committing()
        committed()
        transaction.committed()
    except LOST as error:
        raise DependencyDown from error
    except asyncpg.PostgresError as error:
        raise_problem(error)
    if kept is not None:
        raise kept
