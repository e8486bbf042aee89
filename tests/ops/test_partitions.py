"""`ops/partitions.sql` on a school that has rows: nothing is lost, the API works on, and statements touch one part."""

import json
import re
import shutil
import subprocess
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import asyncpg
import psycopg
import pytest
from sqlalchemy.engine import make_url

from studium.entrypoints.operations.reconcile import broken_invariants, reconcile
from studium.kit.base.ids import new_id
from studium.kit.db import migrations as migrate
from studium.kit.db import servers
from studium.kit.db.postgres import connect
from tests import test_thread
from tests.answers import ok
from tests.databases import SERVER, empty
from tests.enrollments import test_complete_once, test_time
from tests.quizzes import test_attempts, test_grading, test_regrade
from tests.quizzes.helpers import ESSAY, TRUTH, attempts, new_quiz, start
from tests.servers import lacking
from tests.world import World, open_world

ROOT = Path(__file__).parents[2]
RECIPE = ROOT / "ops" / "partitions.sql"
TABLES = ("lesson_progress", "quiz_attempts")
PARTS = 16
STATEMENTS = 8
SCALING = ROOT / "docs" / "scaling.md"
POINTING = ("grade_changes", "regrade_entries")
_PART = re.compile(r"(lesson_progress|quiz_attempts)_p\d+")
_ROWS = "SELECT (to_jsonb(each) - 'enrollment_id')::text AS row FROM {table} each ORDER BY row"
JOURNEYS = [
    test_thread.test_from_registration_to_a_verified_certificate,
    test_complete_once.test_a_completion_is_replayed_under_its_key,
    test_time.test_open_tabs_share_one_clock,
    test_attempts.test_saved_answers_are_there_again_and_sent_ones_take_their_place,
    test_attempts.test_the_summary_says_what_is_left_and_what_is_best,
    test_grading.test_marks_by_hand_with_history,
    test_regrade.test_the_present_key_applies,
]


@pytest.fixture(scope="module")
async def partitioned(migrated_postgres: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[str]:
    """A database of its own, where the recipe ran beside the rows of a school."""
    name = f"studium_test_{new_id().hex}"
    url = make_url(migrated_postgres).set(database=name).render_as_string(hide_password=False)
    with psycopg.connect(SERVER, autocommit=True) as server:
        server.execute(f"CREATE DATABASE {name}".encode())
        migrate.upgrade(url)
        async with open_world(url, tmp_path_factory.mktemp("school")) as world:
            await test_grading.test_marks_by_hand_with_history(world)
            await test_regrade.regrade(world)
            ok(await world.call("sam", "POST", "/enrollments/{E1}/lessons/{L1}/complete"))
            await world.jobs()
        before = rows(url)
        assert all(before[table] for table in (*TABLES, *POINTING))
        run(url)
        assert rows(url) == before
        assert await faults(world) == []
        yield url
        server.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())


@pytest.fixture
async def world(partitioned: str, tmp_path: Path) -> AsyncIterator[World]:
    empty(partitioned)
    async with open_world(partitioned, tmp_path) as opened:
        yield opened


