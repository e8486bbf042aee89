"""The things a running process holds, opened together and closed together."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from sqlalchemy import QueuePool
from sqlalchemy.ext.asyncio import AsyncSession

from studium.kit.base.config import Settings
from studium.kit.base.executors import in_thread
from studium.kit.base.metrics import BREAKER_OPEN, POOL_BUSY, POOL_LIMIT, STORAGE_FREE, show
from studium.kit.cache.engine import open_cache
from studium.kit.cache.port import Cache
from studium.kit.db.database import Database
from studium.kit.db.postgres import STATEMENT_SECONDS
from studium.kit.db.replica import ReplicaReads, open_replica
from studium.kit.jobs.engine import open_jobs
from studium.kit.jobs.registry import Jobs
from studium.kit.mail import Mailer, open_mailer
from studium.kit.security.tokens import Keys, keys_of
from studium.kit.storage import Storage, open_storage

BACKGROUND_SECONDS = 120.0
"""How long a statement of a worker or a command may take."""


@dataclass(slots=True)
class Runtime:
    """What every request and job stands on. Each session carries it, so no global is needed."""

    settings: Settings
    database: Database
    keys: Keys
    storage: Storage
    mailer: Mailer
    cache: Cache
    jobs: Jobs


def get_runtime(session: AsyncSession) -> Runtime:
    """The runtime that opened this session."""
    runtime = session.info["runtime"]
    assert isinstance(runtime, Runtime)  # noqa: S101 -- a session without one is a defect of the caller.
    return runtime


async def clear_leftovers(runtime: Runtime) -> None:
    """Remove what killed processes were receiving or writing. Every server and worker does so at its start."""
    await runtime.storage.clear_incoming()
    await in_thread(runtime.mailer.clear_drafts)


@asynccontextmanager
async def open_runtime(settings: Settings, *, statement_seconds: float = STATEMENT_SECONDS) -> AsyncIterator[Runtime]:
    """Open everything that `settings` names, and close it in reverse order at the end. Jobs are not started.

    Nobody waits for a worker or a command as for a request: they may give their statements more time.
    """
    async with AsyncExitStack() as stack:
        database = Database(
            settings.database_url,
            pool_size=settings.database_pool,
            statement_seconds=statement_seconds,
            is_pooled=await _is_pooled(settings),
        )
        stack.push_async_callback(database.close)
        if settings.database_read_url:
            replica = open_replica(database, settings, statement_seconds)
            stack.push_async_callback(replica.close)
            _show_replica(replica, settings.database_pool)
        cache = open_cache(settings.redis_url)
        stack.push_async_callback(cache.close)
        runtime = Runtime(
            settings=settings,
            database=database,
            keys=keys_of(settings),
            storage=open_storage(settings.storage_url, scratch=settings.data_dir / "incoming"),
            mailer=open_mailer(settings.mail_url, sender=settings.mail_from),
            cache=cache,
            jobs=open_jobs(settings, database),
        )
        database.session_info.update(runtime=runtime, jobs=runtime.jobs)
        runtime.jobs.context = runtime
        _show(runtime)
        stack.callback(runtime.storage.scratch.close)
        stack.callback(runtime.mailer.close)
        stack.push_async_callback(runtime.jobs.close)
        yield runtime


async def _is_pooled(settings: Settings) -> bool:
    if settings.is_sqlite:
        return False
    from studium.kit.db.servers import is_behind_pooler  # noqa: PLC0415 -- the embedded default never loads its driver.

    return settings.database_prepared == "off" or await is_behind_pooler(settings.database_url)


def _show_replica(replica: ReplicaReads, limit: int) -> None:
    show(POOL_BUSY, lambda: replica.busy, "replica")
    POOL_LIMIT.labels("replica").set(limit)
    show(BREAKER_OPEN, lambda: bool(replica.reason), "replica")


def _show(runtime: Runtime) -> None:
    """Let the metrics look at the pools, the breakers and the disk of this process."""
    pool, size = runtime.database.engine.pool, runtime.settings.database_pool
    assert isinstance(pool, QueuePool)  # noqa: S101 -- both engines have one.
    show(POOL_BUSY, pool.checkedout, "sessions")
    POOL_LIMIT.labels("sessions").set(runtime.database.pool_limit)
    show(POOL_BUSY, lambda: runtime.database.reads.busy, "reads")
    POOL_LIMIT.labels("reads").set(size)
    show(BREAKER_OPEN, lambda: runtime.cache.is_down, "cache")
    show(BREAKER_OPEN, lambda: runtime.mailer.is_left_alone, "mail")
    show(STORAGE_FREE, runtime.storage.free_bytes)
