"""A school that moves from SQLite to PostgreSQL: everything arrives as it was, or nothing does."""

import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path

import httpx2
import psycopg
import pytest
from psycopg.sql import SQL, Identifier
from sqlalchemy import func, select

from studium.app import create_app
from studium.entrypoints.operations.moving.marker import NotHere, refuse_while_moving
from studium.entrypoints.operations.moving.move import differences
from studium.entrypoints.operations.moving.source import FAULTS_SHOWN, MoveError, held
from studium.kit.base.clock import frozen
from studium.kit.base.config import Settings
from studium.kit.db.tables import Base
from studium.kit.jobs.registry import MAX_DEATHS
from studium.kit.runtime import Runtime, open_runtime
from studium.models import Role, User, UserWords
from tests.cli.test_commands import run
from tests.moving.conftest import JOBS, NOW, Old, rows_in
from tests.policy.test_authorization import CALLERS, rows
from tests.world import NUMBER


@asynccontextmanager
async def client_of(settings: Settings) -> AsyncIterator[httpx2.AsyncClient]:
    app = create_app(settings)
    async with app.router.lifespan_context(app):
        transport = httpx2.ASGITransport(app=app)
        async with httpx2.AsyncClient(transport=transport, base_url="http://test/api/v1") as client:
            yield client


def moved(settings: Settings, to: str) -> Settings:
    return settings.model_copy(update={"database_url": to})


async def answers_of(client: httpx2.AsyncClient, old: Old) -> dict[str, tuple[int, bytes, str | None]]:
    """What each caller gets from each GET of the table of permissions, the record of refusals first.

    The machinery is left out: it is another one afterwards.
    """
    found = {}
    reads = [row for row in rows() if row["method"] == "GET" and row["path"] != "/system"]
    reads = sorted(reads, key=lambda row: "audit" not in row["path"])
    for row in reads:
        for who in sorted(CALLERS, key=lambda who: who != "root"):
            headers = {"X-Request-ID": "0" * 32}
            if who != "anonymous":
                headers["Authorization"] = f"Bearer {old.tokens[who]}"
            answer = await client.get(row["path"].format(**old.ids, NUMBER=NUMBER), headers=headers)
            name = f"{row['row']} {row['path']} by {who}"
            found[name] = answer.status_code, answer.content, answer.headers.get("etag")
    return found


async def test_every_answer_is_the_same_afterwards_and_a_session_goes_on(old: Old, target: str) -> None:
    aside = old.path.read_bytes()
    with frozen(NOW):
        async with client_of(old.settings) as client:
            before = await answers_of(client, old)
        # Reading leaves traces, too, such as in the record: both sides begin from the same rows.
        old.path.write_bytes(aside)
        old.move(target)
        async with client_of(moved(old.settings, target)) as client:
            after = await answers_of(client, old)
            assert (await client.post("/auth/refresh", json={"refresh_token": old.refresh})).status_code == 200
    assert sum(status == 200 for status, _, _ in before.values()) > 150
    assert {name: (answer, after[name]) for name, answer in before.items() if after[name] != answer} == {}


def digest_of(path: Path) -> list[str]:
    """Every statement that makes the file's rows."""
    with closing(sqlite3.connect(path)) as connection:
        return [line for line in connection.iterdump() if line.startswith("INSERT")]


def put_aside(folder: Path) -> list[Path]:
    return list(folder.glob("studium.db.moved-*"))


async def test_the_file_is_put_aside_untouched_and_nobody_goes_on_with_it(
    old: Old, empty_target: str, tmp_path: Path
) -> None:
    kept = digest_of(old.path)
    code, said, _ = run(old.settings.database_url, tmp_path, "move", "--to", empty_target)
    assert code == 0, said
    (aside,) = put_aside(tmp_path)
    assert f"The file is {aside} now." in said
    assert digest_of(aside) == kept
    assert not old.path.exists()

    for command in ("serve", "worker", "migrate", "jobs"):
        code, _, complained = run(old.settings.database_url, tmp_path, command)
        assert (code, len(complained.splitlines())) == (1, 1)
        assert "was moved to postgresql://" in complained
    assert not old.path.exists()
    with pytest.raises(NotHere, match="was moved to"):
        old.move(empty_target)
    # The way back is one setting.
    assert run(f"sqlite:///{aside}", tmp_path, "reconcile")[0] == 0


