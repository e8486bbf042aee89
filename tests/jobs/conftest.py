"""A runtime on each database, and processes that work beside the test."""

import os
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import psycopg
import pytest
from sqlalchemy.engine import make_url

from studium.kit import migrate
from studium.kit.config import Settings, load_settings
from studium.kit.ids import new_id
from studium.kit.runtime import Runtime, open_runtime

ROOT = Path(__file__).parents[2]
SERVER = os.environ.get("STUDIUM_TEST_POSTGRES", "postgresql://postgres@127.0.0.1:5432/postgres")
_EMPTY = "TRUNCATE procrastinate_jobs, procrastinate_workers, job_receipts, throttle_hits CASCADE"


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="session")
def sqlite_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("library") / "studium.db"
    migrate.upgrade(f"sqlite:///{path}")
    return path


@pytest.fixture(scope="session")
def postgres_database() -> Iterator[str]:
    name = f"studium_jobs_{new_id().hex}"
    url = make_url(SERVER).set(database=name).render_as_string(hide_password=False)
    with psycopg.connect(SERVER, autocommit=True) as server:
        server.execute(f"CREATE DATABASE {name}")
        migrate.upgrade(url)
        yield url
        server.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def sqlite_url(sqlite_file: Path, tmp_path: Path) -> str:
    shutil.copy(sqlite_file, tmp_path / "studium.db")
    return f"sqlite:///{tmp_path}/studium.db"


@pytest.fixture
def postgres_url(postgres_database: str) -> str:
    with psycopg.connect(postgres_database, autocommit=True) as server:
        server.execute(_EMPTY)
    return postgres_database


@pytest.fixture(params=["sqlite", "postgres"])
def url(request: pytest.FixtureRequest) -> str:
    return str(request.getfixturevalue(f"{request.param}_url"))


@pytest.fixture
def settings(url: str, tmp_path: Path) -> Settings:
    return load_settings(database_url=url, data_dir=tmp_path)


@pytest.fixture
async def runtime(settings: Settings) -> AsyncIterator[Runtime]:
    async with open_runtime(settings) as opened:
        yield opened
        await opened.jobs.stop()


@pytest.fixture
def start_worker(settings: Settings) -> Iterator[Callable[..., "subprocess.Popen[bytes]"]]:
    """Start a worker process; `dies` says where it hangs or kills itself. It is killed after the test."""
    started: list[subprocess.Popen[bytes]] = []

    def start(dies: str = "") -> "subprocess.Popen[bytes]":
        environment = {
            **os.environ,
            "STUDIUM_DATABASE_URL": settings.database_url,
            "STUDIUM_DATA_DIR": str(settings.data_dir),
            "LIBRARY_DIES": dies,
        }
        command = [sys.executable, "-m", "tests.jobs.library"]
        started.append(subprocess.Popen(command, cwd=ROOT, env=environment))
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.wait()
