"""Real servers that a test starts for itself, on free ports of this machine."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from time import monotonic, sleep
from typing import Any, NoReturn

import httpx2
import psycopg
import pytest
from sqlalchemy.engine import make_url

PATIENCE_SECONDS = 300
lacked: set[str] = set()
"""What tests were skipped for."""


def lacking(what: str) -> NoReturn:
    """Skip a test for which this machine lacks a server; with `STUDIUM_TEST_ALL` (as in CI) fail it instead."""
    if os.environ.get("STUDIUM_TEST_ALL"):
        pytest.fail(what)
    lacked.add(what)
    pytest.skip(what)


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


class Server:
    """A process behind a port, which can be stopped, started again, and hung."""

    def __init__(self, command: list[str], port: int, folder: Path, account: dict[str, Any] | None = None) -> None:
        self.command, self.port, self.folder, self.account = command, port, folder, account or {}
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start, and wait until the port answers."""
        out = (self.folder / f"server-{self.port}.log").open("ab")
        with out:
            self.process = subprocess.Popen(
                self.command, cwd=self.folder, stdout=out, stderr=out, env=os.environ, **self.account
            )
        began = monotonic()
        while not listens(self.port):
            assert self.process.poll() is None, "the server ended at once"
            assert monotonic() - began < PATIENCE_SECONDS, "the server does not answer"
            sleep(0.02)

    def stop(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None

    @contextmanager
    def hanging(self) -> Iterator[None]:
        """Nothing is answered inside the block, though the port stays open."""
        assert self.process is not None
        self.process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self.process.send_signal(signal.SIGCONT)


@contextmanager
def serving(command: list[str], port: int, folder: Path) -> Iterator[Server]:
    server = Server(command, port, folder)
    server.start()
    try:
        yield server
    finally:
        server.stop()


@contextmanager
def redis_server(folder: Path) -> Iterator[Server]:
    """A Redis of the test's own, which keeps nothing on disk."""
    program, port = shutil.which("redis-server"), free_port()
    if program is None:
        lacking("redis-server is not installed; .ci/run installs it")
    command = [program, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
    with serving(command, port, folder) as server:
        yield server


@contextmanager
def s3_server(folder: Path) -> Iterator[Server]:
    """moto's S3, with a bucket called `school`."""
    port = free_port()
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    with serving(command, port, folder) as server:
        httpx2.put(f"http://127.0.0.1:{port}/school").raise_for_status()
        yield server


class Postgres(Server):
    """A PostgreSQL of the test's own. Hanging means all its processes: those of the connections are others."""

    @property
    def url(self) -> str:
        return f"postgresql://postgres@127.0.0.1:{self.port}/postgres"

    def start(self) -> None:
        """Start, and wait until it has recovered and takes connections."""
        super().start()
        began = monotonic()
        while True:
            try:
                psycopg.connect(self.url, connect_timeout=2).close()
            except psycopg.OperationalError:
                assert monotonic() - began < PATIENCE_SECONDS, "the server takes no connections"
                sleep(0.05)
            else:
                return

    def pids(self) -> list[int]:
        assert self.process is not None
        return [self.process.pid, *(pid for pid, parent in processes() if parent == self.process.pid)]

    def stop(self) -> None:
        """Stop at once, as after a power cut of its machine: every process of it."""
        if self.process is not None:
            for pid in reversed(self.pids()):
                with suppress(ProcessLookupError):  # A backend may end by itself meanwhile.
                    os.kill(pid, signal.SIGKILL)
            self.process.wait()
            self.process = None
            (self.folder / "data" / "postmaster.pid").unlink(missing_ok=True)

    @contextmanager
    def hanging(self) -> Iterator[None]:
        stopped = self.pids()
        for pid in stopped:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            for pid in stopped:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGCONT)


def processes() -> Iterator[tuple[int, int]]:
    """Every process of this machine with its parent."""
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
            yield int(folder.name), int(fields[1])


@contextmanager
def _programs() -> Iterator[tuple[Path, Path, dict[str, Any]]]:
    """Where PostgreSQL's programs are, and a folder under /tmp; they refuse to run as root, so then as `postgres`."""
    programs = sorted(Path("/usr/lib/postgresql").glob("*/bin")) or [Path(shutil.which("initdb") or "").parent]
    if not (programs[-1] / "initdb").exists():
        lacking("PostgreSQL's own programs are not installed")
    account: dict[str, Any] = {"user": "postgres", "group": "postgres"} if os.getuid() == 0 else {}
    with tempfile.TemporaryDirectory(prefix="studium-pg-") as name:
        folder = Path(name)
        if account:
            shutil.chown(folder, **account)
        yield programs[-1], folder, account


def _server(programs: Path, folder: Path, account: dict[str, Any], *more: str) -> Postgres:
    """The server whose files are in `data` there."""
    quick = ("fsync=off", f"unix_socket_directories={folder}", "shared_buffers=16MB", "listen_addresses=127.0.0.1")
    port = free_port()
    command = [str(programs / "postgres"), "-D", f"{folder}/data", "-p", str(port)]
    command += [part for option in (*quick, *more) for part in ("-c", option)]
    return Postgres(command, port, folder, account)


def _initialise(programs: Path, folder: Path, account: dict[str, Any], *options: str) -> Postgres:
    initdb = [str(programs / "initdb"), "--no-sync", "-A", "trust", "-U", "postgres", "-D", f"{folder}/data"]
    subprocess.run(initdb, cwd=folder, check=True, capture_output=True, **account)
    return _server(programs, folder, account, *options)


def _copied(primary: Postgres, programs: Path, folder: Path, account: dict[str, Any], *options: str) -> Postgres:
    """A server that follows another one."""
    source = f"host=127.0.0.1 port={primary.port} user=postgres application_name=standby"
    copy = [str(programs / "pg_basebackup"), "-d", source, "-D", f"{folder}/data", "-R", "-c", "fast", "-N"]
    subprocess.run(copy, cwd=folder, check=True, capture_output=True, **account)
    return _server(programs, folder, account, *options)


@contextmanager
def postgres_server(*options: str) -> Iterator[Postgres]:
    """An empty PostgreSQL."""
    with _programs() as place, _running(_initialise(*place, *options)) as one:
        yield one


@contextmanager
def standby_of(primary: Postgres, *options: str) -> Iterator[Postgres]:
    """A standby that nobody waits for."""
    with _programs() as place, _running(_copied(primary, *place, *options)) as one:
        yield one


@contextmanager
def _running(server: Postgres) -> Iterator[Postgres]:
    server.start()
    try:
        yield server
    finally:
        server.stop()


@contextmanager
def postgres_pair() -> Iterator[tuple[Postgres, Postgres]]:
    """An empty PostgreSQL, and a standby that each of its commits waits for."""
    with postgres_server() as primary, standby_of(primary) as standby:
        with psycopg.connect(primary.url, autocommit=True) as connection:
            connection.execute("ALTER SYSTEM SET synchronous_standby_names = 'standby'")
            connection.execute("SELECT pg_reload_conf()")
            began = monotonic()
            while connection.execute("SELECT sync_state FROM pg_stat_replication").fetchone() != ("sync",):
                assert monotonic() - began < PATIENCE_SECONDS, "the standby does not follow"
                sleep(0.02)
        yield primary, standby


@contextmanager
def pgbouncer_server(database_url: str, *, connections: int) -> Iterator[str]:
    """Debian's PgBouncer in transaction mode with its defaults else; yields the address of the database behind it.

    It refuses to run as root, so then it runs as `postgres`.
    """
    program, port = shutil.which("pgbouncer") or "/usr/sbin/pgbouncer", free_port()
    if not Path(program).exists():
        lacking("pgbouncer is not installed; .ci/run installs it")
    address = make_url(database_url)
    behind = {
        "host": address.host,
        "port": address.port or 5432,
        "user": address.username,
        "password": address.password,
    }
    account: dict[str, Any] = {"user": "postgres", "group": "postgres"} if os.getuid() == 0 else {}
    with tempfile.TemporaryDirectory(prefix="studium-pgbouncer-") as name:
        settings = Path(name) / "pgbouncer.ini"
        known = " ".join(f"{key}={value}" for key, value in behind.items() if value)
        settings.write_text(
            f"[databases]\n* = {known}\n[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\nauth_type = any\n"
            f"unix_socket_dir =\npool_mode = transaction\ndefault_pool_size = {connections}\n"
        )
        for path in (settings.parent, settings):
            if account:
                shutil.chown(path, **account)
        server = Server([program, str(settings)], port, settings.parent, account)
        server.start()
        try:
            yield address.set(host="127.0.0.1", port=port).render_as_string(hide_password=False)
        finally:
            server.stop()