def run(url: str) -> None:
    """As the document says."""
    (command,) = re.findall(r"^psql (.+) -f ops/partitions.sql ", SCALING.read_text(), re.MULTILINE)
    psql = next(map(str, Path("/usr/lib/postgresql").glob("*/bin/psql")), None) or shutil.which("psql")
    if psql is None:
        lacking("psql is not installed")
    done = subprocess.run([psql, *command.split(), "-f", RECIPE, url], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def rows(url: str) -> dict[str, list[str]]:
    """The rows of the tables, without the column that is new."""
    with psycopg.connect(url) as connection:
        return {
            table: [row for (row,) in connection.execute(_ROWS.format(table=table).encode()).fetchall()]
            for table in (*TABLES, *POINTING)
        }


async def faults(world: World) -> list[Any]:
    """What counters, tallies, sums and invariants say; the tests add lessons of quizzes without counting them."""
    settings = world.runtime.settings
    drifted, lost = await reconcile(settings, fix=False)
    drifted_else = [each for each in drifted if getattr(each, "counter", "") != "total_lessons_count"]
    return [*drifted_else, *lost, *await broken_invariants(settings)]


async def test_both_tables_have_sixteen_parts(partitioned: str) -> None:
    parts = "SELECT count(*) FROM pg_inherits WHERE inhparent = %s::regclass"
    with psycopg.connect(partitioned) as connection:
        assert [connection.execute(parts, (table,)).fetchone() for table in TABLES] == [(PARTS,), (PARTS,)]


@pytest.mark.parametrize("journey", JOURNEYS)
async def test_the_api_works_on(world: World, journey: Callable[[World], Awaitable[None]]) -> None:
    await journey(world)
    await world.jobs()
    assert await faults(world) == []


async def test_an_attempt_that_is_deleted_takes_its_history_along(world: World) -> None:
    await test_grading.test_marks_by_hand_with_history(world)
    with psycopg.connect(world.runtime.settings.database_url) as connection:
        connection.execute("DELETE FROM quiz_attempts")
        assert connection.execute("SELECT count(*) FROM grade_changes").fetchone() == (0,)
        with pytest.raises(psycopg.errors.ForeignKeyViolation):
            connection.execute(
                "INSERT INTO grade_changes (id, attempt_id) VALUES (gen_random_uuid(), gen_random_uuid())"
            )


async def test_what_learners_do_touches_one_part(
    partitioned: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """But for the UPDATE of an attempt by the ORM, which names it by its id alone."""
    asked: dict[str, tuple[object, ...]] = {}

    async def watched(*where: object, **options: object) -> Any:  # noqa: ANN401 -- asyncpg is untyped.
        connection = await connect(*where, **options)
        connection.add_query_logger(lambda query: asked.setdefault(query.query, query.args))
        return connection

    monkeypatch.setattr(servers, "connect", watched)
    empty(partitioned)
    async with open_world(partitioned, tmp_path) as world:
        await new_quiz(world, TRUTH, ESSAY, max_attempts=3)
        asked.clear()
        await what_learners_do(world)
    about = {query: args for query, args in asked.items() if any(table in query for table in TABLES)}
    everywhere = {query for query, args in about.items() if len(await parts_read(partitioned, query, args)) > 1}
    assert len(about) >= STATEMENTS
    assert {query for query in everywhere if not query.startswith("UPDATE quiz_attempts")} == set()


async def what_learners_do(world: World) -> None:
    for lesson in ("L1", "L2"):
        path = f"/enrollments/{{E1}}/lessons/{{{lesson}}}"
        ok(await world.call("sam", "PATCH", f"{path}/progress", json={"time_spent_seconds": 20}))
        ok(await world.call("sam", "POST", f"{path}/complete"))
    path = f"{attempts()}/{(await start(world))['id']}"
    ok(await world.call("sam", "PATCH", path, json={"answers": []}))
    ok(await world.call("sam", "GET", path))
    ok(await world.call("sam", "POST", f"{path}/submit"))
    for read in (path, attempts(), "/enrollments/{E1}", "/courses/{C1}/lessons"):
        ok(await world.call("sam", "GET", read))


async def parts_read(url: str, query: str, args: tuple[object, ...]) -> set[str]:
    """The parts that a statement reads, or where it writes those that its plan would read whichever its values are."""
    connection = await asyncpg.connect(url, statement_cache_size=0)
    try:
        if query.startswith("SELECT"):
            plan = await connection.fetchval(f"EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) {query}", *args)
        else:
            await connection.execute(f"SET plan_cache_mode = force_generic_plan; PREPARE asked AS {query}")
            nothing = ", ".join(["NULL"] * len(args))
            plan = await connection.fetchval(f"EXPLAIN (FORMAT JSON) EXECUTE asked({nothing})")
    finally:
        await connection.close()
    return {*scanned(json.loads(plan)[0]["Plan"])}


def scanned(plan: dict[str, Any]) -> Iterator[str]:
    """The parts of a table that a plan scans; one that was never executed is none of them."""
    name = str(plan.get("Relation Name", ""))
    if _PART.fullmatch(name) and plan["Node Type"] != "ModifyTable" and plan.get("Actual Loops", 1):
        yield name
    for below in plan.get("Plans", ()):
        yield from scanned(below)
