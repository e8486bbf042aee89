"""Which engine works the jobs off: the database decides."""

from studium.kit.config import Settings
from studium.kit.db import Database
from studium.kit.jobs import Jobs


def open_jobs(settings: Settings, database: Database) -> Jobs:
    """The engine for this database. Imported here, so that the embedded default never loads Procrastinate."""
    if database.dialect == "sqlite":
        from studium.kit.jobs_sqlite import SqliteJobs  # noqa: PLC0415 -- see the docstring.

        return SqliteJobs(settings, database)
    from studium.kit.jobs_postgres import PostgresJobs  # noqa: PLC0415 -- see the docstring.

    return PostgresJobs(settings, database)
