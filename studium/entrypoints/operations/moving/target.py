"""The PostgreSQL database that a school is moved to: empty before, and empty again unless everything came."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import chain, islice
from typing import Any

import psycopg
from psycopg.sql import SQL, Identifier
from sqlalchemy import Table
from sqlalchemy.engine import make_url

from studium.entrypoints.operations.moving.source import Advance, MoveError
from studium.entrypoints.operations.moving.values import Digest, Form
from studium.kit.db import migrations as migrate
from studium.kit.db.tables import Base

_KEPT = "alembic_version"
_AT_ONCE = 100_000
"""Rows in one COPY: PostgreSQL notes until its end which rows' references it has to check."""
_TELL = 1000
_TABLES = "SELECT tablename FROM pg_tables WHERE schemaname = current_schema() AND tablename <> %s ORDER BY tablename"
_PLAIN = "SET LOCAL statement_timeout = 0; SET LOCAL timezone = 'UTC'; SET LOCAL bytea_output = 'hex'"
_SERIALS = (
    "SELECT table_name, column_name, pg_get_serial_sequence(quote_ident(table_name), column_name)"
    " FROM information_schema.columns WHERE table_schema = current_schema()"
    " AND pg_get_serial_sequence(quote_ident(table_name), column_name) IS NOT NULL AND table_name = ANY(%s)"
)


_RELATIONS = (
    "SELECT relname FROM pg_class WHERE relnamespace = current_schema()::regnamespace AND relkind = ANY('{r,p,v,m,f}')"
    " ORDER BY relname"
)
_RIGHTS = (
    "SELECT current_setting('default_transaction_read_only')::boolean OR pg_is_in_recovery(),"
    " has_schema_privilege(current_schema(), 'CREATE') AND NOT EXISTS (SELECT FROM pg_class"
    " WHERE relnamespace = current_schema()::regnamespace AND relkind = 'r' AND NOT pg_has_role(relowner, 'USAGE'))"
)


