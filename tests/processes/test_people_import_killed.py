"""A process killed in the middle of an import of people: the next one goes on, and everybody is there once."""

import signal
import sqlite3
from pathlib import Path

import psycopg
import pytest

from studium.kit.base.config import load_settings
from studium.kit.runtime import open_runtime
from studium.modules.registry import load_handlers
from tests.processes.school import school, until
from tests.world import open_world

MANY = 3_000
MADE = "SELECT count(*), count(DISTINCT email) FROM users WHERE source = 'csv'"


def made(database_url: str) -> tuple[int, int]:
    """How many people the import has made, and with how many addresses."""
    if database_url.startswith("sqlite"):
        with sqlite3.connect(database_url.removeprefix("sqlite:///")) as database:
            return tuple(database.execute(MADE).fetchone())
    with psycopg.connect(database_url) as connection:
        row = connection.execute(MADE).fetchone()
        assert row is not None
        return int(row[0]), int(row[1])


@pytest.mark.slow
async def test_everybody_is_there_once(database_url: str, tmp_path: Path) -> None:
    async with open_world(database_url, tmp_path):
        pass
    lines = (f"p{i}@school.example,Person {i},student,en,P-{i},course-c1,true" for i in range(MANY))
    file = tmp_path / "people.csv"
    file.write_text("email,full_name,role,language,external_id,courses,is_active\n" + "\n".join(lines))
    with school(tmp_path, database_url=database_url, jobs="external") as open_school:
        command = open_school.start("import-people", str(file), "--apply")
        until(lambda: made(database_url)[0] > 0, seconds=60)
        command.send_signal(signal.SIGKILL)
        command.wait()
        assert 0 < made(database_url)[0] < MANY
    load_handlers()
    settings = load_settings(database_url=database_url, data_dir=tmp_path, _env_file=None, jobs="external")
    async with open_runtime(settings) as runtime:
        await runtime.jobs.drain()
    assert made(database_url) == (MANY, MANY)
    with school(tmp_path, database_url=database_url, jobs="external") as open_school:
        open_school.run("import-people", str(file), "--apply")
    assert made(database_url) == (MANY, MANY)
