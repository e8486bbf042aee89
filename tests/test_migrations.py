"""Migrations: up and down on both databases, whole or not at all, from several processes at once."""

import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
from alembic import command
from sqlalchemy import Engine, Inspector, create_engine, inspect, text
from sqlalchemy.engine import make_url
from sqlalchemy.pool import NullPool

import studium.models  # noqa: F401 -- puts every table on the metadata.
from studium.kit import migrate
from studium.kit.tables import Base

ROOT = Path(__file__).parents[1]
SERVER = os.environ.get("STUDIUM_TEST_POSTGRES_URL", "postgresql://postgres@127.0.0.1:5432/postgres")
DRIVERS = {"sqlite": "sqlite+pysqlite", "postgresql": "postgresql+psycopg"}


def engine_of(url: str) -> Engine:
    address = make_url(url)
    return create_engine(address.set(drivername=DRIVERS[address.get_backend_name()]), poolclass=NullPool)


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/new/folder/studium.db"


@pytest.fixture
def postgres_url() -> Iterator[str]:
    name = f"studium_migrations_{uuid4().hex}"
    with psycopg.connect(SERVER, autocommit=True) as server:
        server.execute(f"CREATE DATABASE {name}")  # type: ignore[arg-type]
        yield make_url(SERVER).set(database=name).render_as_string(hide_password=False)
        server.execute(f"DROP DATABASE {name} WITH (FORCE)")  # type: ignore[arg-type]


@pytest.fixture(params=["sqlite_url", "postgres_url"])
def url(request: pytest.FixtureRequest) -> str:
    found = request.getfixturevalue(request.param)
    assert isinstance(found, str)
    return found