class Target:
    """The database, in one transaction."""

    def __init__(self, connection: "psycopg.Connection[Any]") -> None:
        self.connection = connection
        connection.execute(_PLAIN)

    def occupied(self) -> str | None:
        """A table that has rows; None where there is none."""
        for (name,) in self.connection.execute(_TABLES, (_KEPT,)).fetchall():
            found = self.connection.execute(SQL("SELECT 1 FROM {} LIMIT 1").format(Identifier(name))).fetchone()
            if found is not None:
                return str(name)
        return None

    def count(self, name: str) -> int:
        """How many rows a table has."""
        found = self.connection.execute(SQL("SELECT count(*) FROM {}").format(Identifier(name))).fetchone()
        return 0 if found is None else int(found[0])

    def check_encoding(self) -> None:
        """Raise MoveError where the database cannot hold every character."""
        found = self.connection.execute("SHOW server_encoding").fetchone()
        if found != ("UTF8",):
            message = f"The database is in the encoding {found and found[0]}: make one with ENCODING 'UTF8'."
            raise MoveError(message)

    def check_tables(self) -> str | None:
        """Raise MoveError where others have tables or views here; return the migration that Studium's own are at."""
        names = [str(name) for (name,) in self.connection.execute(_RELATIONS).fetchall()]
        own, revision = set[str](), None
        if _KEPT in names:
            found = self.connection.execute("SELECT version_num FROM alembic_version").fetchone()
            revision = None if found is None else str(found[0])
            if revision is None:
                own = {_KEPT}
            elif migrate.is_known(revision):
                own = {_KEPT, *Base.metadata.tables, *(name for name in names if name.startswith("procrastinate_"))}
        foreign = next((name for name in names if name not in own), None)
        if foreign is not None:
            message = (
                f"The target has tables or views that this version of Studium did not make (such as {foreign}):"
                " `studium move` wants an empty database."
            )
            raise MoveError(message)
        return revision

    def check_rights(self) -> None:
        """Raise MoveError where tables cannot be made or changed."""
        is_read_only, is_allowed = self.connection.execute(_RIGHTS).fetchone() or (True, False)
        if is_read_only:
            message = "The target is read-only: give --to a database that can be written."
        elif not is_allowed:
            message = "The role in --to may not make and change tables in the target: let it own the database."
        else:
            return
        raise MoveError(message)

    def check_pooler(self) -> None:
        """Raise MoveError where a pooler answers: it makes up the process id that it greets with."""
        own = self.connection.execute("SELECT pg_backend_pid()").fetchone()
        if own != (self.connection.info.backend_pid,):
            message = "A connection pooler such as PgBouncer answers at --to: give PostgreSQL's own address."
            raise MoveError(message)

    def hold(self, tables: Sequence[Table]) -> None:
        """Keep everybody else out of the tables, and their triggers still: what those count comes along."""
        names = [table.name for table in tables]
        everything = SQL(", ").join(map(Identifier, [*names, "procrastinate_jobs", "procrastinate_events"]))
        self.connection.execute(SQL("LOCK TABLE {} IN ACCESS EXCLUSIVE MODE").format(everything))
        for name in names:
            self.connection.execute(SQL("ALTER TABLE {} DISABLE TRIGGER USER").format(Identifier(name)))

    def fill(self, form: Form, rows: Iterable[Sequence[Any]], advance: Advance) -> None:
        """Store the rows of a table; where they point at each other, by one COPY."""
        table = form.table
        is_own = any(key.column.table is table for key in table.foreign_keys)
        names = SQL(", ").join(map(Identifier, form.names))
        statement = SQL("COPY {} ({}) FROM STDIN").format(Identifier(table.name), names)
        left = iter(rows)
        while (first := next(left, None)) is not None:
            part = chain((first,), left if is_own else islice(left, _AT_ONCE - 1))
            with self.connection.cursor().copy(statement) as copy:
                while lines := [form.sent(row) for row in islice(part, _TELL)]:
                    copy.write(b"".join(lines))
                    advance(len(lines))

    def digest(self, form: Form, advance: Advance) -> Digest:
        """What a table has."""
        digest = Digest()
        statement = f'COPY (SELECT {form.seen} FROM "{form.table.name}") TO STDOUT'  # noqa: S608 -- our own names.
        with self.connection.cursor().copy(statement.encode()) as copy:
            for line in copy:
                digest.add(form.compared(bytes(line)))
                if digest.count % _TELL == 0:
                    advance(_TELL)
        advance(digest.count % _TELL)
        return digest

    def release(self, tables: Sequence[Table]) -> None:
        """Let sequences go on after the highest number, wake the triggers, and let the planner know what came."""
        names = [table.name for table in tables]
        for table, column, sequence in self.connection.execute(_SERIALS, (names,)).fetchall():
            last = SQL("SELECT setval({}, max({column})) FROM {} HAVING max({column}) IS NOT NULL")
            self.connection.execute(last.format(sequence, Identifier(table), column=Identifier(column)))
        for name in names:
            self.connection.execute(SQL("ALTER TABLE {} ENABLE TRIGGER USER").format(Identifier(name)))
        self.connection.execute("ANALYZE")


@contextmanager
def looking(url: str) -> Iterator[Target]:
    """The database, without changing anything."""
    address = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    try:
        opened = psycopg.connect(address, connect_timeout=5)
    except UnicodeError as error:
        message = "The name of the host in --to is none that can be looked up."
        raise MoveError(message) from error
    with opened as connection:
        connection.read_only = True
        target = Target(connection)
        target.check_pooler()
        yield target


@contextmanager
def filling(url: str) -> Iterator[Target]:
    """The database in the transaction that fills it: committed at the end of the block, undone when that raises."""
    with migrate.migrating(url) as connection:
        driver = connection.connection.driver_connection
        assert isinstance(driver, psycopg.Connection)  # noqa: S101 -- the driver that migrations use.
        yield Target(driver)
