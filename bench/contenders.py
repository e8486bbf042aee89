"""Servers that are measured: started as processes of their own, pressed, and their work read from the kernel."""

import base64
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from bench.load import press
from studium.kit.tokens import Keys

SECRET = "0123456789abcdef" * 4
KEYS = Keys(SECRET.encode())
NAMES = ("floor", "reference", "studium")
_TICKS = os.sysconf("SC_CLK_TCK")
_PATIENCE_SECONDS = 20
_UVICORN = ("--loop", "uvloop", "--http", "httptools", "--no-access-log", "--log-level", "warning")
Process = subprocess.Popen[bytes]


@dataclass(slots=True)
class Contender:
    """A running server, and what it cost in each round."""

    name: str
    port: int
    process: Process
    microseconds: list[float] = field(default_factory=list)
    per_second: list[float] = field(default_factory=list)
    slowest: list[float] = field(default_factory=list)

    @property
    def cost(self) -> float:
        """Microseconds of the process for one request, the median of the rounds."""
        return statistics.median(self.microseconds)

    @property
    def rate(self) -> float:
        """Requests per second, the median of the rounds."""
        return statistics.median(self.per_second)

    @property
    def p99(self) -> float:
        """Milliseconds that 99 of 100 answers did not exceed, the median of the rounds."""
        return statistics.median(self.slowest)

    def cpu_seconds(self) -> float:
        """What the process has used so far, in user and system."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / _TICKS

    def rest_mib(self) -> float:
        """The memory that the process holds."""
        status = Path(f"/proc/{self.process.pid}/status").read_text(encoding="ascii")
        return int(status.partition("VmRSS:")[2].split()[0]) / 1024

    async def measure(self, requests: list[bytes], seconds: float, connections: int = 8) -> None:
        """Press for a while and note the cost; a refusal ends the benchmark, because refusing is cheap."""
        before = self.cpu_seconds()
        outcome = await press(self.port, requests, seconds=seconds, connections=connections)
        if outcome.refused:
            sys.exit(f"{outcome.refused} of {outcome.requests} requests were refused by {self.name}.")
        self.microseconds.append((self.cpu_seconds() - before) / outcome.requests * 1e6)
        self.per_second.append(outcome.requests / outcome.seconds)
        self.slowest.append(outcome.percentile(99) * 1000)


@contextmanager
def contender(name: str, url: str) -> Iterator[Contender]:
    """One of NAMES on a database, on a free port; it is stopped at the end."""
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryFile() as log:
        port = _free_port()
        command = [sys.executable, "-m", "studium", "serve", "--port", str(port)]
        if name != "studium":
            command = [sys.executable, "-m", "uvicorn", f"bench.{name}:app", "--port", str(port), *_UVICORN]
        process = subprocess.Popen(command, env=environment(url, folder), stdout=log, stderr=log)  # noqa: S603 -- our own command.
        try:
            _await(port, process)
            yield Contender(name, port, process)
        finally:
            process.terminate()
            process.wait()


def environment(url: str, folder: str) -> dict[str, str]:
    """What every contender is told."""
    return {
        **os.environ,
        "BENCH_DATABASE": url,
        "BENCH_KEY": base64.b64encode(KEYS._key("sign", "access")).decode(),  # noqa: SLF001 -- all check one signature.
        "STUDIUM_DATABASE_URL": url,
        "STUDIUM_DATA_DIR": folder,
        "STUDIUM_SECRET_KEY": SECRET,
        "STUDIUM_MODE": "production",
        "STUDIUM_PUBLIC_BASE_URL": "https://bench.example",
    }


def _await(port: int, process: Process) -> None:
    began = time.monotonic()
    while time.monotonic() - began < _PATIENCE_SECONDS and process.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.01)
    sys.exit(f"Nothing answers on port {port}.")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
