"""A closed load generator: some HTTP/1.1 connections, each sending its next request when it has read the last answer.

It finds out what a request costs. What waiting people see is measured by the open one, `bench/arrivals.py`.
"""

import asyncio
import math
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import count

_END = b"\r\n\r\n"
_LENGTH = b"content-length:"
_PATIENCE_SECONDS = 300


@dataclass(slots=True)
class Outcome:
    """What a run saw. Latencies are seconds."""

    seconds: float = 0.0
    latencies: list[float] = field(default_factory=list)
    refused: int = 0
    bodies: dict[int, bytes] | None = None

    @property
    def requests(self) -> int:
        """How many were answered."""
        return len(self.latencies)

    def percentile(self, percent: float) -> float:
        """The latency that `percent` (0..100) of the requests did not exceed."""
        return percentile(self.latencies, percent)


def percentile(values: Iterable[float], percent: float) -> float:
    """The value that `percent` (0..100) of all do not exceed."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(len(ordered) * percent / 100) - 1)]


class _Client(asyncio.Protocol):
    """One connection. Answers carry a Content-Length; anything but 2xx counts as refused."""

    def __init__(self, numbers: Iterator[int], requests: Sequence[bytes], outcome: Outcome, until: float) -> None:
        self.numbers, self.requests, self.outcome, self.until = numbers, requests, outcome, until
        self.number = 0
        self.buffer = b""
        self.sent_at = 0.0
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport: asyncio.Transport = transport  # type: ignore[assignment]  # connections are transports.
        self.send()

    def send(self) -> None:
        self.sent_at = time.perf_counter()
        number = next(self.numbers, None) if self.sent_at < self.until else None
        if number is None:
            self.transport.close()
            return
        self.number = number % len(self.requests)
        self.transport.write(self.requests[self.number])

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        head = self.buffer.find(_END)
        if head < 0:
            return
        start = self.buffer[:head].lower().find(_LENGTH) + len(_LENGTH)
        end = self.buffer.find(b"\r\n", start)
        if len(self.buffer) < head + len(_END) + int(self.buffer[start:end]):
            return
        self.outcome.latencies.append(time.perf_counter() - self.sent_at)
        self.outcome.refused += self.buffer[9:10] != b"2"
        if self.outcome.bodies is not None:
            self.outcome.bodies[self.number] = self.buffer[head + len(_END) :]
        self.buffer = b""
        self.send()

    def connection_lost(self, exc: Exception | None) -> None:
        del exc
        if not self.done.done():
            self.done.set_result(None)


async def press(
    port: int, requests: Sequence[bytes], *, seconds: float, connections: int = 32, once: bool = False
) -> Outcome:
    """Send `requests` in turn to a server on this machine for `seconds`, or until each was sent once."""
    return await _press(port, requests, Outcome(), seconds, connections, range(len(requests)) if once else count())


async def collect(port: int, requests: Sequence[bytes]) -> list[bytes]:
    """Send each request once, and return the bodies of the answers in the same order; raise where one is refused."""
    outcome = Outcome(bodies={})
    await _press(port, requests, outcome, _PATIENCE_SECONDS, min(16, len(requests)), range(len(requests)))
    bodies = outcome.bodies or {}
    if outcome.refused or len(bodies) < len(requests):
        message = f"{outcome.refused} of {len(requests)} requests were refused, {len(bodies)} answered."
        raise RuntimeError(message)
    return [bodies[number] for number in range(len(requests))]


async def _press(
    port: int, requests: Sequence[bytes], outcome: Outcome, seconds: float, connections: int, numbers: Iterable[int]
) -> Outcome:
    loop, order = asyncio.get_running_loop(), iter(numbers)
    began = time.perf_counter()
    clients = []
    for _ in range(connections):
        _, client = await loop.create_connection(
            lambda: _Client(order, requests, outcome, began + seconds), "127.0.0.1", port
        )
        clients.append(client)
    await asyncio.gather(*(client.done for client in clients))
    outcome.seconds = time.perf_counter() - began
    return outcome
