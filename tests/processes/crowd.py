"""Plain clients in numbers, whose own cost is small: one connection for each request."""

import asyncio
import json
import os
import statistics
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic

PATIENCE_SECONDS = 20


@dataclass
class Times:
    """What some requests were answered, and after how many seconds."""

    statuses: list[int] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)

    def add(self, status: int, seconds: float) -> None:
        self.statuses.append(status)
        self.seconds.append(seconds)

    def percentile(self, percent: int) -> float:
        if len(self.seconds) == 1:
            return self.seconds[0]
        return statistics.quantiles(self.seconds, n=100, method="inclusive")[percent - 1]

    @property
    def worst(self) -> float:
        return max(self.seconds)

    def __str__(self) -> str:
        counts = {status: self.statuses.count(status) for status in sorted(set(self.statuses))}
        return f"{counts}, p50 {self.percentile(50):.3f} p99 {self.percentile(99):.3f} worst {self.worst:.3f} s"


class Stretch:
    """By how much other work on the machine makes some processes slower, since it was made; 1 on an idle machine.

    Linux says how long the first thread of a process ran, and how long it was ready and had to wait for a processor.
    """

    def __init__(self, *pids: int) -> None:
        self.began = {pid: self._scheduled(pid) for pid in (*pids, os.getpid())}

    @staticmethod
    def _scheduled(pid: int) -> tuple[int, int]:
        ran, waited, _ = Path(f"/proc/{pid}/schedstat").read_text().split()
        return int(ran), int(waited)

    def factor(self) -> float:
        factors = [1.0]
        for pid, (ran, waited) in self.began.items():
            ran_now, waited_now = self._scheduled(pid)
            factors.append(1 + (waited_now - waited) / max(1, ran_now - ran))
        return max(factors)


def request(path: str, *, method: str = "GET", token: str = "", body: object = None, more: str = "") -> bytes:
    """A whole request, after whose answer the connection closes."""
    content = b"" if body is None else json.dumps(body).encode()
    lines = [f"{method} {path} HTTP/1.1", "Host: studium.test", "Connection: close"]
    lines += [f"Authorization: Bearer {token}"] if token else []
    lines += ["Content-Type: application/json", f"Content-Length: {len(content)}"] if content else []
    return "\r\n".join([*lines, *([more] if more else []), "", ""]).encode() + content


async def exchange(port: int, sent: bytes) -> bytes:
    """Everything that comes back; empty where the connection broke."""
    try:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(sent)
        async with asyncio.timeout(PATIENCE_SECONDS):
            came = await reader.read()
        writer.close()
    except (OSError, TimeoutError):
        return b""
    return came


async def ask(port: int, sent: bytes, times: Times | None = None) -> bytes:
    """Send a request, and note status (0 without an answer) and seconds."""
    began = monotonic()
    came = await exchange(port, sent)
    if times is not None:
        times.add(int(came.split(b" ", 2)[1]) if came.startswith(b"HTTP/1.1 ") else 0, monotonic() - began)
    return came


async def again_and_again(port: int, sent: bytes, times: Times, pause: float, done: asyncio.Event) -> None:
    """The same request, with a pause before each, until it is enough."""
    while not done.is_set():
        await ask(port, sent, times)
        await asyncio.sleep(pause)
