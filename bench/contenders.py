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
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from bench.load import press
from studium.kit.security.tokens import Keys

SECRET = "Q7xv2LmZ9pTk4WbN8rYc3HdJ6gFs1AoE5uXi0VtR"  # noqa: S105 -- of a school that lives for a minute.
KEYS = Keys(SECRET.encode())
NAMES = ("floor", "strict floor", "reference", "studium")
"""Two floors: one reads who is asking in a statement of its own, the strict one in the statement of the work."""
WITHOUT_REFERENCE = ("floor", "strict floor", "studium")
_TICKS = os.sysconf("SC_CLK_TCK")
_PATIENCE_SECONDS = 60
_LAST_BYTES = 2_000
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
        """What the process and those that it started have used so far, in user and system."""
        ticks = 0
        for pid in family(self.process.pid):
            with suppress(OSError):
                fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
                ticks += int(fields[11]) + int(fields[12])
        return ticks / _TICKS

    def rest_mib(self) -> float:
        """The memory that the process holds."""
        return _memory(self.process.pid, "VmRSS:")

    def peak_mib(self) -> float:
        """The most memory that the process, or the largest of those that it started, ever held."""
        return max(_memory(pid, "VmHWM:") for pid in family(self.process.pid))

    async def measure(
        self, requests: list[bytes], seconds: float, connections: int = 32, *, once: bool = False
    ) -> None:
        """Press for a while and note the cost; a refusal ends the benchmark, because refusing is cheap."""
        before = self.cpu_seconds()
        outcome = await press(self.port, requests, seconds=seconds, connections=connections, once=once)
        if outcome.refused:
            sys.exit(f"{outcome.refused} of {outcome.requests} requests were refused by {self.name}.")
        self.microseconds.append((self.cpu_seconds() - before) / outcome.requests * 1e6)
        self.per_second.append(outcome.requests / outcome.seconds)
        self.slowest.append(outcome.percentile(99) * 1000)


def family(pid: int) -> list[int]:
    """A process and all that descend from it."""
    parents = {}
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            parents[int(folder.name)] = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
    found = [pid]
    for one in found:
        found.extend(child for child, parent in parents.items() if parent == one)
    return found


def _memory(pid: int, name: str) -> float:
    with suppress(OSError):
        status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
        return int(status.partition(name)[2].split()[0]) / 1024
    return 0.0


@contextmanager
def contender(name: str, url: str, *more: str, told: dict[str, str] | None = None) -> Iterator[Contender]:
    """One of NAMES or `sampled` on a database, on a free port; it is stopped at the end.

    `more` goes to `studium serve`, `told` into its environment.
    """
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryFile() as log:
        port = _free_port()
        command = [sys.executable, "-m", *_command(name, port), *more]
        wanted = environment(url, folder) | {"BENCH_STRICT": "1" if name == NAMES[1] else ""} | (told or {})
        process = subprocess.Popen(command, env=wanted, stdout=log, stderr=log)  # noqa: S603 -- our own command.
        try:
            if not _listens_soon(port, process):
                log.seek(0)
                sys.exit(f"Nothing answers on port {port}:\n{log.read()[-_LAST_BYTES:].decode(errors='replace')}")
            yield Contender(name, port, process)
        finally:
            process.terminate()
            process.wait()


def _command(name: str, port: int) -> list[str]:
    if name in {"studium", "sampled"}:
        return ["studium" if name == "studium" else "bench.sampled", "serve", "--port", str(port)]
    module = "bench.reference_quiz" if name == "reference" else "bench.floor"
    return ["uvicorn", f"{module}:app", "--port", str(port), *_UVICORN]


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
        "STUDIUM_TRUSTED_PROXIES": "none",
        "STUDIUM_PUBLIC_BASE_URL": "https://bench.example",
    }


def _listens_soon(port: int, process: Process) -> bool:
    began = time.monotonic()
    while time.monotonic() - began < _PATIENCE_SECONDS and process.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return True
        time.sleep(0.01)
    return False


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
