"""Which engine works jobs off: the database decides. The embedded default loads no other than its own."""

from studium.kit.base.config import Settings
from studium.kit.db.database import Database
from studium.kit.jobs.registry import Jobs


def open_jobs(settings: Settings, database: Database) -> Jobs:
    """The engine that works the jobs off: the database decides."""
    if database.dialect == "sqlite":
        from studium.kit.jobs.sqlite import SqliteJobs  # noqa: PLC0415 -- see the module's docstring.

        return SqliteJobs(settings, database)
    from studium.kit.jobs.postgres import PostgresJobs  # noqa: PLC0415 -- see the module's docstring.

    return PostgresJobs(settings, database)
