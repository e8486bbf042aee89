"""The connections of workers on PostgreSQL: those of Procrastinate's pool, those that listen, and those of locks."""

import asyncio
import os
import select
import socket
from collections.abc import Iterable
from contextlib import suppress
from typing import Any

import asyncpg
import procrastinate
import psycopg
import psycopg_pool
from procrastinate.worker import Worker

from studium.kit.db.servers import Servers

_CONNECT_SECONDS = 5
_LOOK_SECONDS = 0.25
_AGAIN_SECONDS = 1.0
_AWAY = (OSError, asyncpg.PostgresError, asyncpg.InterfaceError)


class JobConnections:
    """Opens connections to the server that takes writes; whoever needs one while there is none waits for it."""

    def __init__(self, servers: Servers, *, is_pooled: bool) -> None:
        self.servers, self.is_pooled = servers, is_pooled
        self.is_closing = False

    async def opened(self, **options: bool | None) -> psycopg.AsyncConnection[Any]:
        """A connection of one's own; raise OSError or psycopg.Error where there is no server."""
        where = {"conninfo": await self.servers.address(), "connect_timeout": _CONNECT_SECONDS}
        return await psycopg.AsyncConnection.connect(**{**where, **options})  # type: ignore[arg-type]

    def connector(self, size: int) -> procrastinate.PsycopgConnector:
        """What Procrastinate connects with."""
        return _Connector(
            conninfo=self._address,
            pool_factory=lambda **options: psycopg_pool.AsyncConnectionPool(**{**options, "check": self._check}),
            configure=self._configure,
            min_size=1,
            max_size=size,
        )

    async def _address(self) -> str:
        """Where to connect, once there is somebody. The pool itself would look less and less often."""
        while True:
            try:
                (await self.servers.connect(timeout=_CONNECT_SECONDS, statement_cache_size=0)).terminate()
                return await self.servers.address()
            except _AWAY:
                if self.is_closing:
                    raise
                await asyncio.sleep(_LOOK_SECONDS)

    async def _configure(self, connection: psycopg.AsyncConnection[Any]) -> None:
        """Each statement of Procrastinate's is a whole step; a transaction around it would cost more round trips."""
        if self.is_pooled:
            # What is prepared on one connection to the server is not there on the next.
            connection.prepare_threshold = None
        await connection.set_autocommit(True)
        self.servers.keep(connection, (connection.info.host, connection.info.port), _cut)

    async def _check(self, connection: psycopg.AsyncConnection[Any]) -> None:
        """Raise where the connection is lost, or its server has said that it takes no writes any more.

        A connection is asked only where something waits to be read, as on one that its server closed: to ask each time
        would cost a round trip before every statement.
        """
        if self.servers.are_several and connection.info.parameter_status("default_transaction_read_only") == "on":
            message = "the server takes no writes"
            raise psycopg.OperationalError(message)
        waiting = select.poll()
        waiting.register(connection.fileno(), select.POLLIN)
        if waiting.poll(0):
            await psycopg_pool.AsyncConnectionPool.check_connection(connection)


class QueueWorker(Worker):
    """Procrastinate's worker, which ends when its heartbeats do, so that it can be started anew."""

    async def run(self) -> None:
        """Work until stopped."""
        await super().run()  # type: ignore[no-untyped-call]

    async def _periodic_deferrer(self) -> None:
        """Wait for ever: there is nothing to do, and once this task ends Procrastinate looks after no other."""
        await asyncio.Event().wait()


class _Connector(procrastinate.PsycopgConnector):
    async def listen_notify(self, on_notification: Any, channels: Iterable[str]) -> None:  # noqa: ANN401 -- its own type.
        """Listen for ever: a connection that is lost is replaced, and one that cannot be opened is tried again."""
        while True:
            with suppress(procrastinate.exceptions.ConnectorException, OSError):
                await super().listen_notify(on_notification, channels)
            await asyncio.sleep(_AGAIN_SECONDS)


def _cut(connection: psycopg.AsyncConnection[Any]) -> None:
    """Let whoever waits for the connection's server hear that it is gone."""
    with suppress(OSError, psycopg.Error), socket.socket(fileno=os.dup(connection.fileno())) as end:
        end.shutdown(socket.SHUT_RDWR)
