"""A school of real processes: `studium serve` and `studium worker`, with the settings that a test gives them."""

import os
import signal
import ssl
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from subprocess import Popen
from time import monotonic, sleep
from typing import Any

import httpx2

from tests import forks
from tests.servers import PATIENCE_SECONDS, free_port

ROOT = Path(__file__).parents[2]
NO_CERTIFICATES = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""Without it every request would load the system's certificates, which takes longer than the request."""


class School:
    """The processes of one school, all with the same settings."""

    def __init__(self, folder: Path, **settings: str) -> None:
        self.folder = folder
        self.port = free_port()
        named = {f"STUDIUM_{name.upper()}": value for name, value in settings.items()}
        self.environment = {
            **os.environ,
            "STUDIUM_DATA_DIR": str(folder),
            "STUDIUM_LOG_LEVEL": "WARNING",
            "STUDIUM_PUBLIC_BASE_URL": self.address,
            **named,
        }
        self.running: list[Popen[bytes]] = []

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self, *command: str) -> Popen[bytes]:
        """Start a command of `studium`, or a Python file of the tests."""
        program = [sys.executable, *command] if command[0].endswith(".py") else [*self.program, *command]
        with (self.folder / "processes.log").open("ab") as log:
            process = self.popen(program, env=self.environment, cwd=ROOT, stdout=log, stderr=log)
        self.running.append(process)
        return process

    patience: float = PATIENCE_SECONDS
    """Seconds that a start may take."""
    program: tuple[str, ...] = (sys.executable, "-m", "studium")
    popen: type[Popen[bytes]] = forks.Forked
    """How a process is started: `Popen` where the start itself is looked at."""

    def run(self, *command: str, typed: str = "") -> None:
        """Run a command of `studium` to its end; it must succeed."""
        forks.run([*self.program, *command], typed=typed, env=self.environment, cwd=ROOT).check_returncode()

    def serve(self, *options: str) -> Popen[bytes]:
        """Start the server and wait until it is ready."""
        process = self.start("serve", "--port", str(self.port), *options)
        until(lambda: self.is_ready() or process.poll() is not None, self.patience)
        assert process.poll() is None, (self.folder / "processes.log").read_text()
        return process

    def is_ready(self) -> bool:
        try:
            return httpx2.get(f"{self.address}/readyz", timeout=3, verify=NO_CERTIFICATES).status_code == 200
        except httpx2.TransportError:
            return False

    def is_idle(self) -> bool:
        """Whether every job is done, as the metrics say."""
        text = httpx2.get(f"{self.address}/metrics", timeout=3, verify=NO_CERTIFICATES).text
        kept = [line.split()[-1] for line in text.splitlines() if line.startswith("studium_jobs_kept")]
        assert len(kept) == 3
        return set(kept) == {"0.0"}

    def call(self, method: str, path: str, token: str | None = None, **content: Any) -> httpx2.Response:  # noqa: ANN401 -- whatever the client takes.
        headers = {**content.pop("headers", {}), **({} if token is None else {"Authorization": f"Bearer {token}"})}
        more = {"headers": headers, "timeout": 10, "verify": NO_CERTIFICATES, **content}
        return httpx2.request(method, f"{self.address}/api/v1{path}", **more)

    def end(self) -> None:
        for process in self.running:
            process.kill()
            process.wait()


@contextmanager
def school(folder: Path, **settings: str) -> Iterator[School]:
    """A school whose processes are killed at the end."""
    opened = School(folder, **settings)
    try:
        yield opened
    finally:
        opened.end()


def until(true: Any, seconds: float = PATIENCE_SECONDS) -> None:  # noqa: ANN401 -- any callable without arguments.
    """Wait until `true()` is true."""
    began = monotonic()
    while not true():
        assert monotonic() - began < seconds, "it did not become true in time"
        sleep(0.02)


def stop(process: Popen[bytes]) -> int:
    """Ask a process to stop, and return its exit code."""
    process.send_signal(signal.SIGTERM)
    return process.wait(timeout=30)
