"""A small HTTP/1.1 load generator: some connections, each sending its next request when it has read the last answer."""

import asyncio
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import count

_END = b"\r\n\r\n"
_LENGTH = b"content-length:"


@dataclass(slots=True)
class Outcome:
    """What a run saw. Latencies are seconds."""

    seconds: float = 0.0
    latencies: list[float] = field(default_factory=list)
    refused: int = 0

    @property
    def requests(self) -> int:
        """How many were answered."""
        return len(self.latencies)

    def percentile(self, percent: float) -> float:
        """The latency that `percent` (0..100) of the requests did not exceed."""
        ordered = sorted(self.latencies)
        return ordered[min(len(ordered) - 1, int(len(ordered) * percent / 100))]


class _Client(asyncio.Protocol):
    """One connection. Answers carry a Content-Length; anything but 2xx counts as refused."""

    def __init__(self, numbers: Iterator[int], requests: Sequence[bytes], outcome: Outcome, until: float) -> None:
        self.numbers, self.requests, self.outcome, self.until = numbers, requests, outcome, until
        self.buffer = b""
        self.sent_at = 0.0
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport: asyncio.Transport = transport  # type: ignore[assignment]  # connections are transports.
        self.send()

    def send(self) -> None:
        self.sent_at = time.perf_counter()
        if self.sent_at >= self.until:
            self.transport.close()
            return
        self.transport.write(self.requests[next(self.numbers) % len(self.requests)])

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
        self.buffer = b""
        self.send()

    def connection_lost(self, exc: Exception | None) -> None:
        del exc
        if not self.done.done():
            self.done.set_result(None)


async def press(port: int, requests: Sequence[bytes], *, seconds: float, connections: int = 8) -> Outcome:
    """Send `requests` in turn to a server on this machine for `seconds`."""
    loop = asyncio.get_running_loop()
    outcome, numbers = Outcome(), count()
    began = time.perf_counter()
    clients = []
    for _ in range(connections):
        _, client = await loop.create_connection(
            lambda: _Client(numbers, requests, outcome, began + seconds), "127.0.0.1", port
        )
        clients.append(client)
    await asyncio.gather(*(client.done for client in clients))
    outcome.seconds = time.perf_counter() - began
    return outcome
