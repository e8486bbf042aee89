"""Which engine stands behind a port: the settings decide. The embedded default loads no other than its own."""

from studium.kit.cache import Cache
from studium.kit.config import Settings
from studium.kit.db import Database
from studium.kit.jobs import Jobs


def open_cache(url: str) -> Cache:
    """The cache for `redis://…`, or in memory for an empty address."""
    if not url:
        return Cache()
    from studium.kit.cache_redis import RedisCache  # noqa: PLC0415 -- see the module's docstring.

    return RedisCache(url)


def open_jobs(settings: Settings, database: Database) -> Jobs:
    """The engine that works the jobs off: the database decides."""
    if database.dialect == "sqlite":
        from studium.kit.jobs_sqlite import SqliteJobs  # noqa: PLC0415 -- see the module's docstring.

        return SqliteJobs(settings, database)
    from studium.kit.jobs_postgres import PostgresJobs  # noqa: PLC0415 -- see the module's docstring.

    return PostgresJobs(settings, database)
