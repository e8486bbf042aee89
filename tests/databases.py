"""A migrated database for each test, on SQLite and on PostgreSQL: one of each per worker, emptied quickly."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import event
from sqlalchemy.engine import make_url

from studium.kit import migrate
from studium.kit.db import Database
from studium.kit.ids import new_id
from tests.servers import lacking

SERVER = os.environ.get("STUDIUM_TEST_POSTGRES", "postgresql://postgres@127.0.0.1:5432/postgres")
_KEPT = ("alembic_version",)
_TABLES = "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"


@pytest.fixture
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
        server.execute(f"ALTER DATABASE {name} SET synchronous_commit = off")
        migrate.upgrade(url)
        yield url
        server.execute(f"DROP DATABASE {name} WITH (FORCE)")


def _await_server() -> None:
    try:
        psycopg.connect(SERVER, connect_timeout=5).close()
    except psycopg.OperationalError:
        lacking("no PostgreSQL answers; STUDIUM_TEST_POSTGRES names one, .ci/run brings one up")


def empty(url: str) -> None:
    """Delete every row. Deleting from small tables takes a tenth of the time that TRUNCATE takes."""
    with psycopg.connect(url) as connection:
        tables = [row[0] for row in connection.execute(_TABLES) if row[0] not in _KEPT]
        deletes = ";".join(f"DELETE FROM {table}" for table in tables)  # noqa: S608 -- names from the catalogue.
        connection.execute(f"SET session_replication_role = replica; {deletes}")


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
