"""The SQLite file of a school that is moved: held alone, read row by row, and left as it is."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from sqlalchemy import Table

from studium.entrypoints.operations.moving.marker import marker_of, write_marker
from studium.entrypoints.operations.moving.values import Digest, Form, Unfit
from studium.kit.base.failures import CommandError

_PATIENCE_SECONDS = 1
_AT_ONCE = 1000
FAULTS_SHOWN = 20

Advance = Callable[[int], None]
"""Hears of rows that are done."""


class MoveError(CommandError):
    """Why nothing was moved; its text is one sentence."""


class Fault(NamedTuple):
    """A value that cannot go over."""

    table: str
    key: str
    column: str
    reason: str

    def __str__(self) -> str:
        """For people: never the value itself."""
        return f"{self.table} {self.key}: {self.column} {self.reason}"


class Faults:
    """What cannot go over: how many there are, and the first of them."""

    def __init__(self) -> None:
        self.count = 0
        self.first: list[Fault] = []

    def add(self, fault: Fault) -> None:
        """Note one."""
        self.count += 1
        if self.count <= FAULTS_SHOWN:
            self.first.append(fault)


class Source:
    """The tables of the file, in a transaction that nobody else gets in beside."""

    def __init__(self, path: Path, connection: sqlite3.Connection) -> None:
        self.path = path
        self.is_moved = False
        self._connection = connection

    def revision(self) -> str | None:
        """The migration that the file is at; None where it is no school."""
        try:
            found = self._connection.execute("SELECT version_num FROM alembic_version").fetchone()
        except sqlite3.DatabaseError:
            return None
        return None if found is None else str(found[0])

    def mark_moved(self, target: str) -> None:
        """Let nobody go on with the file: every row is in the target."""
        write_marker(self.path, target, is_moved=True)
        self.is_moved = True

    def count(self, table: Table) -> int:
        """How many rows a table has."""
        return int(self._connection.execute(f'SELECT count(*) FROM "{table.name}"').fetchone()[0])  # noqa: S608 -- our own names.

    def rows(self, form: Form) -> Iterator[list[Any]]:
        """The rows of a table in the order of their keys, some at a time."""
        names = ", ".join(f'"{name}"' for name in form.names)
        keys = ", ".join(f'"{column.name}"' for column in form.table.primary_key)
        ordered = f"ORDER BY {keys}" if form.table.name == "jobs" else ""
        with closing(self._connection.execute(f'SELECT {names} FROM "{form.table.name}" {ordered}')) as cursor:  # noqa: S608 -- our own names.
            while rows := cursor.fetchmany(_AT_ONCE):
                yield rows

    def check(self, form: Form, faults: Faults, advance: Advance) -> Digest:
        """Look at every value of a table; return what the target must have."""
        try:
            return self._checked(form, faults, advance)
        except sqlite3.OperationalError:
            # Some text is no UTF-8, which the driver cannot read: once more, with all that it can be of.
            self._connection.text_factory = _lenient
            try:
                return self._checked(form, faults, advance)
            finally:
                self._connection.text_factory = str

    def _checked(self, form: Form, faults: Faults, advance: Advance) -> Digest:
        digest = Digest()
        keys = [form.names.index(column.name) for column in form.table.primary_key]
        for rows in self.rows(form):
            for row in rows:
                try:
                    digest.add(form.checked(row))
                except (Unfit, UnicodeEncodeError):
                    key = " ".join(str(row[place]) for place in keys).encode(errors="replace").decode()
                    for column, reason in form.faults(row):
                        faults.add(Fault(form.table.name, key, column, reason))
            advance(len(rows))
        return digest

    def check_references(self, faults: Faults) -> None:
        """Look for rows that point at rows that are not there, as a hand in the file may leave them."""
        for table, row, parent, number in self._connection.execute("PRAGMA foreign_key_check"):
            references = self._connection.execute(f'PRAGMA foreign_key_list("{table}")')
            column = next(str(reference[3]) for reference in references if reference[0] == number)
            key = self._connection.execute(f'SELECT * FROM "{table}" WHERE rowid = ?', (row,)).fetchone()[0]  # noqa: S608 -- our own names.
            faults.add(Fault(table, str(key), column, f"points at a row of {parent} that is not there"))


def _lenient(text: bytes) -> str:
    return text.decode("utf-8", "surrogateescape")


@contextmanager
def held(path: Path, target: str) -> Iterator[Source]:
    """The file, alone, with a marker that says so; raise MoveError where anybody else has it open."""
    if not path.exists():
        message = f"There is no school to move: {path} does not exist."
        raise MoveError(message)
    with closing(sqlite3.connect(path, timeout=_PATIENCE_SECONDS, isolation_level=None)) as connection:
        try:
            connection.execute("PRAGMA locking_mode = EXCLUSIVE")
            connection.execute("BEGIN EXCLUSIVE")
            connection.execute("SELECT 1 FROM sqlite_master LIMIT 1").fetchone()
        except sqlite3.OperationalError as error:
            message = f"The database {path} is in use: stop every server and worker first."
            raise MoveError(message) from error
        except sqlite3.DatabaseError as error:
            message = f"{path} is no SQLite database."
            raise MoveError(message) from error
        write_marker(path, target, is_moved=False)
        source = Source(path, connection)
        try:
            yield source
        finally:
            if not source.is_moved:
                marker_of(path).unlink(missing_ok=True)
            connection.execute("ROLLBACK")
