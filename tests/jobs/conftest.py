"""A runtime on each database, and processes that work beside the test."""

import os
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from subprocess import Popen

import pytest

from studium.kit.base.config import Settings, load_settings
from studium.kit.runtime import Runtime, open_runtime
from tests.forks import Forked

ROOT = Path(__file__).parents[2]


@pytest.fixture
def settings(database_url: str, tmp_path: Path) -> Settings:
    return load_settings(database_url=database_url, data_dir=tmp_path)


@pytest.fixture
async def runtime(settings: Settings) -> AsyncIterator[Runtime]:
    async with open_runtime(settings) as opened:
        yield opened
        await opened.jobs.stop()


@pytest.fixture
def start_worker(settings: Settings) -> Iterator[Callable[..., Popen[bytes]]]:
    """Start a worker process; `dies` says where it hangs or kills itself. It is killed after the test."""
    started: list[Popen[bytes]] = []

    def start(dies: str = "") -> Popen[bytes]:
        environment = {
            **os.environ,
            "STUDIUM_DATABASE_URL": settings.database_url,
            "STUDIUM_DATA_DIR": str(settings.data_dir),
            "LIBRARY_DIES": dies,
        }
        command = [sys.executable, "-m", "tests.jobs.worker"]
        started.append(Forked(command, cwd=ROOT, env=environment))
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.wait()
