"""A school on SQLite, and empty databases of PostgreSQL to move it to."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from shutil import copy
from uuid import UUID

import psycopg
import pytest
from psycopg.sql import SQL, Identifier
from sqlalchemy.engine import make_url

from studium.entrypoints.operations.moving.move import Report
from studium.entrypoints.operations.moving.move import move as move_to
from studium.kit.base.clock import frozen
from studium.kit.base.config import Settings, load_settings
from studium.kit.base.ids import new_id
from studium.kit.jobs.tables import JobRow
from tests.backup.test_backup import make_whole
from tests.databases import SERVER, empty, store
from tests.policy.test_authorization import PREPARE
from tests.world import PASSWORD, open_world

NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
APART = {"quiz_lesson", "refresh", "mfa", "revoked", "no_certificate", "erasures"}
"""What changes what others prepare."""


@dataclass
class Old:
    """The school on SQLite: nobody has it open."""

    settings: Settings
    ids: dict[str, UUID]
    tokens: dict[str, str]

    @property
    def refresh(self) -> str:
        """A refresh token of a session that began before."""
        return self.tokens["REFRESH"]

    @property
    def path(self) -> Path:
        return Path(self.settings.database_url.removeprefix("sqlite:///"))

    @property
    def marker(self) -> Path:
        return self.path.with_name("studium.db.moving")

    def move(self, to: str, *, dry_run: bool = False) -> Report:
        return move_to(self.settings, to, lambda _: lambda _: None, dry_run=dry_run)


def waiting(**fields: object) -> JobRow:
    """A job that nobody has begun."""
    common = {"id": new_id(), "name": "moving.work", "payload": {"id": str(new_id())}, "queue": "default"}
    return JobRow(**{**common, "run_at": NOW, "created_at": NOW, **fields})


JOBS = {
    "new": waiting(payload={"text": 'a "quoted" \\ back\tslash é'}),
    "later": waiting(tries=3, run_at=NOW + timedelta(minutes=5)),
    "locked": waiting(name="courses.run_import", queue="imports", lock="courses.run_import 7"),
    "dead": waiting(state="dead", tries=8, error="Gone: it went"),
    "orphaned": waiting(state="running", tries=2, owner="elsewhere:1:x", lease_until=NOW),
    "deadly": waiting(state="running", tries=3, deaths=2, owner="elsewhere:1:x", lease_until=NOW),
}


@pytest.fixture(scope="session")
async def moved_once(
    migrated_file: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, dict[str, UUID], dict[str, str]]:
    """A folder with the school in which everything is, to be copied for each test."""
    folder = tmp_path_factory.mktemp("moving")
    copy(migrated_file, folder / "studium.db")
    with frozen(NOW):
        async with open_world(f"sqlite:///{folder}/studium.db", folder) as world:
            for name, prepare in PREPARE.items():
                if name not in APART:
                    await prepare(world, "sam")
            await make_whole(world)
            login = {"email": "new@school.example", "password": PASSWORD}
            answer = await world.call(None, "POST", "/auth/login", json=login)
            world.tokens["REFRESH"] = answer.json()["refresh_token"]
            store(world.runtime.settings.database_url, JOBS.values())
            return folder, dict(world.ids), dict(world.tokens)


@pytest.fixture
async def old(moved_once: tuple[Path, dict[str, UUID], dict[str, str]], tmp_path: Path) -> Old:
    """The school, in a folder of the test's own."""
    folder, ids, tokens = moved_once
    for path in folder.rglob("*"):
        here = tmp_path / path.relative_to(folder)
        if path.is_dir():
            here.mkdir(parents=True, exist_ok=True)
        else:
            here.parent.mkdir(parents=True, exist_ok=True)
            copy(path, here)
    wanted = {"jobs": "external", "log_level": "ERROR", "public_base_url": "https://school.example"}
    return Old(load_settings(data_dir=tmp_path, _env_file=None, **wanted), ids, tokens)


@pytest.fixture
def target(migrated_postgres: str) -> str:
    """The address of a database without rows, which is migrated already: a migration takes seconds."""
    empty(migrated_postgres)
    return migrated_postgres


@pytest.fixture
def empty_target() -> Iterator[str]:
    """The address of a database in which there is nothing at all."""
    name = f"studium_moved_{new_id().hex}"
    with psycopg.connect(SERVER, autocommit=True) as server:
        server.execute(SQL("CREATE DATABASE {} TEMPLATE template0").format(Identifier(name)))
        yield make_url(SERVER).set(database=name).render_as_string(hide_password=False)
        server.execute(SQL("DROP DATABASE {} WITH (FORCE)").format(Identifier(name)))


def rows_in(target: str) -> int:
    """How many rows the database has, but for the one that names its migration."""
    with psycopg.connect(target) as connection:
        tables = connection.execute(
            "SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'alembic_version'"
        ).fetchall()
        counts = (
            connection.execute(SQL("SELECT count(*) FROM {}").format(Identifier(name))).fetchone() for (name,) in tables
        )
        return sum(int(count[0]) for count in counts if count is not None)
