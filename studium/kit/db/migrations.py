"""Bringing a database to the shape that this version of the system wants, from any number of processes at once.

Every run is one transaction: it happens whole or not at all. On SQLite the file's write lock, on PostgreSQL an advisory
lock lets one process work while the others wait and then find nothing to do. Alembic is loaded only where there is
something to do, which at most starts there is not.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, Engine, create_engine, event, inspect
from sqlalchemy.engine import URL, make_url
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from studium.kit.base.failures import CommandError
from studium.kit.db.addresses import shown
from studium.kit.db.errors import sqlstate_of

if TYPE_CHECKING:
    from alembic.config import Config

SCRIPTS = Path(__file__).parents[2] / "migrations"
"""Migrations; each is named `REVISION_words.py`, so that what there is to do is seen without loading any of them."""

_ADVISORY_KEY = int.from_bytes(b"studium")
_WAIT_FOR_OTHERS_SECONDS = 300
_WAIT_FOR_TABLES_SECONDS = 10
_CONNECT_SECONDS = 5
HEAD = "head"
_LOCK_WORDS = ("lock timeout", "database is locked")
_REFUSALS = {
    "42501": "The role in {} may not make and change tables there: let it own the database.",
    "25006": "The database {} is read-only: give the address of the server that takes writes.",
}
_FILE_WORDS = ("unable to open", "not a database", "malformed", "readonly", "disk is full", "disk I/O")


class MigrationError(CommandError):
    """A migration that did not happen; its text is one sentence for the operator, and the database is as before."""


class NewerDatabase(MigrationError):
    """The database was migrated by a later version of the system than this one."""


class DatabaseUnreachable(MigrationError):
    """There is no database at the address, or it cannot be opened."""


class DatabaseBusy(MigrationError):
    """Another process held a lock for too long."""


class MigrationRefused(MigrationError):
    """The database lets this role, or anybody, change no tables."""


class BrokenReferences(MigrationError):
    """After a migration on SQLite some row would have pointed at a row that is not there."""


def upgrade(url: str, revision: str = HEAD) -> None:
    """Migrate the database at `url` up to `revision`; a new SQLite file and its folder are made.

    Raises NewerDatabase, DatabaseUnreachable, DatabaseBusy, MigrationRefused or BrokenReferences.
    """
    _make_folder(make_url(url))
    if revision == HEAD and not is_pending(url):
        return
    from alembic import command  # noqa: PLC0415 -- see the module's docstring.

    _migrate(url, command.upgrade, revision)


def downgrade(url: str, revision: str) -> None:
    """Migrate the database at `url` down to `revision` (`base` is before the first). Raises what `upgrade` raises."""
    from alembic import command  # noqa: PLC0415 -- see the module's docstring.

    _migrate(url, command.downgrade, revision)


def current(url: str) -> str | None:
    """Return the revision that the database at `url` is at, None before the first. Raises DatabaseUnreachable."""
    address = make_url(url)
    if _is_missing_file(address):
        return None
    with _explained(address), _connected(address, begin="BEGIN") as connection:
        return _revision_of(connection)


def head() -> str:
    """Return the revision that this version of the system wants."""
    return max(_shipped())


def is_pending(url: str) -> bool:
    """Tell whether the database at `url` has migrations to do. Raises NewerDatabase and DatabaseUnreachable."""
    revision = current(url)
    _refuse_newer(revision)
    return revision != head()


def config_of(connection: Connection | None = None) -> "Config":
    """Return Alembic's configuration; with a connection, its commands run there and leave the commit to the caller."""
    from alembic.config import Config  # noqa: PLC0415 -- see the module's docstring.

    config = Config()
    config.set_main_option("script_location", str(SCRIPTS).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config


@contextmanager
def migrating(url: str) -> Iterator[Connection]:
    """Hand out the one connection that may change tables now; its work is committed at the end of the block."""
    address = make_url(url)
    with _explained(address), _connected(address, begin="BEGIN IMMEDIATE") as connection:
        if connection.dialect.name == "postgresql":
            _take_turn(connection)
        with connection.begin():
            yield connection


def _migrate(url: str, step: "Callable[[Config, str], None]", revision: str) -> None:
    with migrating(url) as connection:
        before = _revision_of(connection)
        _refuse_newer(before)
        step(config_of(connection), revision)
        if connection.dialect.name == "sqlite" and _revision_of(connection) != before:
            _check_references(connection)


def _take_turn(connection: Connection) -> None:
    """Wait for other hosts, then be impatient with tables in use. The session's lock ends with the connection."""
    connection.exec_driver_sql(f"SET lock_timeout = '{_WAIT_FOR_OTHERS_SECONDS}s'")
    connection.exec_driver_sql(f"SELECT pg_advisory_lock({_ADVISORY_KEY})")
    connection.exec_driver_sql(f"SET lock_timeout = '{_WAIT_FOR_TABLES_SECONDS}s'")
    connection.commit()


def _check_references(connection: Connection) -> None:
    broken = connection.exec_driver_sql("PRAGMA foreign_key_check").first()
    if broken is not None:
        message = f"The migration was undone: a row of {broken[0]} would point at a missing row of {broken[2]}."
        raise BrokenReferences(message)


def _revision_of(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    revision: str | None = connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar()
    return revision


def is_known(revision: str) -> bool:
    """Tell whether this version of the system knows a revision, so that it can migrate from there."""
    return revision in _shipped()


def _refuse_newer(revision: str | None) -> None:
    if revision is not None and not is_known(revision):
        message = (
            f"The database is at revision {revision}, which this version of Studium does not know: install a newer one."
        )
        raise NewerDatabase(message)


def _shipped() -> set[str]:
    """The revisions that this version brings."""
    return {script.stem.partition("_")[0] for script in SCRIPTS.glob("versions/[!_]*.py")}


@contextmanager
def _connected(address: URL, *, begin: str) -> Iterator[Connection]:
    engine = _sqlite_engine(address, begin) if _is_sqlite(address) else _postgres_engine(address)
    with engine.connect() as connection:
        yield connection


def _postgres_engine(address: URL) -> Engine:
    return create_engine(
        address.set(drivername="postgresql+psycopg"),
        poolclass=NullPool,
        connect_args={"connect_timeout": _CONNECT_SECONDS, "application_name": "studium-migrate"},
    )


def _sqlite_engine(address: URL, begin: str) -> Engine:
    """Make an engine without foreign keys: rebuilding a table would else cascade into the rows that point at it."""

    def _prepare(connection: DBAPIConnection, record: object) -> None:
        del record
        connection.isolation_level = None
        connection.execute("PRAGMA foreign_keys=OFF")

    def _begin(connection: Connection) -> None:
        connection.exec_driver_sql(begin)

    engine = create_engine(
        address.set(drivername="sqlite+pysqlite"),
        poolclass=NullPool,
        connect_args={"timeout": _WAIT_FOR_OTHERS_SECONDS},
    )
    event.listen(engine, "connect", _prepare)
    event.listen(engine, "begin", _begin)
    return engine


@contextmanager
def _explained(address: URL) -> Iterator[None]:
    """Turn what a driver raises before or instead of a migration into one sentence."""
    try:
        yield
    except DBAPIError as error:
        reason = str(error.orig).strip().partition("\n")[0]
        if any(word in reason for word in _LOCK_WORDS):
            message = f"The database {shown(address)} is in use and did not become free in time."
            raise DatabaseBusy(message) from error
        refusal = _REFUSALS.get(sqlstate_of(error))
        if refusal is not None and error.statement is not None:
            raise MigrationRefused(refusal.format(shown(address))) from error
        if not (error.statement is None or error.connection_invalidated or any(word in reason for word in _FILE_WORDS)):
            raise
        message = f"The database {shown(address)} cannot be reached: {reason}."
        raise DatabaseUnreachable(message) from error


def _is_sqlite(address: URL) -> bool:
    return address.get_backend_name() == "sqlite"


def _is_missing_file(address: URL) -> bool:
    return _is_sqlite(address) and not Path(address.database or "").exists()


def _make_folder(address: URL) -> None:
    if not _is_sqlite(address):
        return
    try:
        Path(address.database or "").parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        message = f"The database {shown(address)} cannot be reached: {error.strerror}."
        raise DatabaseUnreachable(message) from error
