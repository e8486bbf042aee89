"""Reads that a replica of PostgreSQL may answer (`docs/decisions/0069-reads-at-a-replica.md`).

Whoever is logged in was looked up on the primary just before, by a read that also says how far its log was. A replica
that has replayed the log that far shows everything that was committed when the request came, to whoever asks.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from itertools import chain, repeat
from math import inf
from time import monotonic
from typing import Any

import structlog
from sqlalchemy import select

from studium.kit.base.breaker import Breaker
from studium.kit.base.config import Settings
from studium.kit.base.held import require_free
from studium.kit.base.metrics import REPLICA_READS
from studium.kit.db.database import Database
from studium.kit.db.positions import IDENTITY, POSITION, REPLAYED, Position
from studium.kit.db.prepared import PreparedStatement, QueryExecutor, Record, retrieve

WAIT_SECONDS = 0.2
"""How long a read waits for its position at the most."""
STALE_SECONDS = 1.0
"""How old the primary's position may be that a read of somebody unknown waits for."""
_FRESH_SECONDS = 0.25
"""How long a replica that was looked at counts as one that answers."""
_RETRY_SECONDS = 1.0
_TRY_SECONDS = 5.0
_PAUSES = (0.001, 0.002, 0.004, 0.008)
_POSITION, _REPLAYED, _IDENTITY = (
    PreparedStatement(select(column.label("found"))) for column in (POSITION, REPLAYED, IDENTITY)
)
_log = structlog.get_logger()


class Unusable(Exception):
    """The replica cannot be read from now; the text says why."""


