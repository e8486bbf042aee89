"""A PostgreSQL that lets nobody in, for whichever reason, is 503; and what its address may look like."""

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Iterator

import psycopg
import pytest
from sqlalchemy import column, literal, select, text
from sqlalchemy.engine import URL, make_url

from studium.kit.base.config import SettingsError, load_settings
from studium.kit.base.postgres_address import postgres_address
from studium.kit.base.problems import Problem
from studium.kit.db import migrations as migrate
from studium.kit.db.database import Database
from studium.kit.db.errors import problem_from_db_error
from studium.kit.db.prepared import PreparedStatement
from studium.kit.db.prepared_postgres import PostgresReads
from studium.kit.db.servers import Servers

ONE = PreparedStatement(select(literal(1).label("one")))


@pytest.fixture
def lonely(migrated_postgres: str) -> Iterator[URL]:
    """An empty database, and a role that may log in there and do nothing else."""
    name, password = f"studium_test_{secrets.token_hex(8)}", secrets.token_hex(8)
    with psycopg.connect(migrated_postgres, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}".encode())
        connection.execute(f"CREATE ROLE {name} LOGIN PASSWORD '{password}'".encode())
        try:
            yield make_url(migrated_postgres).set(username=name, password=password, database=name)
        finally:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())
            connection.execute(f"DROP ROLE {name}".encode())


@pytest.mark.parametrize(
    "refusal",
    [
        "ALTER DATABASE {} ALLOW_CONNECTIONS false",
        "REVOKE CONNECT ON DATABASE {} FROM PUBLIC",
        "ALTER ROLE {} NOLOGIN",
        "ALTER ROLE {} CONNECTION LIMIT 0",
        "ALTER DATABASE {} RENAME TO {}_2",
    ],
)
async def test_whoever_is_not_let_in_hears_503(migrated_postgres: str, lonely: URL, refusal: str) -> None:
    name = lonely.database
    with psycopg.connect(migrated_postgres, autocommit=True) as connection:
        connection.execute(refusal.format(name, name).encode())
        database = Database(lonely.render_as_string(hide_password=False))
        try:
            statuses = {await status_of(ask, database) for ask in (by_session, by_statement, by_transaction)}
        finally:
            await database.close()
            if "RENAME" in refusal:
                connection.execute(f"ALTER DATABASE {name}_2 RENAME TO {name}".encode())
    assert statuses == {503}


async def by_session(database: Database) -> None:
    async with database.read_session() as session:
        await session.execute(text("SELECT 1"))


async def by_statement(database: Database) -> None:
    await database.reads.all(ONE)


async def by_transaction(database: Database) -> None:
    async with database.transaction() as transaction:
        await transaction.all(ONE)


async def status_of(ask: Callable[[Database], Awaitable[None]], database: Database) -> int:
    """What the application answers."""
    database.breaker.is_down = False
    try:
        await ask(database)
    except Exception as error:  # noqa: BLE001 -- whatever it raises.
        problem = error if isinstance(error, Problem) else problem_from_db_error(error)
        return 500 if problem is None else problem.status
    return 200


def test_a_role_that_may_make_no_tables_is_told_so(lonely: URL) -> None:
    address = lonely.render_as_string(hide_password=False)
    with pytest.raises(migrate.MigrationRefused, match=f"^The role in .*{lonely.database}.* may not make and change"):
        migrate.upgrade(address)


def test_a_database_that_is_read_only_is_told_of(lonely: URL) -> None:
    """As a standby is."""
    address = lonely.update_query_dict({"options": "-c default_transaction_read_only=on"})
    with pytest.raises(migrate.MigrationRefused, match="is read-only"):
        migrate.upgrade(address.render_as_string(hide_password=False))


async def test_connections_that_died_all_at_once_are_nobodys_loss(migrated_postgres: str) -> None:
    """However many of them wait for their next use."""
    database = Database(migrated_postgres)
    slow = PreparedStatement(text("SELECT pg_sleep(0.2), pg_backend_pid() AS pid").columns(column("x"), column("pid")))
    rows = await asyncio.gather(*(database.reads.one(slow) for _ in range(6)))
    pids = [row["pid"] for row in rows if row is not None]
    assert len({*pids}) == 6
    with psycopg.connect(migrated_postgres, autocommit=True) as other:
        other.execute("SELECT pg_terminate_backend(pid) FROM unnest(%s::int[]) AS pid", (pids,))
        await until_gone(database)
    assert await database.reads.one(ONE) is not None
    await database.close()


async def until_gone(database: Database) -> None:
    """Wait until the pool has heard that each of its connections is closed."""
    assert isinstance(database.reads, PostgresReads)
    async with asyncio.timeout(10):
        while any(holder.is_connected() for holder in database.reads._pool._holders):
            await asyncio.sleep(0.01)


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("u:p@one:1/db", "u:p@one:1/db"),
        ("/db?host=/run/postgresql", "/db?host=/run/postgresql"),
        ("u:p%40@one:1,two:2/db", "u:p%40@/db?host=one%2Ctwo&port=1%2C2&target_session_attrs=read-write"),
        ("one,two/db", "/db?host=one%2Ctwo&port=5432%2C5432&target_session_attrs=read-write"),
        ("u@[::1]:1,[::2]/db", "u@/db?host=%3A%3A1%2C%3A%3A2&port=1%2C5432&target_session_attrs=read-write"),
        (
            "u@/db?host=one,two&target_session_attrs=primary",
            "u@/db?host=one%2Ctwo&target_session_attrs=primary&port=5432%2C5432",
        ),
    ],
)
def test_several_hosts_have_one_form_for_all_drivers(typed: str, read: str) -> None:
    found = postgres_address(f"postgresql://{typed}")
    assert found == f"postgresql://{read}" == postgres_address(found)


async def test_of_several_hosts_the_one_that_takes_writes_is_found(migrated_postgres: str) -> None:
    """Behind one that nobody listens at."""
    address = make_url(migrated_postgres)
    account = f"{address.username}:{address.password}" if address.password else address.username
    several = f"postgresql://{account}@127.0.0.1:9,{address.host}:{address.port or 5432}/{address.database}"
    servers = Servers(load_settings(database_url=several, _env_file=None).database_url)
    connection = await servers.connect(timeout=3)
    assert await connection.fetchval("SELECT current_database()") == address.database
    found = make_url(await servers.address())
    assert (found.host, found.port) == (address.host, address.port or 5432)
    connection.terminate()
    await servers.close()
    assert migrate.current(load_settings(database_url=several, _env_file=None).database_url) == migrate.head()


@pytest.mark.parametrize("name", ["database_url", "database_direct_url"])
@pytest.mark.parametrize(
    "wrong", ["one:1,:2/db", "one:x,two:2/db", "one:1,two:2/db?target_session_attrs=any", "/db?host=a,b,c&port=1,2"]
)
def test_a_wrong_address_of_several_is_refused_by_name(name: str, wrong: str) -> None:
    with pytest.raises(SettingsError, match=f"STUDIUM_{name.upper()}"):
        load_settings(_env_file=None, **{name: f"postgresql://{wrong}"})
