"""The servers of a PostgreSQL database, and which of them takes writes.

An address with one host is opened as it is. Of several servers one is the primary: neither in recovery nor read-only,
and on the newest timeline. A promotion begins a new one, so a former primary that comes back, and may think that it
still takes writes, is known by its older one.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any, NamedTuple
from weakref import WeakKeyDictionary

import asyncpg
from sqlalchemy.engine import make_url

from studium.kit.db.postgres import CONNECT_SECONDS, connect

_KNOWN_SECONDS, _ASKED_SECONDS = 1.0, 1.5
"""How long the primary that is known may take to answer before all are asked, and each of them."""
_GRACE_SECONDS = 0.3
"""How much longer than the first primary the others may take: there may be a newer one among them."""
_WATCH_SECONDS, _SEARCH_SECONDS = 2.0, 0.5
"""How often the primary is asked whether it still is one, and how often all are while there is none."""
_HEX = 16
_TIMELINE_DIGITS = 8
_STATE = (
    "SELECT CASE WHEN pg_is_in_recovery() OR current_setting('default_transaction_read_only')::boolean THEN NULL"
    " ELSE pg_walfile_name(pg_current_wal_lsn()) END"
)
_BRIEFLY = {"timeout": CONNECT_SECONDS, "statement_cache_size": 0}
_FAILURES = (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError)

Place = tuple[str, int]
Cut = Callable[[Any], None]


class _Found(NamedTuple):
    """A connection to a server that takes writes."""

    connection: Any
    place: Place
    timeline: int


class Servers:
    """Opens connections to the primary, and cuts those off that led to another server when there is a new one."""

    def __init__(self, url: str) -> None:
        address = make_url(url).set(drivername="postgresql")
        hosts = str(address.query.get("host", "")).split(",")
        self.are_several = len(hosts) > 1
        self._url = address.render_as_string(hide_password=False)
        self._addresses: dict[Place, str] = {}
        self._primary: Place | None = None
        self._timeline = 0
        self._open: WeakKeyDictionary[Any, tuple[Place, Cut]] = WeakKeyDictionary()
        self._doubted = asyncio.Event()
        self._watching: asyncio.Task[None] | None = None
        if self.are_several:
            plain = address.difference_update_query(["host", "port", "target_session_attrs"])
            for host, port in zip(hosts, map(int, str(address.query["port"]).split(",")), strict=True):
                single = plain.set(host=host, port=port)
                self._addresses[host, port] = single.render_as_string(hide_password=False)

    async def connect(self, *_: object, **options: Any) -> Any:  # noqa: ANN401 -- asyncpg is untyped.
        """A connection of asyncpg to the primary. A pool's own arguments for the place are of no account."""
        if not self.are_several:
            return await connect(self._url, **options)
        if self._watching is None:
            self._watching = asyncio.create_task(self._watch())
        found = await self._found(options)
        self.keep(found.connection, found.place, asyncpg.Connection.terminate)
        return found.connection

    async def address(self) -> str:
        """The address of the primary, for another driver, which makes sure of it again."""
        if not self.are_several:
            return self._url
        found = await self._found(_BRIEFLY)
        found.connection.terminate()
        address = make_url(self._addresses[found.place]).update_query_dict({"target_session_attrs": "read-write"})
        return address.render_as_string(hide_password=False)

    def keep(self, connection: Any, place: Place, cut: Cut) -> None:  # noqa: ANN401 -- of any driver.
        """Cut this connection off when another server is the primary."""
        self._open[connection] = place, cut

    def doubt(self) -> None:
        """Ask all servers who the primary is: it did not answer, or took no write."""
        self._primary = None
        self._doubted.set()

    async def close(self) -> None:
        """Look no more."""
        if self._watching is not None:
            self._watching.cancel()
            await asyncio.wait([self._watching])
            self._watching = None

    async def _watch(self) -> None:
        """Look again and again who takes writes: what waits for a server that hangs must not wait for it to die."""
        while True:
            with suppress(*_FAILURES):
                (await self._found(_BRIEFLY)).connection.terminate()
            with suppress(TimeoutError):
                async with asyncio.timeout(_SEARCH_SECONDS if self._primary is None else _WATCH_SECONDS):
                    await self._doubted.wait()
            self._doubted.clear()

    async def _found(self, options: Mapping[str, Any]) -> _Found:
        known = self._primary
        if known is not None:
            try:
                async with asyncio.timeout(_KNOWN_SECONDS):
                    return await self._asked(known, options)
            except _FAILURES:
                if self._primary == known:
                    self._primary = None
        tries = [asyncio.ensure_future(self._asked(place, options)) for place in self._addresses]
        newest: _Found | None = None
        try:
            newest = await _newest(tries)
            self._elect(newest)
            return newest
        finally:
            for each in tries:
                each.add_done_callback(lambda done: _drop_unless(newest, done))

    async def _asked(self, place: Place, options: Mapping[str, Any]) -> _Found:
        """A connection to a server that takes writes now; raise one of _FAILURES where it does not."""
        async with asyncio.timeout(_ASKED_SECONDS):
            connection = await connect(self._addresses[place], **options)
            try:
                return _Found(connection, place, self._checked(await connection.fetchval(_STATE)))
            except BaseException:
                connection.terminate()
                raise

    def _checked(self, segment: str | None) -> int:
        """The timeline of a server that takes writes, by the name of its WAL segment; None is one that does not."""
        timeline = 0 if segment is None else int(segment[:_TIMELINE_DIGITS], _HEX)
        if segment is None or timeline < self._timeline:
            message = "this server takes no writes"
            raise ConnectionRefusedError(message)
        return timeline

    def _elect(self, found: _Found) -> None:
        self._primary, self._timeline = found.place, found.timeline
        for connection, (place, cut) in [*self._open.items()]:
            if place != found.place:
                cut(connection)


async def _newest(tries: "Sequence[asyncio.Future[_Found]]") -> _Found:
    """Of the servers that take writes, the one on the newest timeline; raise why there is none."""
    waiting = set(tries)
    found: list[_Found] = []
    while waiting and not found:
        done, waiting = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        found = [each.result() for each in done if each.exception() is None]
    if not found:
        raise next(error for each in tries if (error := each.exception()) is not None)
    if waiting:
        done, _ = await asyncio.wait(waiting, timeout=_GRACE_SECONDS)
        found += [each.result() for each in done if each.exception() is None]
    return max(found, key=lambda each: each.timeline)


def _drop_unless(chosen: _Found | None, done: "asyncio.Future[_Found]") -> None:
    if not done.cancelled() and done.exception() is None and done.result() is not chosen:
        done.result().connection.terminate()


_poolers: dict[str, bool] = {}


async def is_behind_pooler(url: str) -> bool:
    """Whether a pooler such as PgBouncer stands before the database; True where nobody answers.

    A pooler makes up the process id that it greets its clients with, because a client has no process of its own.
    """
    if url not in _poolers:
        servers = Servers(url)
        try:
            connection = await servers.connect(**_BRIEFLY)
        except _FAILURES:
            return True
        finally:
            await servers.close()
        try:
            own = await connection.fetchval("SELECT pg_backend_pid()", timeout=CONNECT_SECONDS)
            _poolers[url] = own != connection.get_server_pid()
        except _FAILURES:
            return True
        finally:
            connection.terminate()
    return _poolers[url]