async def test_waiting_jobs_wait_for_procrastinate(old: Old, target: str) -> None:
    with frozen(NOW):
        old.move(target)
    with psycopg.connect(target) as connection:
        found = connection.execute(
            "SELECT args, task_name, queue_name, lock, status::text, attempts, scheduled_at, at, coalesce(deaths, 0)"
            " FROM procrastinate_jobs job JOIN procrastinate_events event ON event.job_id = job.id"
            " LEFT JOIN job_deaths ON job_deaths.job_id = job.id::text ORDER BY job.id"
        ).fetchall()
        ours = [row for row in found if row[1] in ("moving.work", "courses.run_import")]
        assert len(found) > len(ours)
        # A new one comes after them.
        kind = "procrastinate_job_to_defer_v1"
        put = f"SELECT procrastinate_defer_jobs_v1(ARRAY[ROW('default', 'x', 0, NULL, NULL, '{{}}', NULL)::{kind}])"
        assert connection.execute(put.encode()).fetchone() == ([len(found) + 1],)
    by_id = sorted(JOBS.items(), key=lambda item: item[1].id)
    for (name, job), row in zip(by_id, ours, strict=True):
        assert row[:4] == (job.payload, job.name, job.queue, job.lock), name
        assert row[4] == ("failed" if name in ("dead", "deadly") else "todo"), name
        assert row[5] == (job.tries or 0), name
        assert row[6] == (job.run_at if name == "later" else None), name
        assert row[7] == job.created_at, name
        assert row[8] == {"orphaned": 1, "deadly": MAX_DEATHS}.get(name, 0), name


async def test_numbers_go_on_and_what_triggers_count_is_counted_once(old: Old, target: str) -> None:
    old.move(target)
    assert await differences(old.settings, target) == []
    with psycopg.connect(target) as connection:
        for table in ("user_words", "tally_deltas", "course_words", "file_references"):
            last = connection.execute(SQL("SELECT max(id) FROM {}").format(Identifier(table))).fetchone()
            following = connection.execute("SELECT nextval(pg_get_serial_sequence(%s, 'id'))", (table,)).fetchone()
            assert last is not None
            assert following is not None
            # Of a table without rows the sequence stays where earlier tests have left it.
            assert following == (last[0] + 1,) if last[0] else following[0] >= 1, table
    async with open_runtime(moved(old.settings, target)) as runtime:
        async with runtime.database.write_session() as session:
            session.add(User(email="zoe@school.example", full_name="Zoe", role=Role.STUDENT, password_hash="x"))
        async with runtime.database.read_session() as session:
            before = await session.scalar(select(func.count()).select_from(UserWords))
        assert before == await _count(runtime, User)
    assert await differences(old.settings, target) == []


async def _count(runtime: Runtime, table: type[Base]) -> int:
    async with runtime.database.read_session() as session:
        return int(await session.scalar(select(func.count()).select_from(table)) or 0)


SAM = "UPDATE users SET {} WHERE email = 'sam@school.example'"
BAD = {
    SAM.format("full_name = 'a' || char(0) || 'b'"): "users {sam}: full_name has a NUL character",
    SAM.format("full_name = CAST(x'61eda080' AS text)"): (
        "users {sam}: full_name has half a surrogate pair or other bytes that are no UTF-8"
    ),
    SAM.replace("{}", r"""metadata = '{"a": ["\u0000"]}'"""): "users {sam}: metadata has a NUL character",
    SAM.replace("{}", r"""metadata = '{"\ud800": 1}'"""): (
        "users {sam}: metadata has half a surrogate pair or other bytes that are no UTF-8"
    ),
    SAM.replace("{}", """metadata = '{"a": NaN}'"""): "users {sam}: metadata has NaN, which is no number of JSON",
    SAM.replace("{}", "metadata = '{'"): "users {sam}: metadata is no JSON",
    SAM.format("email = 'É@school.example'"): "users {sam}: email is not in lower case",
    SAM.format("full_name = printf('%.*c', 300, 'x')"): "users {sam}: full_name has 300 characters; 255 are allowed",
    SAM.format("created_at = 'yesterday'"): "users {sam}: created_at is no time",
    SAM.format("is_active = 7"): "users {sam}: is_active is neither 0 nor 1",
    "UPDATE lessons SET duration_minutes = 9999999999 WHERE slug = 'lesson-l1'": (
        "lessons {L1}: duration_minutes is no whole number of 32 bits"
    ),
    "UPDATE enrollments SET review = x'00', rating = 1 WHERE status = 'completed'": (
        "enrollments {E3}: review is no text"
    ),
    "UPDATE quizzes SET passing_score = 'half' WHERE title = 'Quiz'": (
        "quizzes {Q1}: passing_score is no number below 1000"
    ),
    "UPDATE lessons SET course_id = '00000000000000000000000000000001' WHERE slug = 'lesson-m1'": (
        "lessons {M1}: course_id points at a row of courses that is not there"
    ),
    "UPDATE sessions SET user_id = 'X' WHERE user_id = '{sam}'": (
        "sessions {SESSION}: user_id is no id of 32 small hexadecimal digits"
    ),
}


