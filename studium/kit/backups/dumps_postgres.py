"""Copies of a PostgreSQL database by its own programs: pg_dump, pg_restore and psql, as new as the server or newer."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any

from sqlalchemy import Connection, Row, Update, create_engine
from sqlalchemy.dialects import postgresql
from sqlalchemy.engine import URL
from sqlalchemy.exc import OperationalError, ProgrammingError
from sqlalchemy.pool import NullPool

from studium.kit.backups.dumps import Copies
from studium.kit.backups.manifest import BackupError
from studium.kit.db import migrations as migrate
from studium.kit.db.addresses import shown

_CONNECT_SECONDS = 5
_SEEN = 300
_BEFORE = "BEGIN; SET LOCAL lock_timeout = '10s'; DROP SCHEMA public CASCADE; CREATE SCHEMA public;\n"


class PostgresCopies(Copies):
    """A dump in PostgreSQL's custom format, of a snapshot that the rows are read from too."""

    name = "database.dump"

    def __init__(self, url: str) -> None:
        super().__init__(url)
        query = {name: text for name, text in self.address.query.items() if name != "password"}
        plain = URL.create(
            "postgresql",
            username=self.address.username,
            host=self.address.host,
            port=self.address.port,
            database=self.address.database,
            query=query,
        )
        # The password goes by the environment: a command line can be read by everybody on the machine.
        self._target = plain.render_as_string(hide_password=False)
        password = self.address.password
        self._environment = {**os.environ, **({"PGPASSWORD": str(password)} if password else {})}

    @contextmanager
    def taken(self, folder: Path) -> Iterator[Connection]:
        """Export a snapshot, dump it, and go on reading in it."""
        with self._connected() as connection:
            dump = self._program("pg_dump", connection)
            connection.rollback()
            connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
            snapshot = str(connection.exec_driver_sql("SELECT pg_export_snapshot()").scalar_one())
            wishes = ("--format=custom", "--no-owner", "--no-privileges", f"--snapshot={snapshot}")
            self._run([dump, *wishes, f"--file={folder / self.name}", f"--dbname={self._target}"])
            yield connection

    @contextmanager
    def _connected(self) -> Iterator[Connection]:
        engine = create_engine(
            self.address.set(drivername="postgresql+psycopg"),
            poolclass=NullPool,
            connect_args={"connect_timeout": _CONNECT_SECONDS, "application_name": "studium-backup"},
        )
        try:
            with engine.connect() as connection:
                yield connection
        except OperationalError as error:
            reason = str(error.orig).strip().partition("\n")[0]
            message = f"The database {shown(self.address)} cannot be reached: {reason}."
            raise BackupError(message) from error

    def _program(self, name: str, connection: Connection) -> str:
        """The program, as new as the server at least; raise BackupError with what is needed."""
        server = int(connection.exec_driver_sql("SHOW server_version_num").scalar_one()) // 10_000
        newest = 0
        for path in (f"/usr/lib/postgresql/{server}/bin/{name}", shutil.which(name)):
            if path is not None and os.access(path, os.X_OK):
                newest = max(newest, found := _major_of(path))
                if found >= server:
                    return path
        what = f"the one that is there is of version {newest}" if newest else "there is none"
        message = f"The server is PostgreSQL {server}, which needs {name} of version {server} or newer; {what}."
        raise BackupError(message)

    def _run(self, command: Sequence[str]) -> None:
        done = subprocess.run(command, env=self._environment, capture_output=True, check=False)  # noqa: S603 -- our own.
        if done.returncode != 0:
            raise _failure(command[0], done.stderr)

    def check_target(self, *, occupied: str, force: bool) -> None:
        """Look whether others are connected, and whether the database holds something."""
        with self._connected() as connection:
            for name in ("pg_restore", "psql"):
                self._program(name, connection)
            others = connection.exec_driver_sql(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
                " AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
            ).scalar_one()
            if others:
                message = f"The database has {others} other connections: stop every server and worker first."
                raise BackupError(message)
            is_there = connection.exec_driver_sql("SELECT to_regclass('public.alembic_version')").scalar_one()
            if is_there and not force and connection.exec_driver_sql(occupied).first() is not None:
                message = "There is a school in the database already; --force replaces it."
                raise BackupError(message)

    def read(self, statement: str) -> Sequence[Row[Any]]:
        """Select, where the database and the table are there."""
        try:
            with self._connected() as connection:
                return connection.exec_driver_sql(statement).all()
        except (BackupError, ProgrammingError):
            return []

    def pack(self) -> None:
        """Nothing: a dump is made of rows, and the server's own files are for the server alone."""

    def put_back(self, folder: Path, afterwards: Sequence[Update]) -> None:
        """Empty the schema, fill it and run the statements, in one transaction."""
        with self._connected() as connection:
            restore, psql = self._program("pg_restore", connection), self._program("psql", connection)
        texts = [str(one.compile(dialect=_DIALECT, compile_kwargs={"literal_binds": True})) for one in afterwards]
        ending = "SET LOCAL search_path = public;\n" + "".join(f"{text};\n" for text in texts) + "COMMIT;\n"
        with TemporaryFile() as complaints:
            command = [restore, "--no-owner", "--no-privileges", "--file=-", str(folder / self.name)]
            wishes = ("--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1", "--output=/dev/null")
            target = subprocess.Popen(  # noqa: S603 -- our own command.
                [psql, *wishes, f"--dbname={self._target}"],
                env=self._environment,
                stdin=subprocess.PIPE,
                stderr=complaints,
            )
            with target, subprocess.Popen(command, stdout=subprocess.PIPE, stderr=complaints) as source:  # noqa: S603 -- as above.
                assert target.stdin is not None  # noqa: S101 -- asked for above.
                assert source.stdout is not None  # noqa: S101 -- asked for above.
                try:
                    target.stdin.write(_BEFORE.encode())
                    shutil.copyfileobj(source.stdout, target.stdin)
                    # Without the last words the transaction ends with the connection, and nothing has happened.
                    if source.wait() == 0:
                        target.stdin.write(ending.encode())
                    target.stdin.close()
                except BrokenPipeError:
                    source.kill()
            if source.returncode != 0 or target.returncode != 0:
                complaints.seek(0)
                raise _failure(psql, complaints.read())
        migrate.upgrade(self.address.render_as_string(hide_password=False))


_DIALECT = postgresql.dialect()  # type: ignore[no-untyped-call]


def _major_of(program: str) -> int:
    said = subprocess.run([program, "--version"], capture_output=True, text=True, check=False).stdout  # noqa: S603 -- our own.
    found = re.search(r"\) (\d+)", said)
    return int(found[1]) if found else 0


def _failure(program: str, complaints: bytes) -> BackupError:
    lines = complaints.decode(errors="replace").strip().splitlines() or ["it does not say why"]
    return BackupError(f"{Path(program).name} failed, and nothing was changed: {lines[0][:_SEEN]}.")
