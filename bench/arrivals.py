"""An open load generator: requests are due by the clock, whether or not earlier ones were answered.

A latency counts from the time at which the request was due, so that a slow server cannot slow its own crowd down and
look quick. What the generator itself was late is kept apart.
"""

import asyncio
import json
from array import array
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from bench.scenarios import request

_END = b"\r\n\r\n"
_LENGTH = b"content-length:"
_IDLE_SECONDS = 3.0
"""After which a connection is not used again: the server closes those that are idle for five."""
_PATIENCE_SECONDS = 30.0
BROKEN = 0
"""The status of a request whose connection broke, or that was not answered in time."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A status, and a body."""

    status: int
    body: bytes = b""

    @property
    def is_success(self) -> bool:
        """Whether the server says that it has done it."""
        return self.status // 100 == 2  # noqa: PLR2004 -- a class of statuses.

    def json(self) -> Any:  # noqa: ANN401 -- whatever it is.
        """The body."""
        return json.loads(self.body)


class _Connection(asyncio.Protocol):
    """A connection that is kept alive; one request at a time, answers with a Content-Length."""

    def __init__(self) -> None:
        self.transport: asyncio.Transport | None = None
        self.answer: asyncio.Future[Answer] | None = None
        self.buffer = b""
        self.idle_since = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport  # type: ignore[assignment]  # connections are transports.

    def ask(self, sent: bytes) -> "asyncio.Future[Answer]":
        assert self.transport is not None  # noqa: S101 -- it is connected.
        self.answer, self.buffer = asyncio.get_running_loop().create_future(), b""
        self.transport.write(sent)
        return self.answer

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        head = self.buffer.find(_END)
        if head < 0:
            return
        found = self.buffer[:head].lower().find(_LENGTH)
        start = found + len(_LENGTH)
        length = 0 if found < 0 else int(self.buffer[start : self.buffer.find(b"\r", start)])
        body = head + len(_END)
        if len(self.buffer) >= body + length:
            self._settle(Answer(int(self.buffer[9:12]), self.buffer[body:]))

    def connection_lost(self, exc: Exception | None) -> None:
        del exc
        self.transport = None
        self._settle(Answer(BROKEN))

    def _settle(self, answer: Answer) -> None:
        if self.answer is not None and not self.answer.done():
            self.answer.set_result(answer)


@dataclass(slots=True)
class Times:
    """What became of the requests of one kind; seconds."""

    latencies: "array[float]" = field(default_factory=lambda: array("d"))
    statuses: Counter[int] = field(default_factory=Counter)


class Crowd:
    """Everybody who asks, on one clock. Connections are shared, as by a proxy in front of the server."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.times: dict[str, Times] = {}
        self.lateness = array("d")
        self._idle: list[_Connection] = []
        self._loop = asyncio.get_running_loop()
        self._began = self._loop.time() + 0.5

    @property
    def now(self) -> float:
        """Seconds since the beginning."""
        return self._loop.time() - self._began

    async def until(self, due: float) -> None:
        """Wait for a time; at once where it is over."""
        if due > self.now:
            await asyncio.sleep(due - self.now)

    async def ask(self, title: str, due: float, sent: bytes) -> Answer:
        """Send a request when it is due, and note what became of it."""
        ready = max(due, self.now)
        await self.until(due)
        self.lateness.append(max(0.0, self.now - ready))
        answer = await self._exchange(sent)
        times = self.times.setdefault(title, Times())
        times.latencies.append(self.now - due)
        times.statuses[answer.status] += 1
        return answer

    async def _exchange(self, sent: bytes) -> Answer:
        try:
            async with asyncio.timeout(_PATIENCE_SECONDS):
                connection = await self._connected()
                answer = await connection.ask(sent)
        except (OSError, TimeoutError):
            return Answer(BROKEN)
        connection.idle_since = self._loop.time()
        self._idle.append(connection)
        return answer

    async def _connected(self) -> _Connection:
        while self._idle:
            connection = self._idle.pop()
            if connection.transport is not None and self._loop.time() - connection.idle_since < _IDLE_SECONDS:
                return connection
            if connection.transport is not None:
                connection.transport.close()
        _, made = await self._loop.create_connection(_Connection, "127.0.0.1", self.port)
        return made


class Visitor:
    """One person of the crowd: asks one thing after the other, as soon as it is due and the one before is answered."""

    def __init__(self, crowd: Crowd, bearer: str = "") -> None:
        self.crowd, self.bearer = crowd, bearer

    async def ask(self, title: str, due: float, method: str, path: str, body: object = None) -> Answer:
        """Send a request when it is due."""
        return await self.crowd.ask(title, due, request(method, path, self.bearer, body))
