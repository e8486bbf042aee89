"""Copies of an SQLite database by its own online backup."""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, NullPool, Row, Update, create_engine
from sqlalchemy.exc import DatabaseError

from studium.kit.backups.dumps import Copies
from studium.kit.backups.manifest import BackupError
from studium.kit.db import migrations as migrate


class SqliteCopies(Copies):
    """SQLite's own online backup: one moment of the file, while others write."""

    name = "database.sqlite"

    @contextmanager
    def taken(self, folder: Path) -> Iterator[Connection]:
        """Copy the file, and look at the copy."""
        target = folder / self.name
        target.unlink(missing_ok=True)
        with closing(sqlite3.connect(self._path)) as source, closing(sqlite3.connect(target)) as copy:
            source.backup(copy)
            _pack(copy)
            # A copy that wants files beside it could not be read from a disk that is write-protected.
            copy.execute("PRAGMA journal_mode=DELETE")
            self._check(copy)
        with self._reading(target) as connection:
            yield connection

    @property
    def _path(self) -> Path:
        return Path(self.address.database or "")

    @staticmethod
    def _check(connection: sqlite3.Connection) -> None:
        answer = connection.execute("PRAGMA integrity_check(1)").fetchone()[0]
        if answer != "ok":
            message = f"The database is damaged: {answer}."
            raise BackupError(message)

    @contextmanager
    def _reading(self, path: Path) -> Iterator[Connection]:
        engine = create_engine(f"sqlite+pysqlite:///{path}", poolclass=NullPool)
        with engine.connect() as connection:
            yield connection

    def check_target(self, *, occupied: str, force: bool) -> None:
        """Look whether the file is there, in use, or holds something."""
        if not self._path.exists():
            return
        try:
            with closing(sqlite3.connect(self._path, timeout=1)) as connection:
                # Only the last connection may leave the write-ahead log.
                connection.execute("PRAGMA journal_mode=DELETE")
                is_empty = not _has_row(connection, occupied)
        except sqlite3.OperationalError as error:
            message = f"The database {self._path} is in use: stop every server and worker first."
            raise BackupError(message) from error
        except sqlite3.DatabaseError:
            is_empty = False
        if not is_empty and not force:
            message = f"There is a school in {self._path} already; --force replaces it."
            raise BackupError(message)

    def read(self, statement: str) -> Sequence[Row[Any]]:
        """Select from the file, where it and the table are there."""
        if not self._path.exists():
            return []
        try:
            with self._reading(self._path) as connection:
                return connection.exec_driver_sql(statement).all()
        except DatabaseError:
            return []

    def pack(self) -> None:
        """Write the file anew, without free pages."""
        with closing(sqlite3.connect(self._path)) as connection:
            _pack(connection)

    def put_back(self, folder: Path, afterwards: Sequence[Update]) -> None:
        """Prepare a copy of the copy beside the database, then rename it into its place."""
        draft = self._path.with_name(f".{self._path.name}.restored")
        draft.unlink(missing_ok=True)
        self._path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with closing(sqlite3.connect(folder / self.name)) as source, closing(sqlite3.connect(draft)) as copy:
                source.backup(copy)
                self._check(copy)
            migrate.upgrade(f"sqlite:///{draft}")
            with create_engine(f"sqlite+pysqlite:///{draft}", poolclass=NullPool).begin() as connection:
                for statement in afterwards:
                    connection.execute(statement)
            for suffix in ("-wal", "-shm"):
                self._path.with_name(self._path.name + suffix).unlink(missing_ok=True)
            draft.replace(self._path)
        finally:
            draft.unlink(missing_ok=True)


def _pack(connection: sqlite3.Connection) -> None:
    """Merge each index of words, which still has those that were taken out, and leave no page that is not used."""
    named = "SELECT name FROM sqlite_master WHERE sql LIKE 'CREATE VIRTUAL TABLE%fts5%'"
    for (name,) in connection.execute(named).fetchall():
        connection.execute(f"INSERT INTO {name}({name}) VALUES ('optimize')")  # noqa: S608 -- our own names.
    connection.commit()
    connection.execute("VACUUM")


def _has_row(connection: sqlite3.Connection, statement: str) -> bool:
    try:
        return connection.execute(statement).fetchone() is not None
    except sqlite3.OperationalError as error:
        if "no such table" in str(error):
            return False
        raise
