"""A migrated database for each test, on SQLite and on PostgreSQL: one of each per worker, emptied quickly."""

import os
import shutil
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import Connection, Engine, Insert, NullPool, create_engine, event, insert, inspect
from sqlalchemy.engine import make_url

from studium.kit.base.ids import new_id
from studium.kit.db import migrations as migrate
from studium.kit.db.database import Database
from studium.kit.db.tables import Base
from tests.servers import lacking

SERVER = os.environ.get("STUDIUM_TEST_POSTGRES", "postgresql://postgres@127.0.0.1:5432/postgres")
_KEPT = ("alembic_version",)
_TABLES = "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("migrated") / "studium.db"
    migrate.upgrade(f"sqlite:///{path}")
    return path


@pytest.fixture(scope="session")
def migrated_postgres() -> Iterator[str]:
    """A database of this worker's own. Nothing in it need survive a power cut."""
    _await_server()
    name = f"studium_test_{new_id().hex}"
    url = make_url(SERVER).set(database=name).render_as_string(hide_password=False)
    with psycopg.connect(SERVER, autocommit=True) as server:
        server.execute(f"CREATE DATABASE {name}")
        for setting in ("synchronous_commit", "jit"):
            server.execute(f"ALTER DATABASE {name} SET {setting} = off")
        migrate.upgrade(url)
        yield url
        _postgres(url).dispose()
        server.execute(f"DROP DATABASE {name} WITH (FORCE)")


def _await_server() -> None:
    try:
        psycopg.connect(SERVER, connect_timeout=5).close()
    except psycopg.OperationalError:
        lacking("no PostgreSQL answers; STUDIUM_TEST_POSTGRES names one, .ci/run brings one up")


@cache
def _postgres(url: str) -> Engine:
    """A connection that stays, beside those of the applications that are opened one after the other."""
    address = make_url(url).set(drivername="postgresql+psycopg")
    return create_engine(address, pool_size=1, pool_pre_ping=True)


class _Sqlite:
    """An engine for one file after the other: what is compiled for the first serves them all."""

    def __init__(self) -> None:
        self.path = ""
        self.engine = create_engine("sqlite://", creator=self._connect, poolclass=NullPool)

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self.path)
        connection.execute("PRAGMA synchronous = OFF")
        return connection

    def at(self, url: str) -> Engine:
        self.path = url.removeprefix("sqlite:///")
        return self.engine


_sqlite = _Sqlite()


@contextmanager
def beside(url: str) -> Iterator[Connection]:
    """A transaction beside the application, whose statements are compiled once for the whole process."""
    engine = _sqlite.at(url) if url.startswith("sqlite") else _postgres(url)
    with engine.begin() as connection:
        yield connection


def store(url: str, *layers: Iterable[Base]) -> None:
    """Store rows with all that a session would, each layer after those that it points at, in two thirds of its time."""
    with beside(url) as connection:
        for rows in layers:
            write(connection, rows)


def write(connection: Connection, rows: Iterable[Base]) -> None:
    """Write rows that do not point at each other, or at earlier kinds alone, those of a kind by one statement."""
    alike: dict[tuple[type[Base], frozenset[str]], list[Base]] = {}
    for row in rows:
        alike.setdefault((type(row), frozenset(row.__dict__)), []).append(row)
    for (kind, given), found in alike.items():
        mapper, names = inspect(kind), [(key, name) for key, name in _columns(kind) if key in given]
        connection.execute(_insert(kind), [{name: row.__dict__[key] for key, name in names} for row in found])
        for row in found:
            mapper.dispatch.after_insert(mapper, connection, inspect(row))


@cache
def _columns(kind: type[Base]) -> list[tuple[str, str]]:
    """The attributes of a model, each with the key of its column."""
    return [(attribute.key, attribute.columns[0].key) for attribute in inspect(kind).column_attrs]


@cache
def _insert(kind: type[Base]) -> Insert:
    return insert(Base.metadata.tables[kind.__tablename__])


def empty(url: str) -> None:
    """Delete every row. Deleting from small tables takes a tenth of the time that TRUNCATE takes."""
    with beside(url) as connection:
        tables = [name for name in connection.exec_driver_sql(_TABLES).scalars() if name not in _KEPT]
        deletes = ";".join(f"DELETE FROM {table}" for table in tables)  # noqa: S608 -- names from the catalogue.
        connection.exec_driver_sql(f"SET LOCAL session_replication_role = replica; {deletes}")


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of an empty, migrated database; each test that asks for it runs once on each kind."""
    if request.param == "sqlite":
        shutil.copy(request.getfixturevalue("migrated_file"), tmp_path / "studium.db")
        return f"sqlite:///{tmp_path}/studium.db"
    url = str(request.getfixturevalue("migrated_postgres"))
    empty(url)
    return url


@contextmanager
def counting(database: Database) -> Iterator[list[str]]:
    """The statements that the block sends through sessions and hot reads, without transaction control."""
    seen: list[str] = []

    def note(connection: object, cursor: object, statement: str, *rest: object) -> None:
        if not statement.startswith(("BEGIN", "SAVEPOINT", "RELEASE")):
            seen.append(statement)

    engine = database.engine.sync_engine
    event.listen(engine, "before_cursor_execute", note)
    database.reads.watch = seen.append
    if database.writer is not None:
        database.writer.watch = seen.append
    try:
        yield seen
    finally:
        event.remove(engine, "before_cursor_execute", note)
        database.reads.watch = None
        if database.writer is not None:
            database.writer.watch = None
