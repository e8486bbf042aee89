"""The school behind a real PgBouncer in transaction mode, which has three connections to the server for all."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import psycopg
import pytest
import structlog
from sqlalchemy import column, text

from studium.kit.base.config import load_settings
from studium.kit.db.prepared import PreparedStatement
from studium.kit.db.servers import is_behind_pooler
from studium.kit.jobs import postgres as jobs_postgres
from studium.kit.jobs.registry import Periodic
from studium.kit.runtime import open_runtime
from tests import test_thread
from tests.databases import empty
from tests.policy import test_authorization as authorization
from tests.policy.test_authorization import Cell, cells
from tests.servers import pgbouncer_server
from tests.world import World, open_world

CONNECTIONS = 3
AT_ONCE = 30
EACH = 10
PART = 15
"""Every so manieth part of the table of permissions is looked at in each run, all of it in the slow one."""


@pytest.fixture(scope="module")
def pooler(migrated_postgres: str) -> Iterator[str]:
    with pgbouncer_server(migrated_postgres, connections=CONNECTIONS) as url:
        yield url


@pytest.fixture
async def pooled(pooler: str, migrated_postgres: str, tmp_path: Path) -> AsyncIterator[World]:
    """The school of the tests, whose server goes through the pooler."""
    empty(migrated_postgres)
    async with open_world(pooler, tmp_path, database_direct_url=migrated_postgres) as world:
        assert world.runtime.database.is_pooled
        yield world


async def test_a_pooler_is_recognised_by_the_process_it_makes_up(pooler: str, migrated_postgres: str) -> None:
    assert await is_behind_pooler(pooler)
    assert not await is_behind_pooler(migrated_postgres)
    assert await is_behind_pooler("postgresql://nobody@127.0.0.1:9/none")


async def test_no_transaction_is_lost_or_another_ones(pooled: World) -> None:
    """Many at once, as sessions and as prepared statements: each sees its own values, within bounds of its own."""
    database = pooled.runtime.database
    statements = [
        PreparedStatement(text(f"SELECT CAST(:value AS integer) + {number} AS found").columns(column("found")))
        for number in range(EACH)
    ]

    async def one(number: int) -> None:
        for place, statement in enumerate(statements):
            row = await database.reads.one(statement, value=number)
            assert row is not None
            assert row["found"] == number + place
            async with database.transaction() as transaction:
                row = await transaction.first(statement, value=-number)
                assert row is not None
                assert row["found"] == place - number
            async with database.write_session() as session:
                same = text(f"SELECT CAST(:value AS integer) * {place}, current_setting('lock_timeout')")
                assert (await session.execute(same, {"value": number})).one() == (number * place, "3s")

    await asyncio.gather(*(one(number) for number in range(AT_ONCE)))


async def test_the_thread_from_registration_to_certificate(pooled: World) -> None:
    await test_thread.test_from_registration_to_a_verified_certificate(pooled)


@pytest.mark.parametrize("sharing", cells()[::PART])
async def test_callers_get_what_the_table_says(pooled: World, sharing: list[Cell]) -> None:
    await authorization.test_each_caller_gets_what_the_table_says(pooled, sharing)


@pytest.mark.slow
@pytest.mark.parametrize("sharing", cells())
async def test_every_caller_gets_what_the_table_says(pooled: World, sharing: list[Cell]) -> None:
    await authorization.test_each_caller_gets_what_the_table_says(pooled, sharing)


@pytest.mark.parametrize("is_direct", [True, False])
async def test_a_start_says_where_nobody_hears_of_new_jobs(
    pooler: str, migrated_postgres: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, is_direct: bool
) -> None:
    """Jobs are worked off in any case."""
    monkeypatch.setattr(jobs_postgres, "_HEARING_SECONDS", 3.0 if is_direct else 0.5)
    direct = {"database_direct_url": migrated_postgres} if is_direct else {}
    settings = load_settings(database_url=pooler, data_dir=tmp_path, _env_file=None, **direct)
    async with open_runtime(settings) as runtime:
        assert isinstance(runtime.jobs, jobs_postgres.PostgresJobs)
        with structlog.testing.capture_logs() as said:
            await runtime.jobs._probe_listen()
    sentences = [line["event"] for line in said if "LISTEN" in line["event"]]
    assert len(sentences) == (0 if is_direct else 1)
    assert all("STUDIUM_DATABASE_DIRECT_URL" in sentence for sentence in sentences)


async def test_without_a_direct_address_jobs_and_periodic_work_are_done(pooled: World) -> None:
    person = {"email": "new@school.example", "full_name": "New Person", "password": "orange bicycle 12"}
    assert (await pooled.call(None, "POST", "/auth/register", json=person)).status_code == 201
    done: list[int] = []
    sweep = Periodic("tests.sweep", lambda _: _note(done), lambda _: 60.0)
    settings = pooled.runtime.settings.model_copy(update={"database_direct_url": ""})
    async with open_runtime(settings) as runtime:
        await runtime.jobs.drain()
        assert await runtime.jobs.pending() == {"ready": 0, "running": 0, "dead": 0}
        # No lock of the one before is left with the pooler.
        for _ in range(2 * CONNECTIONS):
            await runtime.jobs.sweep_once(sweep)
    assert len(done) == 2 * CONNECTIONS
    assert any("new@school.example" in mail for mail in pooled.mails())


async def _note(done: list[int]) -> None:
    done.append(len(done))


async def test_prepared_statements_can_be_turned_off(migrated_postgres: str, tmp_path: Path) -> None:
    settings = load_settings(database_url=migrated_postgres, data_dir=tmp_path, _env_file=None, database_prepared="off")
    async with open_runtime(settings) as runtime:
        assert runtime.database.is_pooled
        async with runtime.database.read_session() as session:
            for _ in range(3):
                await session.execute(text("SELECT 7"))
            assert await session.scalar(text("SELECT count(*) FROM pg_prepared_statements WHERE name <> ''")) == 0


def test_the_pooler_has_its_defaults(pooler: str) -> None:
    """What the tests show holds for Debian's own settings: no option is let through."""
    with pytest.raises(psycopg.OperationalError, match="unsupported startup parameter"):
        psycopg.connect(f"{pooler}?options=-c%20lock_timeout%3D1")
