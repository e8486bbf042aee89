"""The commands as an operator runs them: real processes, twice, on both databases."""

import os
import re
import subprocess
import sys
from pathlib import Path
from time import monotonic

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url

from studium.kit.db.transaction import SessionTransaction
from tests.forks import Forked
from tests.world import open_world

DEMO_SECONDS = 10


def start(database_url: str, folder: Path, *arguments: str) -> "subprocess.Popen[str]":
    environment = {**os.environ, "STUDIUM_DATA_DIR": str(folder), "STUDIUM_DATABASE_URL": database_url}
    command = [sys.executable, "-m", "studium", *arguments]
    pipe = subprocess.PIPE
    return Forked(command, env=environment, cwd=folder, text=True, stdin=pipe, stdout=pipe, stderr=pipe)


def run(database_url: str, folder: Path, *arguments: str, typed: str = "") -> tuple[int, str, str]:
    """Exit code, standard output and standard error of a command."""
    process = start(database_url, folder, *arguments)
    said, complained = process.communicate(typed, timeout=50)
    return process.returncode, said, complained


def execute(database_url: str, *statements: str) -> list[object]:
    """Run statements, and return the first column of the last one's rows."""
    url = make_url(database_url)
    driver = "sqlite+pysqlite" if url.get_backend_name() == "sqlite" else "postgresql+psycopg"
    engine = create_engine(url.set(drivername=driver))
    try:
        with engine.begin() as connection:
            results = [connection.execute(text(statement)) for statement in statements]
            return list(results[-1].scalars()) if results[-1].returns_rows else []
    finally:
        engine.dispose()


async def test_reconcile_names_what_differs_and_puts_it_right(database_url: str, tmp_path: Path) -> None:
    async with open_world(database_url, tmp_path) as world:
        enrollment = world.ids["E1"]
    assert run(database_url, tmp_path, "reconcile") == (0, "0 differences.\n", "")

    execute(
        database_url,
        "UPDATE enrollments SET total_lessons_count = 7, total_time_spent_seconds = 1000 WHERE status = 'active'",
    )
    code, said, _ = run(database_url, tmp_path, "reconcile")
    assert code == 1
    assert f"enrollment {enrollment}: total_lessons_count is 7, its rows say 4\n" in said
    assert f"enrollment {enrollment}: total_time_spent_seconds is 1000, its rows say " in said

    execute(database_url, "UPDATE course_counts SET enrollments = 9, rating_sum = 40")
    code, said, _ = run(database_url, tmp_path, "reconcile")
    assert code == 1
    assert "enrollments is 9, its enrollments say 1\n" in said
    assert "rating_sum is 40, its enrollments say 0\n" in said

    code, said, _ = run(database_url, tmp_path, "reconcile", "--fix")
    assert code == 1
    assert said.endswith("differences put right.\n")
    assert run(database_url, tmp_path, "reconcile") == (0, "0 differences.\n", "")


def test_a_second_admin_needs_force(database_url: str, tmp_path: Path) -> None:
    def make(*more: str, email: str) -> tuple[int, str, str]:
        name = ("--name", "Robin Root", "--password-stdin")
        return run(database_url, tmp_path, "create-admin", "--email", email, *name, *more, typed="violet kettle 41\n")

    code, said, _ = make(email="root@school.example")
    assert (code, said) == (0, "Robin Root <root@school.example> is an admin now.\n")
    code, said, complained = make(email="two@school.example")
    assert (code, said) == (1, "")
    assert len(complained.splitlines()) == 1
    assert "--force" in complained
    assert make("--force", email="two@school.example")[0] == 0
    assert execute(database_url, "SELECT email FROM users WHERE role = 'admin' ORDER BY email") == [
        "root@school.example",
        "two@school.example",
    ]


@pytest.mark.parametrize(
    ("email", "name", "password", "words"),
    [
        ("no address", "Robin Root", "violet kettle 41", ["email", "address"]),
        ("root@school.example", "R", "violet kettle 41", ["name", "2"]),
        ("root@school.example", "Robin Root", "sh0rt!", ["password", "8"]),
        ("root@school.example", "Robin Root", "password123", ["password: "]),
    ],
)
def test_what_is_wrong_is_said_without_the_password(
    tmp_path: Path, email: str, name: str, password: str, words: list[str]
) -> None:
    url = f"sqlite:///{tmp_path}/new.db"
    arguments = ("create-admin", "--email", email, "--name", name, "--password-stdin")
    code, said, complained = run(url, tmp_path, *arguments, typed=f"{password}\n")
    assert (code, said) == (1, "")
    assert len(complained.splitlines()) == 1
    assert all(word in complained for word in words)
    assert password not in complained


def test_migrate_says_whether_there_was_something_to_do(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/new.db"
    code, said, _ = run(url, tmp_path, "migrate")
    assert code == 0
    assert re.fullmatch(r"The database is now at \w+\.\n", said)
    assert run(url, tmp_path, "migrate") == (0, "The database was up to date.\n", "")


def test_two_migrations_at_once_are_one(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/new.db"
    racing = [start(url, tmp_path, "migrate") for _ in range(2)]
    assert [process.communicate(timeout=50)[1] for process in racing] == ["", ""]
    assert [process.returncode for process in racing] == [0, 0]


def test_the_demo_school_is_quick_and_built_once(database_url: str, tmp_path: Path) -> None:
    tables = ("users", "courses", "lessons", "enrollments", "lesson_progress", "quiz_attempts", "certificates")
    counts = [f"SELECT count(*) FROM {table}" for table in tables]  # noqa: S608 -- our own names.
    began = monotonic()
    assert run(database_url, tmp_path, "demo")[0] == 0
    assert monotonic() - began < DEMO_SECONDS
    before = [execute(database_url, count) for count in counts]
    assert all(found != [0] for found in before)
    assert run(database_url, tmp_path, "demo")[0] == 0
    assert [execute(database_url, count) for count in counts] == before
    assert run(database_url, tmp_path, "reconcile", "--invariants") == (0, "0 differences.\n0 broken invariants.\n", "")


@pytest.mark.parametrize("command", ["routes", "events"])
def test_a_reader_who_has_seen_enough_is_no_error(tmp_path: Path, command: str) -> None:
    with start(f"sqlite:///{tmp_path}/none.db", tmp_path, command) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == ""
    assert process.returncode == 141


async def test_dead_jobs_are_listed_and_tried_again(database_url: str, tmp_path: Path) -> None:
    async with open_world(database_url, tmp_path) as world:
        # A job of a name that nobody knows dies at once.
        async with world.runtime.database.write_session() as session:
            await world.runtime.jobs.put(SessionTransaction(session), ["nobody.knows_this"], {"user_id": "1"})
        await world.runtime.jobs.drain(raising=False)
    code, said, _ = run(database_url, tmp_path, "jobs")
    assert code == 1
    counts, dead = said.splitlines()
    assert counts == "0 ready, 0 running, 1 dead"
    assert "nobody.knows_this" in dead
    assert run(database_url, tmp_path, "jobs", "--requeue", "12345678-0000-7000-8000-000000000000")[0] == 1
    code, said, _ = run(database_url, tmp_path, "jobs", "--requeue", dead.split()[0])
    assert (code, said) == (0, "1 ready, 0 running, 0 dead\n")
    assert run(database_url, tmp_path, "jobs", "--drop", dead.split()[0])[:2] == (0, "0 ready, 0 running, 0 dead\n")
    code, _, why = run(database_url, tmp_path, "jobs", "--drop", dead.split()[0])
    assert (code, why) == (1, f"There is no job {dead.split()[0]} that is dead or waits.\n")
