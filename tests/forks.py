"""Processes of `studium` that are forked from one that has imported everything.

To import it all takes a process a second of processor time, ten times what most of them then do. `Forked` is for such
tests as `subprocess.Popen` is: a process of its own, with its own settings, files and end. Tests of the start itself,
of what is imported or of memory start Python instead.

Run as a program this is the parent of them all. For each it forks a keeper, which forks the process, says its number
and then how it ended. A process does not outlive the tests, however they end.
"""

import atexit
import gc
import json
import os
import runpy
import select
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from functools import cache
from importlib import import_module
from pathlib import Path
from time import monotonic, sleep
from typing import Any, AnyStr

from studium import GC_THRESHOLD

ROOT = Path(__file__).parents[1]
_PATIENCE_SECONDS = 300
_NUMBER_BYTES = 16
_LAZY = (
    *("alembic.command", "asyncpg", "pygments.lexers", "segno", "sqlalchemy.dialects.postgresql.asyncpg", "typst"),
    *("sqlalchemy.dialects.postgresql.psycopg", "sqlalchemy.dialects.sqlite.aiosqlite", "uvloop", "pydantic"),
    *(f"studium.entrypoints.{name}" for name in ("cli.app", "cli.ready", "server", "worker", "demo.school")),
    *(f"studium.entrypoints.operations.{name}" for name in ("backup", "importing", "moving.move", "reconcile")),
    *(f"studium.kit.{name}" for name in ("cache.redis", "db.prepared_postgres", "jobs.postgres", "jobs.sqlite")),
    *("studium.kit.http.protocol", "studium.modules.auth.actions_rotate", "studium.web.app", "studium.web.problems"),
)
"""What is imported only where it is needed."""


class Forked(subprocess.Popen[AnyStr]):
    """A process for `[python, "-m", module, …]` or `[python, file, …]`, as Python itself would start it."""

    def _execute_child(self, *given: Any) -> None:  # noqa: ANN401 -- as in the standard library.
        """Have it forked, with the ends of its pipes in place of the standard ones."""
        args, folder, environment, pipes = given[0], given[5], given[6], given[10:16]
        ends = [end if end >= 0 else place for place, end in enumerate((pipes[0], pipes[3], pipes[5]))]
        started = {
            "args": [str(part) for part in args[1:]],
            "cwd": str(folder or Path.cwd()),
            "env": {**(environment or os.environ)},
        }
        self._keeper: socket.socket = socket.socket(socket.AF_UNIX)
        self._keeper.connect(_parent())
        socket.send_fds(self._keeper, [b"."], ends)
        self._keeper.sendall(json.dumps(started).encode())
        self._keeper.shutdown(socket.SHUT_WR)
        self.pid = int(self._keeper.recv(_NUMBER_BYTES))
        self._child_created = True
        self._close_pipe_fds(*pipes)  # type: ignore[attr-defined]

    def _try_wait(self, flags: int) -> tuple[int, int]:
        """As `os.waitpid`: what the keeper says."""
        self._keeper.setblocking(not flags & os.WNOHANG)
        try:
            status = int(self._keeper.recv(_NUMBER_BYTES))
        except BlockingIOError:
            return 0, 0
        self._keeper.close()
        return self.pid, status

    def _internal_poll(self, _deadstate: int | None = None) -> int | None:
        if self.returncode is None and self._waitpid_lock.acquire(blocking=False):  # type: ignore[attr-defined]
            try:
                pid, status = self._try_wait(os.WNOHANG)
                if pid:
                    self._handle_exitstatus(status)  # type: ignore[attr-defined]
            finally:
                self._waitpid_lock.release()  # type: ignore[attr-defined]
        return self.returncode


def run(program: Sequence[str], *, typed: str = "", **where: Any) -> "subprocess.CompletedProcess[str]":  # noqa: ANN401 -- options of Popen.
    """Run a program to its end, with all that it said, as `subprocess.run` does."""
    pipe = subprocess.PIPE
    with Forked[str](program, text=True, stdin=pipe, stdout=pipe, stderr=pipe, **where) as process:
        try:
            said, complained = process.communicate(typed, timeout=_PATIENCE_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            raise
    return subprocess.CompletedProcess(program, process.returncode, said, complained)


@cache
def _parent() -> str:
    """The address of the process that all others are forked from. It is started at first use."""
    folder = tempfile.TemporaryDirectory(prefix="studium-forks-")
    address = f"{folder.name}/socket"
    parent = subprocess.Popen([sys.executable, "-m", "tests.forks", address], cwd=ROOT)

    @atexit.register  # Also where it starts too late: left to itself, it would fail whichever test comes next.
    def end() -> None:
        parent.kill()
        parent.wait()
        folder.cleanup()

    began = monotonic()
    while not Path(address).exists():
        assert parent.poll() is None, "it ended at once"
        assert monotonic() - began < _PATIENCE_SECONDS, "it does not start"
        sleep(0.02)
    return address


def _serve(address: str) -> tuple[dict[str, Any], list[int]]:
    """Fork a process for everybody who connects. Returns in each of them, with what it was given."""
    listening = socket.socket(socket.AF_UNIX)
    listening.bind(f"{address}.new")
    listening.listen()
    Path(f"{address}.new").rename(address)
    listening.settimeout(1)
    tests = os.getppid()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    while True:
        try:
            connection, _ = listening.accept()
        except TimeoutError:
            if os.getppid() != tests:
                sys.exit()
            continue
        if os.fork() == 0:
            break
        connection.close()
    listening.close()
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    connection.settimeout(None)
    _, ends, _, _ = socket.recv_fds(connection, 1, 3)
    with connection.makefile("rb") as content:
        started = json.load(content)
    pid = os.fork()
    if pid:
        _keep(connection, pid, ends)
    connection.close()
    return started, ends


def _keep(connection: socket.socket, pid: int, ends: list[int]) -> None:
    """Tell how the process ends; kill it once nobody could hear that, such as when the tests were killed themselves."""
    for end in (*ends, 0, 1, 2):
        os.close(end)
    connection.send(str(pid).encode().ljust(_NUMBER_BYTES))
    ended, waiting = os.pidfd_open(pid), select.poll()
    waiting.register(ended, select.POLLIN)
    waiting.register(connection, 0)  # Its being closed is always told.
    if ended not in dict(waiting.poll()):
        os.kill(pid, signal.SIGKILL)
    _, status = os.waitpid(pid, 0)
    try:
        connection.send(str(status).encode().ljust(_NUMBER_BYTES))
    finally:
        os._exit(0)


def _become(started: dict[str, Any], ends: list[int]) -> None:
    """Run a program as Python would at its start."""
    for place, end in enumerate(ends):
        os.dup2(end, place)
        os.close(end)
    os.chdir(started["cwd"])
    os.environ.clear()
    os.environ.update(started["env"])
    given: list[str] = started["args"]
    if given[0] == "-m":
        sys.argv, sys.path[0] = given[1:], started["cwd"]
        runpy.run_module(given[1], run_name="__main__", alter_sys=True)
    else:
        sys.argv, sys.path[0] = given, str(Path(given[0]).parent)
        runpy.run_path(given[0], run_name="__main__")


def _import_all() -> None:
    """Import what servers, workers and commands do, whatever their settings."""
    for name in _LAZY:
        import_module(name)
    assert all(import_module("studium.app").module_routes())
    import_module("studium.modules.registry").load_handlers()
    gc.set_threshold(GC_THRESHOLD)
    gc.freeze()


if __name__ == "__main__":
    _import_all()
    _become(*_serve(sys.argv[1]))
