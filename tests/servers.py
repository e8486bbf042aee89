"""Real servers that a test starts for itself, on free ports of this machine."""

import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic, sleep
from typing import NoReturn

import httpx2
import pytest

PATIENCE_SECONDS = 20


def lacking(what: str) -> NoReturn:
    """Skip a test for which this machine lacks a server; with `STUDIUM_TEST_ALL` (as in CI) fail it instead."""
    if os.environ.get("STUDIUM_TEST_ALL"):
        pytest.fail(what)
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

    def __init__(self, command: list[str], port: int, folder: Path) -> None:
        self.command, self.port, self.folder = command, port, folder
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start, and wait until the port answers."""
        out = (self.folder / f"server-{self.port}.log").open("ab")
        with out:
            self.process = subprocess.Popen(self.command, cwd=self.folder, stdout=out, stderr=out, env=os.environ)
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
