"""The engine on PostgreSQL: Procrastinate. Jobs are stored by its own SQL function inside the caller's transaction."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID
from zlib import crc32

import procrastinate
import psycopg
import structlog
from procrastinate import jobs as procrastinate_jobs
from procrastinate.retry import BaseRetryStrategy, RetryDecision
from sqlalchemy import Select, String, Uuid, cast, column, delete, select, table, text
from sqlalchemy.dialects.postgresql import JSONB, insert
from sqlalchemy.ext.asyncio import AsyncSession

from studium.kit.base.clock import now
from studium.kit.base.ids import new_id
from studium.kit.db.prepared import PreparedStatement
from studium.kit.db.servers import Servers
from studium.kit.db.transaction import Transaction
from studium.kit.jobs.postgres_connections import JobConnections, QueueWorker
from studium.kit.jobs.registry import (
    DEADLY,
    MAX_DEATHS,
    MAX_TRIES,
    DeadJob,
    Jobs,
    Periodic,
    PermanentJobError,
    Queue,
    names_of,
    queue_and_lock,
    reason_of,
    retry_delay,
    stored_names,
)
from studium.kit.jobs.tables import JobDeaths, JobReceipt

if TYPE_CHECKING:
    from studium.kit.base.config import Settings
    from studium.kit.db.database import Database

HEARTBEAT_SECONDS = 2.0
STALLED_SECONDS = 8.0
_POLL_SECONDS = 1.0
_HEARING_SECONDS = 3.0
_MAX_ID = (1 << 63) - 1
_KEEP_RECEIPTS = timedelta(days=7)
_log = structlog.get_logger()

_DEFER = PreparedStatement(
    text(
        "SELECT procrastinate_defer_jobs_v1((SELECT array_agg(ROW(queue, name, 0, lock, NULL,"
        " CAST(CAST(:args AS text) AS jsonb), NULL)::procrastinate_job_to_defer_v1) FROM unnest("
        "CAST(:names AS text[]), CAST(:queues AS text[]), CAST(:locks AS text[])) AS job(name, queue, lock))) AS ids"
    ).columns(column("ids"))
)
_DEFER_ALL = PreparedStatement(
    text(
        "SELECT procrastinate_defer_jobs_v1((SELECT array_agg(ROW(queue, name, 0, lock, NULL,"
        " CAST(args AS jsonb), NULL)::procrastinate_job_to_defer_v1) FROM unnest("
        "CAST(:names AS text[]), CAST(:queues AS text[]), CAST(:locks AS text[]), CAST(:args AS text[]))"
        " AS job(name, queue, lock, args))) AS ids"
    ).columns(column("ids"))
)
_COUNT = text("SELECT status::text, count(*) FROM procrastinate_jobs GROUP BY status")
# A job that is tried again is due when it says; any other is due since it was stored.
_OLDEST = text(
    "SELECT greatest(0, extract(epoch FROM now() - min(coalesce(job.scheduled_at, event.at))))"
    " FROM procrastinate_jobs job LEFT JOIN procrastinate_events event"
    " ON event.job_id = job.id AND event.type = 'deferred' WHERE job.status = 'todo' AND job.queue_name = 'default'"
)
_DEAD = text(
    "SELECT job.id, job.task_name, job.args, job.attempts, min(event.at) AS created_at, max(died.deaths) AS deaths"
    " FROM procrastinate_jobs job LEFT JOIN procrastinate_events event ON event.job_id = job.id"
    " LEFT JOIN job_deaths died ON died.job_id = CAST(job.id AS text)"
    " WHERE job.status = 'failed' GROUP BY job.id ORDER BY job.id"
)
# Every worker looks for the jobs of dead ones: only the first that finds a job still so counts it.
_STILL_STALLED = text(
    "SELECT id FROM procrastinate_jobs WHERE id = :id AND status = 'doing'"
    " AND worker_id IS NOT DISTINCT FROM CAST(:worker AS bigint) FOR UPDATE SKIP LOCKED"
)
_AGAIN = text("SELECT procrastinate_retry_job_v2(:id, NULL, NULL, NULL, NULL)")
_BURY = text("SELECT procrastinate_finish_job_v1(:id, 'failed', false)")
_DROP = text("DELETE FROM procrastinate_jobs WHERE id = :id AND status IN ('todo', 'failed') RETURNING id")
_REQUEUE = text(
    "UPDATE procrastinate_jobs SET status = 'todo', attempts = 0, scheduled_at = NULL"
    " WHERE id = :id AND status = 'failed' RETURNING id"
)
_JOBS = table("procrastinate_jobs", column("task_name", String), column("status"), column("args", JSONB))
_STATES = {"todo": "ready", "doing": "running", "failed": "dead"}


def _deferred(names: Sequence[str], payload: Mapping[str, str]) -> dict[str, Any]:
    queues, locks = zip(*(queue_and_lock(name, payload) for name in names), strict=True)
    return {"names": list(names), "queues": [*map(str, queues)], "locks": [*locks], "args": json.dumps(dict(payload))}


class _Retry(BaseRetryStrategy):
    """Eight tries with growing pauses; PermanentJobError ends them at once."""

    def get_retry_decision(self, *, exception: BaseException, job: procrastinate_jobs.Job) -> RetryDecision | None:
        """Say when to try again, or None for the dead letters. `job.attempts` counts the tries before this one."""
        tries = job.attempts + 1
        dead = isinstance(exception, PermanentJobError) or tries >= MAX_TRIES
        _log.warning(
            "job failed", job=job.task_name, job_id=str(job.id), tries=tries, dead=dead, reason=reason_of(exception)
        )
        if dead:
            return None
        return RetryDecision(retry_at=now() + timedelta(seconds=retry_delay(tries)))


class PostgresJobs(Jobs):
    """Jobs in Procrastinate's tables. A receipt row, written with a job's effects, makes them happen once."""

    def __init__(self, settings: "Settings", database: "Database") -> None:
        super().__init__(settings, database)
        self._tasks: list[asyncio.Task[None]] = []
        self._app: procrastinate.App | None = None
        self._failures: list[Exception] = []
        is_same = settings.session_url == settings.database_url
        servers = database.servers if is_same else None
        self._connections = JobConnections(
            servers or Servers(settings.session_url), is_pooled=database.is_pooled and is_same
        )

    async def put(self, transaction: Transaction, names: Sequence[str], payload: Mapping[str, str]) -> None:
        """Defer in the caller's transaction; Procrastinate's trigger wakes a worker at the commit."""
        await transaction.first(_DEFER, **_deferred(names, payload))

    async def put_all(self, transaction: Transaction, jobs: Sequence[tuple[str, Mapping[str, str]]]) -> None:
        """Defer all of them in the caller's transaction by one statement."""
        queues, locks = zip(*(queue_and_lock(name, payload) for name, payload in jobs), strict=True)
        await transaction.all(
            _DEFER_ALL,
            names=[name for name, _ in jobs],
            queues=[*map(str, queues)],
            locks=[*locks],
            args=[json.dumps(dict(payload)) for _, payload in jobs],
        )

    async def mark_done(self, session: AsyncSession, job_id: str) -> bool:
        """Write the receipt; False where one is there."""
        receipt = insert(JobReceipt).values(job_id=job_id, done_at=now()).on_conflict_do_nothing()
        return (await session.execute(receipt.returning(JobReceipt.job_id))).scalar_one_or_none() is not None

    async def sweep_once(self, sweep: Periodic) -> None:
        """Do the periodic work, unless another process is at it.

        An advisory lock says so. Its connection is not the pool's: a sweep that held one while it waits for a second
        could wait in vain.
        """
        key = crc32(sweep.name.encode())
        is_pooled = self._connections.is_pooled
        connection = await self._connections.opened(autocommit=not is_pooled)
        # Behind a pooler a session's lock would stay with the pooler: there it is the transaction's.
        lock = "pg_try_advisory_xact_lock" if is_pooled else "pg_try_advisory_lock"
        try:  # Not `async with`: that talks to the server before it closes, and a stop may interrupt it there.
            answer = await connection.execute(f"SELECT {lock}(%s)".encode(), (key,))
            if await answer.fetchone() == (True,):
                await super().sweep_once(sweep)
                # Outside a transaction this does nothing; behind a pooler the lock is free at once.
                await connection.rollback()
        finally:
            await connection.close()

    async def _opened(self) -> procrastinate.App:
        """Procrastinate's application, with every registered job as a task, connected."""
        if self._app is None:
            self._connections.is_closing = False
            # Beside what runs jobs, each queue has a connection that listens.
            connector = self._connections.connector(sum(self.workers.values()) + len(Queue) + 1)
            app = procrastinate.App(connector=connector)
            for name, kind in stored_names().items():
                app.task(name=name, queue=kind.queue, pass_context=True, retry=_Retry())(self._task(name))
            await app.open_async()
            self._app = app
        return self._app

    def _task(self, name: str) -> Any:  # noqa: ANN401 -- Procrastinate takes any coroutine function.
        async def run(context: procrastinate.JobContext, **payload: str) -> None:
            try:
                await self.run_job(str(context.job.id), name, payload)
            except Exception as error:
                self._failures.append(error)
                raise

        return run

    def _options(self, queue: Queue | None = None) -> Any:  # noqa: ANN401 -- Procrastinate's own keyword arguments.
        """How to work a queue off until stopped; without one, how to work off what is due in any."""
        wait = queue is not None
        return {
            "queues": [*Queue] if queue is None else [queue],
            "concurrency": 1 if queue is None else self.workers[queue],
            "wait": wait,
            "install_signal_handlers": False,
            "listen_notify": wait,
            "fetch_job_polling_interval": _POLL_SECONDS,
            "update_heartbeat_interval": HEARTBEAT_SECONDS,
            "stalled_worker_timeout": STALLED_SECONDS * 4,
            "shutdown_graceful_timeout": self.stop_seconds,
            "delete_jobs": "successful",
        }

    async def _start(self) -> None:
        app = await self._opened()
        self._tasks = [asyncio.create_task(self._serve(app, queue)) for queue in Queue]
        self._tasks.append(asyncio.create_task(self._rescue_stalled(app)))
        self._tasks.append(asyncio.create_task(self._probe_listen()))

    async def _probe_listen(self) -> None:
        """Say so where a pooler keeps workers from hearing of new jobs, which they then look for every second."""
        if not await self._hears():
            _log.warning(
                "LISTEN does not come through, so jobs may wait for a second:"
                " let STUDIUM_DATABASE_DIRECT_URL name the database past its pooler"
            )

    async def _hears(self) -> bool:
        """Whether what one connection says reaches another that listens."""
        name = f"studium_probe_{new_id().hex}"
        try:
            listener = await self._connections.opened(autocommit=True, prepare_threshold=None)
            try:
                await listener.execute(f"LISTEN {name}".encode())
                speaker = await self._connections.opened(autocommit=True, prepare_threshold=None)
                try:
                    await speaker.execute("SELECT pg_notify(%s, '')", (name,))
                    return [said async for said in listener.notifies(timeout=_HEARING_SECONDS, stop_after=1)] != []
                finally:
                    await speaker.close()
            finally:
                await listener.close()
        except (psycopg.Error, OSError):
            # A database that is away is told of elsewhere.
            return True

    async def _serve(self, app: procrastinate.App, queue: Queue) -> None:
        """Work a queue off until stopped; when the database goes away, try again."""
        while True:
            try:
                await QueueWorker(app=app, **self._options(queue)).run()
            except Exception as error:  # noqa: BLE001 -- the database comes back; so does the worker.
                _log.warning("job worker failed", reason=reason_of(error))
                await asyncio.sleep(_POLL_SECONDS)

    async def _rescue_stalled(self, app: procrastinate.App) -> None:
        """Free the jobs of workers that died, and forget old receipts and deaths."""
        while True:
            try:
                stalled = await app.job_manager.get_stalled_jobs(seconds_since_heartbeat=STALLED_SECONDS)
                for job in stalled:
                    await self._free(job)
                async with self.database.write_session() as session:
                    await session.execute(delete(JobReceipt).where(JobReceipt.done_at < now() - _KEEP_RECEIPTS))
                    await session.execute(delete(JobDeaths).where(JobDeaths.noted_at < now() - _KEEP_RECEIPTS))
            except Exception as error:  # noqa: BLE001 -- the next turn comes.
                _log.warning("stalled jobs cannot be looked for", reason=reason_of(error))
            self._failures.clear()
            await asyncio.sleep(HEARTBEAT_SECONDS)

    async def _free(self, job: procrastinate_jobs.Job) -> None:
        """Let another worker try a job whose own died, unless too many have; Procrastinate itself counts none."""
        async with self.database.write_session() as session:
            stalled = await session.execute(_STILL_STALLED, {"id": job.id, "worker": job.worker_id})
            if stalled.scalar_one_or_none() is None:
                return
            died = insert(JobDeaths).values(job_id=str(job.id), deaths=1, noted_at=now())
            more = {"deaths": JobDeaths.deaths + 1, "noted_at": now()}
            count = died.on_conflict_do_update(index_elements=[JobDeaths.job_id], set_=more)
            deaths = (await session.execute(count.returning(JobDeaths.deaths))).scalar_one()
            is_deadly = deaths >= MAX_DEATHS
            await session.execute(_BURY if is_deadly else _AGAIN, {"id": job.id})
        _log.warning("a worker died of its job", job=job.task_name, job_id=str(job.id), dead=is_deadly)

    async def _stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks = []
        await self.close()

    async def close(self) -> None:
        """Close Procrastinate's connections."""
        if self._connections.servers is not self.database.servers:
            await self._connections.servers.close()
        if self._app is not None:
            self._connections.is_closing = True
            await self._app.close_async()
            self._app = None

    async def drain(self, *, raising: bool = True) -> None:
        """Run every job that is due, and those that they store, until none is left."""
        self._failures.clear()
        app = await self._opened()
        await app.run_worker_async(**self._options())
        if raising and self._failures:
            raise self._failures[0]

    async def pending(self) -> dict[str, int]:
        """How many jobs are in each state."""
        async with self.database.read_session() as session:
            rows = (await session.execute(_COUNT)).all()
        counts = {"ready": 0, "running": 0, "dead": 0}
        for status, count in rows:
            if status in _STATES:
                counts[_STATES[status]] += count
        return counts

    async def oldest_seconds(self) -> float:
        """How long the job that is due longest has waited."""
        async with self.database.read_session() as session:
            return float(await session.scalar(_OLDEST) or 0)

    def waiting_ids(self, function: Callable[..., Awaitable[None]], key: str) -> Select[UUID]:
        """The ids in the payloads of waiting jobs."""
        waits = _JOBS.c.task_name.in_(names_of(function)), cast(_JOBS.c.status, String).in_(("todo", "doing"))
        return select(cast(_JOBS.c.args[key].astext, Uuid())).where(*waits)

    async def dead_jobs(self) -> list[DeadJob]:
        """The dead letters, oldest first."""
        async with self.database.read_session() as session:
            rows = (await session.execute(_DEAD)).all()
        return [DeadJob(str(row.id), row.task_name, row.args, row.attempts, _why(row), row.created_at) for row in rows]

    async def requeue(self, job_id: str, session: AsyncSession | None = None) -> bool:
        """Give a dead letter another eight tries."""
        if not _is_id(job_id):
            return False
        async with self._within(session) as place:
            await place.execute(delete(JobDeaths).where(JobDeaths.job_id == job_id))
            return (await place.execute(_REQUEUE, {"id": int(job_id)})).scalar_one_or_none() is not None

    async def drop(self, job_id: str, session: AsyncSession | None = None) -> bool:
        """Forget a dead letter or a job that waits."""
        if not _is_id(job_id):
            return False
        async with self._within(session) as place:
            return (await place.execute(_DROP, {"id": int(job_id)})).scalar_one_or_none() is not None


def _is_id(text: str) -> bool:
    return text.isdecimal() and int(text) <= _MAX_ID


def _why(row: Any) -> str | None:  # noqa: ANN401 -- a row of _DEAD.
    """Why a job is dead, as far as the database knows; what it raised is in the log."""
    return DEADLY if (row.deaths or 0) >= MAX_DEATHS else None