class ReplicaReads(QueryExecutor):
    """Reads at a replica where it has what they must see, else at the primary.

    Nobody waits for a replica that lagged or failed: it is tried again beside the requests, once a second.
    """

    dialect = "postgresql"

    def __init__(self, primary: QueryExecutor, limit: int, opened: Callable[[], Awaitable[QueryExecutor]]) -> None:
        super().__init__()
        self._primary, self._limit, self._opened = primary, limit, opened
        primary.heard = self._hear
        self.is_used = False
        """Whether the replica is read from."""
        self.reason = ""
        """Why it is not; empty before the first trial."""
        self._busy = 0
        self._reads: QueryExecutor | None = None
        self._position, self._heard_at, self._heard_since = Position(0, 0), -inf, -inf
        self._replayed, self._looked_at = Position(0, 0), -inf
        self._look: asyncio.Task[None] | None = None
        self._trial: asyncio.Task[None] | None = None
        self._tried_at = -inf
        self._by_replica, self._by_primary = (REPLICA_READS.labels(name) for name in ("replica", "primary"))

    async def all(self, read: PreparedStatement, **values: Any) -> Sequence[Record]:  # noqa: ANN401 -- parameters of any type.
        """Every row. Nobody holds another connection meanwhile: it may wait for the replica."""
        require_free("a read at the replica")
        rows = await self._at_replica(read, values) if await self._may_answer() else None
        if rows is None:
            self._by_primary.inc()
            rows = await self._primary.all(read, **values)
            # What the same request reads next is no older than this.
            self._heard_since = monotonic()
        return rows

    async def _at_replica(self, read: PreparedStatement, values: dict[str, Any]) -> Sequence[Record] | None:
        """Every row; None where the replica is full, or fails: whatever it raises, the primary is asked."""
        if self._reads is None or self._busy >= self._limit:
            return None
        self._busy += 1
        try:
            rows = await self._reads.all(read, **values)
        except Exception as error:  # noqa: BLE001 -- see the docstring.
            self._leave(error.__cause__ or error)
            return None
        finally:
            self._busy -= 1
        self._by_replica.inc()
        return rows

    async def _may_answer(self) -> bool:
        if not self.is_used:
            self._try_again()
            return False
        if self._busy >= self._limit:
            return False
        wanted = await self._wanted()
        if wanted is None:
            return False
        try:
            if not self._has(wanted):
                await self._reached(wanted)
        except Exception as error:  # noqa: BLE001 -- whatever looking raises, the primary is asked.
            self._leave(error)
            return False
        return True

    def _hear(self, position: str | None, asked_at: float) -> None:
        """Note where the primary was, at `asked_at` or later."""
        if position is not None:
            self._position = max(self._position, Position.of(position))
            self._heard_at = max(self._heard_at, asked_at)

    async def _wanted(self) -> Position | None:
        """What the replica must have replayed; None where the primary is none."""
        oldest = max(monotonic() - STALE_SECONDS, self._heard_since)
        if self._heard_at < oldest:
            asked_at = monotonic()
            row = await self._primary.one(_POSITION)
            self._hear(row["found"] if row else None, asked_at)
        return self._position if self._heard_at >= oldest else None

    def _has(self, wanted: Position) -> bool:
        is_there = self._replayed.timeline == wanted.timeline and self._replayed.byte >= wanted.byte
        return is_there and monotonic() - self._looked_at < _FRESH_SECONDS

    async def _reached(self, wanted: Position) -> None:
        """Wait until the replica has replayed that; raise Unusable, or what looking raises."""
        try:
            async with asyncio.timeout(WAIT_SECONDS):
                for pause in chain(_PAUSES, repeat(_PAUSES[-1])):
                    await asyncio.shield(self._looking())
                    if self._has(wanted):
                        return
                    await asyncio.sleep(pause)
        except TimeoutError:
            message = "it lags"
            raise Unusable(message) from None

    def _looking(self) -> "asyncio.Task[None]":
        """One look for all who wait."""
        if self._look is None or self._look.done():
            self._look = asyncio.create_task(self._look_now())
            self._look.add_done_callback(retrieve)
        return self._look

    async def _look_now(self) -> None:
        assert self._reads is not None  # noqa: S101 -- whoever looks has opened it.
        at, row = monotonic(), await self._reads.one(_REPLAYED)
        if row is None or row["found"] is None:
            message = "it is no replica"
            raise Unusable(message)
        self._replayed, self._looked_at = Position.of(row["found"]), at

    def _leave(self, error: BaseException) -> None:
        """Read from the primary alone until a trial succeeds."""
        reason = str(error) if isinstance(error, Unusable) else type(error).__name__
        if reason != self.reason:
            _log.warning("the replica is left alone", reason=reason)
        self.is_used, self.reason, self._tried_at = False, reason, monotonic()

    def _try_again(self) -> None:
        """Try the replica beside the requests, unless that was done a moment ago."""
        is_trying = self._trial is not None and not self._trial.done()
        if not is_trying and monotonic() >= self._tried_at + _RETRY_SECONDS:
            self._tried_at = monotonic()
            self._trial = asyncio.create_task(self._try())

    async def _try(self) -> None:
        was_open = self._reads is not None
        try:
            async with asyncio.timeout(_TRY_SECONDS):
                await self._prove()
        except Exception as error:  # noqa: BLE001 -- whatever it is, it is left alone.
            self._leave(error.__cause__ or error)
            if not was_open:
                await self._let_go()
        else:
            self.is_used, self.reason = True, ""
            _log.warning("the replica is read from")

    async def _prove(self) -> None:
        """Find out that it is a replica of this very database, and has what the primary had when this began."""
        if self._reads is None:
            self._reads = await self._opened()
        found = [await reads.one(_IDENTITY) for reads in (self._primary, self._reads)]
        if len({row["found"] for row in found if row}) != 1:
            message = "it is another database's"
            raise Unusable(message)
        self._heard_since = monotonic()
        wanted = await self._wanted()
        if wanted is None:
            message = "the primary is none"
            raise Unusable(message)
        await self._reached(wanted)

    async def _let_go(self) -> None:
        """Close the connections, when nobody looks any more: a look would open them again."""
        await _stop(self._look)
        if self._reads is not None:
            await self._reads.close()
            self._reads = None

    @property
    def busy(self) -> int:
        """How many reads the replica answers now."""
        return self._busy

    async def close(self) -> None:
        """Close the connections to the replica."""
        await _stop(self._trial)
        await self._let_go()


async def _stop(task: "asyncio.Task[None] | None") -> None:
    if task is not None and not task.done():
        task.cancel()
        await asyncio.wait([task])


def open_replica(database: Database, settings: Settings, statement_seconds: float) -> ReplicaReads:
    """Let the database have a replica. It is connected to beside the first reads that it may answer."""
    url, size = settings.database_read_url, settings.database_pool

    async def opened() -> QueryExecutor:
        from studium.kit.db import prepared_postgres, servers  # noqa: PLC0415 -- the embedded default never loads them.

        is_pooled = settings.database_prepared == "off" or await servers.is_behind_pooler(url)
        # One more than answer reads: whoever looks how far the replica is waits for nobody.
        own = Breaker("connection to the replica", pause=0, patience=0)
        place = servers.Servers(url)
        return prepared_postgres.PostgresReads(place, size + 1, own, statement_seconds, is_pooled=is_pooled)

    replica = database.replica = ReplicaReads(database.reads, size, opened)
    return replica
