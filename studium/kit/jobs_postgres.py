"""The engine on PostgreSQL: Procrastinate. Jobs are stored by its own SQL function inside the caller's transaction."""

import asyncio
import json
import select as select_module
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID
from zlib import crc32

import procrastinate
import psycopg
import psycopg_pool
import structlog
from procrastinate import jobs as procrastinate_jobs
from procrastinate.retry import BaseRetryStrategy, RetryDecision
from sqlalchemy import Select, String, Uuid, cast, column, delete, select, table, text
from sqlalchemy.dialects.postgresql import JSONB, insert
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import AsyncSession

from studium.kit.clock import now
from studium.kit.job_tables import JobReceipt
from studium.kit.jobs import (
    MAX_TRIES,
    DeadJob,
    GiveUp,
    Jobs,
    Periodic,
    name_of,
    pause_after,
    reason_of,
    registered_jobs,
)
from studium.kit.reads import Read
from studium.kit.steps import Steps

if TYPE_CHECKING:
    from studium.kit.config import Settings
    from studium.kit.db import Database

CONCURRENCY = 4
HEARTBEAT_SECONDS = 2.0
STALLED_SECONDS = 8.0
_POLL_SECONDS = 1.0
_CONNECT_SECONDS = 5
_STOP_SECONDS = 20
_KEEP_RECEIPTS = timedelta(days=7)
_QUEUE = "default"
_log = structlog.get_logger()

_DEFER = text(
    "SELECT procrastinate_defer_jobs_v1((SELECT array_agg(ROW(:queue, name, 0, NULL, NULL,"
    " CAST(CAST(:args AS text) AS jsonb), NULL)::procrastinate_job_to_defer_v1)"
    " FROM unnest(CAST(:names AS text[])) name)) AS ids"
)
_DEFER_STEP = Read(_DEFER.columns(column("ids")))
_COUNT = text("SELECT status::text, count(*) FROM procrastinate_jobs GROUP BY status")
# A job that is tried again is due when it says; any other is due since it was stored.
_OLDEST = text(
    "SELECT greatest(0, extract(epoch FROM now() - min(coalesce(job.scheduled_at, event.at))))"
    " FROM procrastinate_jobs job LEFT JOIN procrastinate_events event"
    " ON event.job_id = job.id AND event.type = 'deferred' WHERE job.status = 'todo'"
)
_DEAD = text(
    "SELECT job.id, job.task_name, job.args, job.attempts, min(event.at) AS created_at FROM procrastinate_jobs job"
    " LEFT JOIN procrastinate_events event ON event.job_id = job.id"
    " WHERE job.status = 'failed' GROUP BY job.id ORDER BY job.id"
)
_REQUEUE = text(
    "UPDATE procrastinate_jobs SET status = 'todo', attempts = 0, scheduled_at = NULL"
    " WHERE id = :id AND status = 'failed' RETURNING id"
)
_JOBS = table("procrastinate_jobs", column("task_name", String), column("status"), column("args", JSONB))
_STATES = {"todo": "ready", "doing": "running", "failed": "dead"}


async def _without_transactions(connection: psycopg.AsyncConnection[Any]) -> None:
    """Each statement of Procrastinate's is a whole step; a transaction around it would cost more round trips."""
    await connection.set_autocommit(True)


def _pool(**options: Any) -> psycopg_pool.AsyncConnectionPool:  # noqa: ANN401 -- the pool's own options.
    return psycopg_pool.AsyncConnectionPool(**{**options, "check": _lives})


async def _lives(connection: psycopg.AsyncConnection[Any]) -> None:
    """Ask a connection whether it lives only where something waits to be read, as on one that its server closed.

    Asking each time would cost a round trip before every statement.
    """
    waiting = select_module.poll()
    waiting.register(connection.fileno(), select_module.POLLIN)
    if waiting.poll(0):
        await psycopg_pool.AsyncConnectionPool.check_connection(connection)


