"""The things a running process holds, opened together and closed together."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from sqlalchemy import QueuePool
from sqlalchemy.ext.asyncio import AsyncSession

from studium.kit.cache import Cache
from studium.kit.config import Settings
from studium.kit.db import Database
from studium.kit.engines import open_cache, open_jobs
from studium.kit.jobs import Jobs
from studium.kit.mail import Mailer, open_mailer
from studium.kit.metrics import BREAKER_OPEN, POOL_BUSY, POOL_LIMIT, STORAGE_FREE, show
from studium.kit.postgres import STATEMENT_SECONDS
from studium.kit.storage import Storage, open_storage
from studium.kit.tokens import Keys

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


def runtime_of(session: AsyncSession) -> Runtime:
    """The runtime that opened this session."""
    runtime = session.info["runtime"]
    assert isinstance(runtime, Runtime)  # noqa: S101 -- a session without one is a defect of the caller.
    return runtime


@asynccontextmanager
async def open_runtime(settings: Settings, *, statement_seconds: float = STATEMENT_SECONDS) -> AsyncIterator[Runtime]:
    """Open everything that `settings` names, and close it in reverse order at the end. Jobs are not started.

    Nobody waits for a worker or a command as for a request: they may give their statements more time.
    """
    async with AsyncExitStack() as stack:
        database = Database(
            settings.database_url, pool_size=settings.database_pool, statement_seconds=statement_seconds
        )
        stack.push_async_callback(database.close)
        cache = open_cache(settings.redis_url)
        stack.push_async_callback(cache.close)
        runtime = Runtime(
            settings=settings,
            database=database,
            keys=Keys(settings.secret_key.get_secret_value().encode()),
            storage=open_storage(settings.storage_url, scratch=settings.data_dir / "incoming"),
            mailer=open_mailer(settings.mail_url, sender=settings.mail_from),
            cache=cache,
            jobs=open_jobs(settings, database),
        )
        database.runtime = runtime
        _show(runtime)
        stack.push_async_callback(runtime.jobs.close)
        yield runtime


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
