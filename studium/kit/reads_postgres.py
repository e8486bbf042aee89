"""Reads and steps on PostgreSQL, on a pool of asyncpg's own beside the sessions' one."""

import json
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
from sqlalchemy.engine import make_url

from studium.kit.breaker import Breaker
from studium.kit.postgres import CONNECT_SECONDS, postgres_options
from studium.kit.problems import DependencyDown, Overloaded
from studium.kit.reads import Read, Reads, Record
from studium.kit.refusals import problem_of
from studium.kit.steps import AlreadyThere, Steps, call_each

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


class PostgresReads(Reads):
    """Reads on a pool that opens connections when they are needed."""

    def __init__(self, url: str, size: int, breaker: Breaker, statement_seconds: float) -> None:
        self._url = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
        self._size = size
        self._breaker = breaker
        self._statement_seconds = statement_seconds
        self._pool: Any = None
        # Lent connections come back here, not to the pool: its bookkeeping costs as much as a read. Who finds none
        # waits at the pool, so they go there while somebody does.
        self._spare: list[Any] = []
        self._waiting = 0

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
        is_sound = False
        try:
            yield connection
            is_sound = True
        except TimeoutError as error:
            connection.terminate()
            self._breaker.failed(error)
            raise DependencyDown from error
        finally:
            if is_sound and not self._waiting and self._pool is not None:
                self._spare.append(connection)
            else:
                await self._pool.release(connection)
        if self._breaker.is_down:
            self._breaker.worked()

    async def _acquired(self) -> Any:  # noqa: ANN401 -- asyncpg is untyped.
        if not self._breaker.may_try():
            raise DependencyDown
        while self._spare:
            connection = self._spare.pop()
            if not connection.is_closed():
                return connection
            await self._pool.release(connection)
        if self._pool is None:
            self._pool = await self._opened()
        self._waiting += 1
        try:
            return await self._pool.acquire(timeout=CONNECT_SECONDS)
        except TimeoutError as error:
            # Either all connections are busy, or a new one was not answered.
            if self._breaker.is_down:
                self._breaker.failed(error)
            raise Overloaded from error
        finally:
            self._waiting -= 1

    async def _opened(self) -> Any:  # noqa: ANN401 -- asyncpg is untyped.
        return await asyncpg.create_pool(
            self._url,
            min_size=0,
            max_size=self._size,
            init=_prepare_postgres,
            reset=_leave_as_is,
            **postgres_options(self._statement_seconds),
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
    await connection.set_type_codec("jsonb", encoder=json.dumps, decoder=json.loads, schema="pg_catalog")


async def _leave_as_is(connection: Any) -> None:  # noqa: ANN401 -- asyncpg is untyped.
    """Reads change nothing on a connection, so there is nothing to reset, and a round trip to save."""
    del connection


class _PostgresSteps(Steps):
    def __init__(self, connection: Any, watch: Callable[[str], None] | None) -> None:  # noqa: ANN401 -- asyncpg is untyped.
        super().__init__()
        self._connection, self._watch = connection, watch

    async def all(self, step: Read, **values: Any) -> Sequence[Record]:  # noqa: ANN401 -- parameters of any type.
        """Every row."""
        compiled = step.compiled("postgresql")
        if self._watch is not None:
            self._watch(compiled.text)
        try:
            rows: Sequence[Record] = await self._connection.fetch(compiled.text, *compiled.arguments(values))
        except asyncpg.UniqueViolationError as error:
            raise AlreadyThere from error
        return rows


@asynccontextmanager
async def postgres_steps(reads: PostgresReads) -> AsyncIterator[Steps]:
    """A transaction on a connection of the reads' pool; committed at the end, rolled back when the block raises."""
    try:
        async with reads.connection() as connection:
            steps = _PostgresSteps(connection, reads.watch)
            async with connection.transaction():
                yield steps
        call_each(steps.afterwards)
    except LOST as error:
        raise DependencyDown from error
    except asyncpg.PostgresError as error:
        raise problem_of(error) or error from error