class _Retry(BaseRetryStrategy):
    """Eight tries with growing pauses; GiveUp ends them at once."""

    def get_retry_decision(self, *, exception: BaseException, job: procrastinate_jobs.Job) -> RetryDecision | None:
        """Say when to try again, or None for the dead letters. `job.attempts` counts the tries before this one."""
        tries = job.attempts + 1
        dead = isinstance(exception, GiveUp) or tries >= MAX_TRIES
        _log.warning(
            "job failed", job=job.task_name, job_id=str(job.id), tries=tries, dead=dead, reason=reason_of(exception)
        )
        if dead:
            return None
        return RetryDecision(retry_at=now() + timedelta(seconds=pause_after(tries)))


class PostgresJobs(Jobs):
    """Jobs in Procrastinate's tables. A receipt row, written with a job's effects, makes them happen once."""

    def __init__(self, settings: "Settings", database: "Database") -> None:
        super().__init__(settings, database)
        self._worker: asyncio.Task[None] | None = None
        self._rescue: asyncio.Task[None] | None = None
        self._app: procrastinate.App | None = None
        self._failures: list[Exception] = []

    async def put(self, session: AsyncSession, names: Sequence[str], payload: Mapping[str, str]) -> None:
        """Defer in the caller's transaction; Procrastinate's trigger wakes a worker at the commit."""
        await session.flush()
        await session.execute(_DEFER, {"queue": _QUEUE, "names": list(names), "args": json.dumps(dict(payload))})

    async def put_step(self, steps: Steps, names: Sequence[str], payload: Mapping[str, str]) -> None:
        """The same in a transaction of prepared statements."""
        await steps.one(_DEFER_STEP, queue=_QUEUE, names=list(names), args=json.dumps(dict(payload)))

    async def done_in(self, session: AsyncSession, job_id: str) -> bool:
        """Write the receipt; False where one is there."""
        receipt = insert(JobReceipt).values(job_id=job_id, done_at=now()).on_conflict_do_nothing()
        return (await session.execute(receipt.returning(JobReceipt.job_id))).scalar_one_or_none() is not None

    def _address(self) -> str:
        address = make_url(self.settings.database_url).set(drivername="postgresql")
        return address.render_as_string(hide_password=False)

    async def sweep_once(self, sweep: Periodic) -> None:
        """Do the periodic work, unless another process is at it.

        An advisory lock says so. Its connection is not the pool's: a sweep that held one while it waits for a second
        could wait in vain.
        """
        key = crc32(sweep.name.encode())
        opening = psycopg.AsyncConnection.connect(self._address(), autocommit=True, connect_timeout=_CONNECT_SECONDS)
        async with await opening as connection:
            answer = await connection.execute("SELECT pg_try_advisory_lock(%s)", (key,))
            if await answer.fetchone() == (True,):
                await super().sweep_once(sweep)

    async def _opened(self) -> procrastinate.App:
        """Procrastinate's application, with every registered job as a task, connected."""
        if self._app is None:
            connector = procrastinate.PsycopgConnector(
                conninfo=self._address(),
                pool_factory=_pool,
                configure=_without_transactions,
                min_size=1,
                max_size=CONCURRENCY + 2,
            )
            app = procrastinate.App(connector=connector)
            for kind in registered_jobs():
                app.task(name=kind.name, queue=_QUEUE, pass_context=True, retry=_Retry())(self._task(kind.name))
            await app.open_async()
            self._app = app
        return self._app

    def _task(self, name: str) -> Any:  # noqa: ANN401 -- Procrastinate takes any coroutine function.
        async def run(context: procrastinate.JobContext, **payload: str) -> None:
            try:
                await self.perform(str(context.job.id), name, payload)
            except Exception as error:
                self._failures.append(error)
                raise

        return run

    def _options(self, *, wait: bool) -> Any:  # noqa: ANN401 -- Procrastinate's own keyword arguments.
        return {
            "queues": [_QUEUE],
            "concurrency": CONCURRENCY if wait else 1,
            "wait": wait,
            "install_signal_handlers": False,
            "listen_notify": wait,
            "fetch_job_polling_interval": _POLL_SECONDS,
            "update_heartbeat_interval": HEARTBEAT_SECONDS,
            "stalled_worker_timeout": STALLED_SECONDS * 4,
            "shutdown_graceful_timeout": _STOP_SECONDS,
            "delete_jobs": "successful",
        }

    async def _start(self) -> None:
        app = await self._opened()
        self._worker = asyncio.create_task(self._serve(app))
        self._rescue = asyncio.create_task(self._rescue_stalled(app))

    async def _serve(self, app: procrastinate.App) -> None:
        """Work until stopped; when the database goes away, try again."""
        while True:
            try:
                await app.run_worker_async(**self._options(wait=True))
            except Exception as error:  # noqa: BLE001 -- the database comes back; so does the worker.
                _log.warning("job worker failed", reason=reason_of(error))
                await asyncio.sleep(_POLL_SECONDS)

    async def _rescue_stalled(self, app: procrastinate.App) -> None:
        """Free the jobs of workers that died, and forget old receipts."""
        while True:
            try:
                stalled = await app.job_manager.get_stalled_jobs(seconds_since_heartbeat=STALLED_SECONDS)
                for job in stalled:
                    await app.job_manager.retry_job(job)
                async with self.database.writing() as session:
                    await session.execute(delete(JobReceipt).where(JobReceipt.done_at < now() - _KEEP_RECEIPTS))
            except Exception as error:  # noqa: BLE001 -- the next turn comes.
                _log.warning("stalled jobs cannot be looked for", reason=reason_of(error))
            self._failures.clear()
            await asyncio.sleep(HEARTBEAT_SECONDS)

    async def _stop(self) -> None:
        for task in (self._rescue, self._worker):
            if task is not None:
                task.cancel()
                with suppress(asyncio.CancelledError):
                    await task
        self._rescue = self._worker = None
        await self.close()

    async def close(self) -> None:
        """Close Procrastinate's connections."""
        if self._app is not None:
            await self._app.close_async()
            self._app = None

    async def drain(self, *, raising: bool = True) -> None:
        """Run every job that is due, and those that they store, until none is left."""
        self._failures.clear()
        app = await self._opened()
        await app.run_worker_async(**self._options(wait=False))
        if raising and self._failures:
            raise self._failures[0]

    async def pending(self) -> dict[str, int]:
        """How many jobs are in each state."""
        async with self.database.reading() as session:
            rows = (await session.execute(_COUNT)).all()
        counts = {"ready": 0, "running": 0, "dead": 0}
        for status, count in rows:
            if status in _STATES:
                counts[_STATES[status]] += count
        return counts

    async def oldest_seconds(self) -> float:
        """How long the job that is due longest has waited."""
        async with self.database.reading() as session:
            return float(await session.scalar(_OLDEST) or 0)

    def waiting_ids(self, function: Callable[..., Awaitable[None]], key: str) -> Select[UUID]:
        """The ids in the payloads of waiting jobs."""
        waits = _JOBS.c.task_name == name_of(function), cast(_JOBS.c.status, String).in_(("todo", "doing"))
        return select(cast(_JOBS.c.args[key].astext, Uuid())).where(*waits)

    async def dead_jobs(self) -> list[DeadJob]:
        """The dead letters, oldest first."""
        async with self.database.reading() as session:
            rows = (await session.execute(_DEAD)).all()
        return [DeadJob(str(row.id), row.task_name, row.args, row.attempts, None, row.created_at) for row in rows]

    async def requeue(self, job_id: str) -> bool:
        """Give a dead letter another eight tries."""
        async with self.database.writing() as session:
            return (await session.execute(_REQUEUE, {"id": int(job_id)})).scalar_one_or_none() is not None
