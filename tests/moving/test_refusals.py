"""Targets that `studium move` refuses: in one sentence, without a secret, and before anything is changed."""

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg.sql import SQL, Identifier
from sqlalchemy.engine import make_url

from studium.entrypoints.operations.moving.marker import NotHere, refuse_while_moving
from studium.entrypoints.operations.moving.source import MoveError, Source
from studium.kit.base.ids import new_id
from studium.kit.db.addresses import shown
from tests.cli.test_commands import run
from tests.databases import SERVER
from tests.moving.conftest import Old, rows_in
from tests.servers import pgbouncer_server


@pytest.fixture
def role() -> Iterator[str]:
    """A role that owns nothing."""
    name = f"studium_role_{new_id().hex}"
    with psycopg.connect(SERVER, autocommit=True) as server:
        server.execute(SQL("CREATE ROLE {} LOGIN").format(Identifier(name)))
        yield name
        server.execute(SQL("DROP ROLE {}").format(Identifier(name)))


def refuses(old: Old, to: str, words: str) -> None:
    """Both a dry run and a move say so, and leave the source as it was."""
    for dry_run in (True, False):
        with pytest.raises(MoveError, match=words) as raised:
            old.move(to, dry_run=dry_run)
        assert len(str(raised.value).splitlines()) == 1
        assert "SELECT" not in str(raised.value)
    assert old.path.exists()
    assert not old.marker.exists()


FOREIGN = "that this version of Studium did not make"
OTHERS = {
    "an empty table": ("CREATE TABLE users (id integer)", rf"{FOREIGN} \(such as users\)"),
    "a view": ("CREATE VIEW courses AS SELECT 1 AS id", rf"{FOREIGN} \(such as courses\)"),
    "rows": ("CREATE TABLE notes AS SELECT 1 AS id", rf"{FOREIGN} \(such as notes\)"),
    "migrations of its own": (
        "CREATE TABLE alembic_version AS SELECT 'abcdef' AS version_num",
        rf"{FOREIGN} \(such as alembic_version\)",
    ),
    "read-only": ("ALTER DATABASE {} SET default_transaction_read_only = on", "is read-only"),
}


@pytest.mark.parametrize("case", OTHERS)
async def test_a_database_of_others_is_refused(old: Old, empty_target: str, case: str) -> None:
    statement, words = OTHERS[case]
    with psycopg.connect(empty_target, autocommit=True) as connection:
        connection.execute(SQL(statement).format(Identifier(make_url(empty_target).database or "")))
    refuses(old, empty_target, words)


async def test_tables_beside_the_own_ones_are_refused(old: Old, target: str) -> None:
    with psycopg.connect(target) as connection:
        connection.execute("CREATE TABLE notes (id integer)")
    try:
        refuses(old, target, rf"{FOREIGN} \(such as notes\)")
    finally:
        with psycopg.connect(target) as connection:
            connection.execute("DROP TABLE notes")
    assert rows_in(target) == 0


async def test_a_role_that_may_not_make_tables_is_refused(old: Old, empty_target: str, role: str) -> None:
    to = make_url(empty_target).set(username=role).render_as_string(hide_password=False)
    refuses(old, to, "may not make and change tables")


async def test_a_role_that_does_not_own_the_tables_is_refused(old: Old, target: str, role: str) -> None:
    with psycopg.connect(target) as connection:
        connection.execute(SQL("GRANT CREATE ON SCHEMA public TO {0}").format(Identifier(role)))
        connection.execute(SQL("GRANT SELECT ON alembic_version TO {0}").format(Identifier(role)))
    try:
        to = make_url(target).set(username=role).render_as_string(hide_password=False)
        refuses(old, to, "may not make and change tables")
    finally:
        with psycopg.connect(target) as connection:
            connection.execute(SQL("DROP OWNED BY {}").format(Identifier(role)))


async def test_a_pooler_is_refused(old: Old, target: str) -> None:
    with pgbouncer_server(target, connections=2) as pooler:
        refuses(old, pooler, "pooler such as PgBouncer")


async def test_what_a_migration_stumbles_over_is_one_sentence(old: Old, empty_target: str) -> None:
    with psycopg.connect(empty_target) as connection:
        connection.execute("CREATE TYPE users AS (id integer)")
    with pytest.raises(MoveError, match="refused something, and nothing was moved") as raised:
        old.move(empty_target)
    assert "CREATE TABLE" not in str(raised.value)
    assert not old.marker.exists()


BAD = [
    "postgresql://u@h:notaport",
    "postgresql://u:TOPSECRET/x",
    "postgresql://u:p@TOPSECRET@h/x",
    "postgresql+asyncpg://u:TOPSECRET@h/x",
    "TOPSECRET",
    "postgresql://127.0.0.1:9/x?unknown=TOPSECRET",
]


@pytest.mark.parametrize("to", BAD)
async def test_what_is_no_address_is_refused_and_not_shown(old: Old, to: str) -> None:
    with pytest.raises(MoveError) as raised:
        old.move(to)
    assert len(str(raised.value).splitlines()) == 1
    assert "TOPSECRET" not in str(raised.value)
    assert not old.marker.exists()


async def test_an_option_that_the_server_could_not_use_is_named(old: Old, target: str) -> None:
    address = make_url(target).update_query_dict({"sslmode": "prefer"}).render_as_string(hide_password=False)
    with pytest.raises(MoveError, match="options that the server cannot use: sslmode"):
        old.move(address)
    assert not old.marker.exists()


@pytest.mark.parametrize("to", [BAD[0], f"postgresql://u:TOPSECRET@{'h' * 70}.example/x"])
async def test_a_command_ends_in_one_sentence(old: Old, tmp_path: Path, to: str) -> None:
    code, said, complained = run(old.settings.database_url, tmp_path, "move", "--to", to)
    assert (code, said.strip()) == (1, "")
    assert "Traceback" not in complained
    assert "TOPSECRET" not in complained
    assert "--to" in complained.strip().splitlines()[-1]


SECRETS = "password=TOPSECRET&sslpassword=TOPSECRET&options=-cx%3DTOPSECRET&passfile=TOPSECRET"


def test_secrets_in_a_query_are_not_shown() -> None:
    address = make_url(f"postgresql://u:TOPSECRET@h/x?user=me&sslmode=require&{SECRETS}")
    text = shown(address)
    assert "TOPSECRET" not in text
    assert "user=me" in text
    assert "sslmode=require" in text


async def test_secrets_in_a_query_are_in_no_report_and_no_marker(
    old: Old, target: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = make_url(target)
    query = {"user": str(address.username), "password": "TOPSECRET"}
    to = address.set(username=None, query=query).render_as_string(hide_password=False)
    marked = []
    check = Source.check_references

    def noting(source: Source, *rest: object) -> None:
        marked.append(old.marker.read_text())
        check(source, *rest)  # type: ignore[arg-type]  # As it came.

    monkeypatch.setattr(Source, "check_references", noting)
    report = old.move(to)
    marked.append(old.marker.read_text())
    with pytest.raises(NotHere, match="was moved to") as raised:
        refuse_while_moving(old.settings)
    assert len(marked) == 2
    for text in (report.target, str(raised.value), *marked):
        assert "user=" in text
        assert "TOPSECRET" not in text