@pytest.fixture
def scripts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the migrations, in use instead of the shipped ones, to which a test adds revisions of its own."""
    copy = tmp_path / "migrations"
    shutil.copytree(ROOT / "studium" / "migrations", copy)
    monkeypatch.setattr(migrate, "SCRIPTS", str(copy))
    return copy


def add_revision(scripts: Path, body: str) -> None:
    (scripts / "versions" / "0002_next.py").write_text(
        "import sqlalchemy as sa\nfrom alembic import op\nrevision, down_revision = '0002', '0001'\n"
        f"def upgrade():\n    {body}\ndef downgrade():\n    pass\n"
    )


def add_person(url: str) -> None:
    """A user with a session, which goes when the user goes."""
    person, session = uuid4().hex, uuid4().hex
    with engine_of(url).begin() as connection:
        connection.execute(
            text(
                "INSERT INTO users (id, email, password_hash, full_name, role, is_active, mfa_enabled)"
                " VALUES (:id, 'sam@example.org', 'x', 'Sam', 'student', true, false)"
            ),
            {"id": person},
        )
        connection.execute(
            text("INSERT INTO sessions (id, user_id, expires_at) VALUES (:id, :user, '2030-01-01 00:00:00.000000')"),
            {"id": session, "user": person},
        )


def count(url: str, table: str) -> object:
    with engine_of(url).connect() as connection:
        return connection.scalar(text(f"SELECT count(*) FROM {table}"))


def tables(url: str) -> set[str]:
    with engine_of(url).connect() as connection:
        return set(inspect(connection).get_table_names())


def leftovers(url: str) -> list[str]:
    """Names of all tables, functions and types on PostgreSQL, of all entries of a SQLite file."""
    catalogue = (
        "SELECT name FROM sqlite_master"
        if url.startswith("sqlite")
        else "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace"
        " UNION SELECT proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace"
        " UNION SELECT typname FROM pg_type WHERE typnamespace = 'public'::regnamespace"
    )
    with engine_of(url).connect() as connection:
        return [name for name in connection.scalars(text(catalogue)) if "alembic_version" not in name]


def test_up_down_to_base_and_up_again(url: str):
    assert migrate.current(url) is None
    assert migrate.is_pending(url)
    migrate.upgrade(url)
    assert migrate.current(url) == migrate.head()
    assert not migrate.is_pending(url)
    assert set(Base.metadata.tables) <= tables(url)
    migrate.downgrade(url, "base")
    assert migrate.current(url) is None
    assert leftovers(url) == []
    migrate.upgrade(url)
    assert migrate.current(url) == migrate.head()
    assert set(Base.metadata.tables) <= tables(url)


def test_upgrading_twice_changes_nothing(url: str):
    migrate.upgrade(url)
    add_person(url)
    migrate.upgrade(url)
    assert count(url, "users") == 1


def test_alembic_finds_no_difference_between_models_and_migrations(url: str):
    migrate.upgrade(url)
    with migrate.migrating(url) as connection:
        command.check(migrate.config_of(connection))


def test_alembic_would_find_a_difference(url: str):
    migrate.upgrade(url)
    with migrate.migrating(url) as connection:
        connection.execute(text("DROP INDEX ix_users_role"))
        with pytest.raises(command.util.AutogenerateDiffsDetected):
            command.check(migrate.config_of(connection))


def written_out(row: Mapping[str, object]) -> str:
    """A row of the inspector as text; the condition of a partial index comes as an object that only str() opens."""
    options = row.get("dialect_options", {})
    assert isinstance(options, dict)
    return repr(dict(row) | {"dialect_options": {name: str(value) for name, value in options.items()}})


def shape_of(inspector: Inspector, table: str) -> dict[str, object]:
    """Everything that the database can say about a table, comparable and without an order of its own."""
    listed = {
        "columns": inspector.get_columns(table),
        "foreign keys": inspector.get_foreign_keys(table),
        "unique": inspector.get_unique_constraints(table),
        "checks": inspector.get_check_constraints(table),
        "indexes": inspector.get_indexes(table),
    }
    shape: dict[str, object] = {kind: sorted(map(written_out, rows)) for kind, rows in listed.items()}
    return shape | {"key": inspector.get_pk_constraint(table)}


def test_a_migrated_database_equals_one_made_from_the_models(url: str):
    Path(make_url(url).database or "").parent.mkdir(parents=True, exist_ok=True) if "sqlite" in url else None
    engine = engine_of(url)
    Base.metadata.create_all(engine)
    made = {table: shape_of(inspect(engine), table) for table in Base.metadata.tables}
    Base.metadata.drop_all(engine)
    migrate.upgrade(url)
    migrated = {table: shape_of(inspect(engine), table) for table in Base.metadata.tables}
    assert migrated == made


def test_postgresql_gets_the_job_engine_and_sqlite_does_not(sqlite_url: str, postgres_url: str):
    migrate.upgrade(postgres_url)
    assert "procrastinate_jobs" in tables(postgres_url)
    with engine_of(postgres_url).begin() as connection:
        job = connection.scalar(
            text(
                "SELECT (procrastinate_defer_jobs_v1(ARRAY[ROW('q', 't', 0, NULL, NULL, '{}', NULL)"
                "::procrastinate_job_to_defer_v1]))[1]"
            )
        )
    assert job == 1
    migrate.upgrade(sqlite_url)
    assert not [name for name in tables(sqlite_url) if name.startswith("procrastinate")]


def test_a_newer_database_is_refused_and_left_alone(url: str, scripts: Path, monkeypatch: pytest.MonkeyPatch):
    add_revision(scripts, "op.add_column('users', sa.Column('nickname', sa.String(40)))")
    migrate.upgrade(url)
    assert migrate.current(url) == "0002"
    monkeypatch.undo()
    for refused in (migrate.upgrade, migrate.is_pending):
        with pytest.raises(migrate.NewerDatabase, match=r"^The database is at revision 0002, .*\.$"):
            refused(url)
    assert migrate.current(url) == "0002"


def test_a_migration_that_fails_changes_nothing(url: str, scripts: Path):
    add_revision(scripts, "op.add_column('users', sa.Column('nickname', sa.String(40))); op.drop_table('nowhere')")
    with pytest.raises(Exception, match="nowhere"):
        migrate.upgrade(url)
    assert migrate.current(url) is None
    assert leftovers(url) == []


def test_rebuilding_a_table_on_sqlite_keeps_the_rows_that_point_at_it(sqlite_url: str, scripts: Path):
    migrate.upgrade(sqlite_url)
    add_person(sqlite_url)
    body = "with op.batch_alter_table('users', recreate='always') as b: b.add_column(sa.Column('nick', sa.Text()))"
    add_revision(scripts, body)
    migrate.upgrade(sqlite_url)
    assert migrate.current(sqlite_url) == "0002"
    assert (count(sqlite_url, "users"), count(sqlite_url, "sessions")) == (1, 1)
    with engine_of(sqlite_url).connect() as connection:
        assert "nick" in {column["name"] for column in inspect(connection).get_columns("users")}


def test_a_migration_on_sqlite_that_would_orphan_rows_is_undone(sqlite_url: str, scripts: Path):
    migrate.upgrade(sqlite_url)
    add_person(sqlite_url)
    add_revision(scripts, "op.execute('DELETE FROM users')")
    with pytest.raises(migrate.BrokenReferences, match=r"^The migration was undone: a row of sessions .* users\.$"):
        migrate.upgrade(sqlite_url)
    assert migrate.current(sqlite_url) == "0001"
    assert count(sqlite_url, "users") == 1


def test_several_processes_at_once_migrate_once(url: str):
    program = "import sys; from studium.kit.migrate import upgrade; sys.stdin.read(1); upgrade(sys.argv[1])"
    started = [
        subprocess.Popen(
            [sys.executable, "-c", program, url],
            env=os.environ | {"PYTHONPATH": str(ROOT)},
            stdin=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        for _ in range(3)
    ]
    for process in started:
        assert process.stdin is not None
        process.stdin.write(b"!")
        process.stdin.flush()
    failures = [error for process in started if (error := process.communicate(timeout=40)[1])]
    assert failures == []
    assert [process.returncode for process in started] == [0, 0, 0]
    assert migrate.current(url) == migrate.head()


def test_a_database_that_is_not_there_is_one_sentence():
    url = "postgresql://studium:hidden@127.0.0.1:1/studium"
    for asked in (migrate.upgrade, migrate.current, migrate.is_pending):
        with pytest.raises(migrate.DatabaseUnreachable, match=r"^The database .* cannot be reached: .*") as caught:
            asked(url)
        assert "hidden" not in str(caught.value)
        assert "\n" not in str(caught.value)


def test_a_file_that_is_no_database_is_one_sentence(tmp_path: Path):
    (tmp_path / "studium.db").write_bytes(b"This is a letter to my aunt. " * 100)
    with pytest.raises(migrate.DatabaseUnreachable, match="not a database"):
        migrate.upgrade(f"sqlite:///{tmp_path}/studium.db")


def test_a_folder_that_cannot_be_made_is_one_sentence(tmp_path: Path):
    (tmp_path / "file").touch()
    with pytest.raises(migrate.DatabaseUnreachable, match=r"^The database .* cannot be reached: .*\.$"):
        migrate.upgrade(f"sqlite:///{tmp_path}/file/below/studium.db")


def test_asking_for_the_revision_makes_no_file(tmp_path: Path):
    assert migrate.current(f"sqlite:///{tmp_path}/none.db") is None
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_stays_locked_is_one_sentence(sqlite_url: str, monkeypatch: pytest.MonkeyPatch):
    migrate.upgrade(sqlite_url)
    monkeypatch.setattr(migrate, "_WAIT_FOR_OTHERS_SECONDS", 0.1)
    with sqlite3.connect(make_url(sqlite_url).database or "") as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(migrate.DatabaseBusy, match=r"^The database .* is in use .*\.$"):
            migrate.upgrade(sqlite_url)
        other.rollback()
    other.close()


def test_another_hosts_migration_is_waited_for(postgres_url: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(migrate, "_WAIT_FOR_OTHERS_SECONDS", 1)
    with migrate.migrating(postgres_url), pytest.raises(migrate.DatabaseBusy, match=r"^The database .* is in use"):
        migrate.upgrade(postgres_url)
    migrate.upgrade(postgres_url)
    assert migrate.current(postgres_url) == migrate.head()
