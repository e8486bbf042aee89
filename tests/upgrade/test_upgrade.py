"""A database of a former release, with every kind of job of then waiting, is migrated and its jobs are worked off.

The fixtures were written by the release with the migrations 0001 to 0007: a small school, its jobs stored under the
names that they had then, as statements of SQLite and as a plain dump of PostgreSQL.
"""

import os
import sqlite3
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import select, text
from sqlalchemy.engine import make_url

from studium.kit.base.config import load_settings
from studium.kit.base.ids import new_id
from studium.kit.db.migrations import current, head
from studium.kit.runtime import Runtime, open_runtime
from studium.models import Certificate, CourseImport, ImportStatus
from studium.modules.former_job_names import FORMER_JOB_NAMES
from studium.modules.registry import load_handlers
from tests import forks
from tests.databases import SERVER
from tests.processes.school import ROOT

FIXTURES = Path(__file__).parent / "fixtures"
SECRET = "the key of the school in a fixture"
UPLOADED = b"What?{=this ~that}"
NAMES = {"sqlite": "SELECT name FROM jobs", "postgresql": "SELECT task_name FROM procrastinate_jobs"}

LATER = {"notifications.handlers.mail_mfa_reset"}
"""Kinds of job that came between that release and the one that renamed them all."""


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    with sqlite3.connect(tmp_path / "studium.db") as database:
        database.executescript((FIXTURES / "revision-0007.sqlite.sql").read_text(encoding="utf-8"))
    database.close()
    return f"sqlite:///{tmp_path}/studium.db"


@pytest.fixture
def postgres_url() -> Iterator[str]:
    name = f"studium_upgrade_{new_id().hex}"
    url = make_url(SERVER).set(database=name).render_as_string(hide_password=False)
    with psycopg.connect(SERVER, autocommit=True) as server:
        server.execute(f"CREATE DATABASE {name}")
        with psycopg.connect(url) as database:
            database.execute((FIXTURES / "revision-0007.postgresql.sql").read_bytes())
        yield url
        server.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(params=["sqlite_url", "postgres_url"])
def url(request: pytest.FixtureRequest) -> str:
    found: str = request.getfixturevalue(request.param)
    return found


async def job_names(runtime: Runtime) -> set[str]:
    async with runtime.database.read_session() as session:
        return set((await session.execute(text(NAMES[runtime.database.dialect]))).scalars())


async def give_back_the_upload(runtime: Runtime) -> None:
    """The fixture is the database alone: put the file that waits to be imported where its row says."""
    async with runtime.database.read_session() as session:
        path = await session.scalar(select(CourseImport.storage_path))
    assert path is not None
    await runtime.storage.put(path, UPLOADED)


def migrate(url: str, folder: Path) -> None:
    environment = {**os.environ, "STUDIUM_DATABASE_URL": url, "STUDIUM_DATA_DIR": str(folder)}
    command = [sys.executable, "-m", "studium", "migrate"]
    forks.run(command, cwd=ROOT, env=environment).check_returncode()


def files(folder: Path, pattern: str) -> list[Path]:
    return list(folder.glob(pattern))


async def test_a_former_release_is_upgraded_and_its_jobs_are_worked_off(url: str, tmp_path: Path) -> None:
    assert current(url) == "0007"
    migrate(url, tmp_path)
    assert current(url) == head()

    load_handlers()
    settings = load_settings(database_url=url, data_dir=tmp_path, secret_key=SECRET, _env_file=None)
    async with open_runtime(settings) as runtime:
        assert await job_names(runtime) == FORMER_JOB_NAMES.keys() - LATER
        await give_back_the_upload(runtime)
        await runtime.jobs.drain()
        assert await runtime.jobs.pending() == {"ready": 0, "running": 0, "dead": 0}
        async with runtime.database.read_session() as session:
            assert await session.scalar(select(CourseImport.status)) is ImportStatus.DONE
            assert set((await session.execute(select(Certificate.pdf_path.is_not(None)))).scalars()) == {True}
    assert files(tmp_path, "files/certificates/**/*.pdf")
    assert len(files(tmp_path, "mail/*.eml")) >= 10