def spoil(old: Old, statement: str) -> dict[str, str]:
    """Write what the application would not; returns the names of rows as the file has them."""
    ids = {name: value.hex for name, value in old.ids.items()}
    with closing(sqlite3.connect(old.path)) as connection, connection:
        (ids["SESSION"],) = connection.execute("SELECT id FROM sessions WHERE user_id = ?", (ids["sam"],)).fetchone()
        connection.execute("PRAGMA ignore_check_constraints = ON")
        connection.execute(statement.replace("{sam}", ids["sam"]))
    return ids


async def test_values_that_would_be_refused_are_named_with_their_place(old: Old, target: str) -> None:
    aside = old.path.read_bytes()
    for statement, fault in BAD.items():
        old.path.write_bytes(aside)
        ids = spoil(old, statement)
        report = old.move(target)
        assert str(report.faults.first[0]) == fault.format(**ids), statement
        assert old.path.exists()
        assert not old.marker.exists()
    assert rows_in(target) == 0


async def test_of_many_bad_values_the_first_are_named_and_the_rest_counted(
    old: Old, target: str, tmp_path: Path
) -> None:
    for number in range(FAULTS_SHOWN + 5):
        spoil(old, f"INSERT INTO job_receipts (job_id, done_at) VALUES ('{number}' || char(0), '2026-01-01')")  # noqa: S608 -- a number.
    code, said, _ = run(old.settings.database_url, tmp_path, "move", "--to", target, "--dry-run")
    assert code == 1
    assert len(said.splitlines()) == FAULTS_SHOWN + 1
    assert said.endswith("and 5 more; PostgreSQL would refuse these values: nothing was moved.\n")


async def test_a_dry_run_says_what_would_be_moved_and_changes_nothing(
    old: Old, empty_target: str, tmp_path: Path
) -> None:
    kept = digest_of(old.path)
    code, said, _ = run(old.settings.database_url, tmp_path, "move", "--to", empty_target, "--dry-run")
    assert code == 0
    assert f"would go to {empty_target}, which is empty" in said
    assert digest_of(old.path) == kept
    assert not old.marker.exists()
    with psycopg.connect(empty_target) as connection:
        assert connection.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'").fetchone() == (0,)


async def test_a_target_with_rows_is_refused(old: Old, target: str) -> None:
    with psycopg.connect(target) as connection:
        connection.execute("INSERT INTO job_receipts VALUES ('7', now())")
    for dry_run in (True, False):
        with pytest.raises(MoveError, match="in job_receipts"):
            old.move(target, dry_run=dry_run)
    assert old.path.exists()
    assert not old.marker.exists()
    assert rows_in(target) == 1


@pytest.mark.parametrize(
    ("to", "words"),
    [
        ("sqlite:///elsewhere.db", "postgresql://"),
        ("postgresql://nobody:secret@127.0.0.1:9/none", "cannot be reached"),
    ],
)
async def test_a_wrong_target_is_one_sentence(old: Old, tmp_path: Path, to: str, words: str) -> None:
    code, _, complained = run(old.settings.database_url, tmp_path, "move", "--to", to)
    assert (code, words in complained.strip().splitlines()[-1], "secret" in complained) == (1, True, False)
    assert not old.marker.exists()


async def test_a_school_that_is_open_stays(old: Old, target: str) -> None:
    async with open_runtime(old.settings) as runtime:
        await runtime.database.ping()
        with pytest.raises(MoveError, match="is in use"):
            old.move(target)
    assert not old.marker.exists()
    assert rows_in(target) == 0


async def test_nobody_uses_a_school_that_is_being_moved(old: Old, tmp_path: Path) -> None:
    with held(old.path, "postgresql://there/school"):
        for command in ("serve", "worker", "migrate"):
            code, _, complained = run(old.settings.database_url, tmp_path, command)
            assert (code, len(complained.splitlines())) == (1, 1)
            assert "is being moved to postgresql://there/school" in complained
        with pytest.raises(MoveError, match="is in use"), held(old.path, "postgresql://there/school"):
            pass
    old.marker.write_text("postgresql://there/school\n")
    refuse_while_moving(old.settings)
    assert not old.marker.exists()


async def test_postgres_has_nothing_to_move(old: Old, target: str) -> None:
    with pytest.raises(MoveError, match="nothing to move"):
        Old(moved(old.settings, target), old.ids, old.tokens).move(target)
