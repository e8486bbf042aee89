"""The connection: uvicorn's HTTP protocol with the deadlines and limits that it lacks.

One clock per process looks at all connections twice a second; a request itself only notes when it began.

uvicorn documents none of what `httptools_impl` has. `NEEDED` lists the members that are used here; where a release
lacks one of them, or a name that is imported, importing this file raises ImportError, and `entrypoints/server.py`
serves with uvicorn's own protocol: without these deadlines and limits.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from inspect import isfunction
from typing import Any
from weakref import WeakKeyDictionary, ref

from starlette.responses import Response
from uvicorn.protocols.http.httptools_impl import (
    HEADER_RE,
    HEADER_VALUE_RE,
    STATUS_LINE,
    HttpToolsProtocol,
    RequestResponseCycle,
)
from uvicorn.server import ServerState

from studium.kit.base.ids import new_id
from studium.kit.base.metrics import HTTP_CUT
from studium.kit.base.problems import (
    PROBLEM_JSON,
    AddressTooLong,
    HeadTooLarge,
    InternalError,
    MalformedRequest,
    Overloaded,
    Problem,
    RequestTimeout,
    problem_body,
)
from studium.kit.http.answer_headers import FIXED, HSTS, NO_STORE, Header
from studium.kit.http.problem_response import PageOf
from studium.kit.http.uploads import UPLOADS

NEEDED: dict[type, tuple[str, ...]] = {
    HttpToolsProtocol: (
        *("connection_made", "data_received", "on_headers_complete", "on_body", "on_message_complete"),
        *("on_response_complete", "send_400_response", "_start_asgi_task"),
        *("loop", "server_state", "connections", "transport", "flow", "pipeline", "cycle", "scope", "url", "headers"),
    ),
    RequestResponseCycle: (
        *("send", "send_500_response", "transport", "flow", "default_headers", "message_event", "disconnected"),
        *("keep_alive", "waiting_for_100_continue", "response_started", "response_complete"),
        *("chunked_encoding", "expected_content_length"),
    ),
}


def _require_members() -> None:
    """Raise ImportError unless uvicorn's classes have, or set on their objects, what is needed."""
    for kind, names in NEEDED.items():
        used = {name for each in vars(kind).values() if isfunction(each) for name in each.__code__.co_names}
        lacking = set(names) - used - vars(kind).keys()
        if lacking:
            message = f"uvicorn's {kind.__name__} has no {', '.join(sorted(lacking))}"
            raise ImportError(message)


_require_members()

LOOK_SECONDS = 0.5
_GOODBYE_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Limits:
    """What a client may take. Times in seconds, sizes in bytes.

    `head`: from the first byte (or the connection) to the end of the headers. `body`: for a whole body; an upload has
    longer, as long as its average stays above `upload_rate`. `write`: for an answer that the client does not read.
    `linger`: for the rest of a body that was answered before it ended.
    """

    head: float = 10
    body: float = 30
    write: float = 30
    linger: float = 5
    upload_rate: int = 16 * 1024
    head_bytes: int = 32 * 1024
    headers: int = 100
    address_bytes: int = 8 * 1024
    connections: int = 4096
    pipelined: int = 16
    uploads: tuple[str, ...] = UPLOADS


class GuardedProtocol(HttpToolsProtocol):
    """A connection that is closed when its client is too slow, sends too much, or asks faster than it reads."""

    limits = Limits()
    is_secure = False
    """Whether people reach this server by https alone; the server says so when it starts."""

    page_of: PageOf | None = None
    """Makes pages for people of what is wrong with a head; the server sets it where it serves pages."""

    def __init__(self, *values: Any, **named: Any) -> None:  # noqa: ANN401 -- as uvicorn's own.
        super().__init__(*values, **named)
        self._is_reading_head = True
        self._is_reading_body = False
        self._since = 0.0
        self._size = 0
        self._unread = 0
        self._stalled_since = 0.0
        self._is_refused = False
        self._running: RequestResponseCycle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn's own.
        """Take a connection, unless there are too many."""
        super().connection_made(transport)
        self._since = self.loop.time()
        _clock_of(self.server_state).start(self.loop)
        if len(self.connections) > self.limits.connections:
            self._refuse(Overloaded(), "connections")

    def data_received(self, data: bytes) -> None:
        """Parse what came; a head that goes on and on is refused before it fills the memory."""
        if self._is_refused:
            return
        if self._is_reading_head:
            if self._size == 0:
                self._since = self.loop.time()
            self._size += len(data)
        elif self._is_reading_body:
            self._size += len(data)
        super().data_received(data)
        if self._is_reading_head and self._size > self.limits.head_bytes:
            self._refuse(HeadTooLarge(), "head")

    def on_headers_complete(self) -> None:
        """The head is whole: hand it on if it is of a decent size."""
        self._is_reading_head = False
        problem = self._head_problem()
        if problem is not None:
            self._refuse(problem, "head")
            return
        self._is_reading_body, self._size, self._since = True, 0, self.loop.time()
        super().on_headers_complete()
        if len(self.pipeline) > self.limits.pipelined:
            self._refuse(Overloaded(), "pipelined")

    def _head_problem(self) -> Problem | None:
        if len(self.url) > self.limits.address_bytes:
            return AddressTooLong()
        if len(self.headers) > self.limits.headers:
            return HeadTooLarge()
        # What came in one piece is weighed only where the piece was large.
        if self._size > self.limits.head_bytes:
            size = len(self.url) + sum(len(name) + len(value) for name, value in self.headers)
            return HeadTooLarge() if size > self.limits.head_bytes else None
        return None

    def on_body(self, body: bytes) -> None:
        """A piece of the body, unless the request was refused."""
        if not self._is_refused:
            super().on_body(body)

    def on_message_complete(self) -> None:
        """The request is whole; the next one's clock starts with its first byte."""
        self._is_reading_body, self._is_reading_head, self._size = False, True, 0
        self._since = float("inf")
        if not self._is_refused:
            super().on_message_complete()

    def send_400_response(self, msg: str) -> None:
        """Refuse what is no HTTP, in the form of every other problem."""
        del msg
        self._refuse(MalformedRequest(), "malformed")

    def look(self, now: float) -> None:
        """Close the connection if its client has had its time."""
        if self._is_stalled(now):
            HTTP_CUT.labels("unread").inc()
            self.transport.abort()
        elif self._is_refused:
            if now - self._since > _GOODBYE_SECONDS and not self._is_busy():
                self.transport.close()
        elif self._is_reading_body:
            self._look_at_body(now)
        elif now - self._since > self.limits.head:
            self._refuse(RequestTimeout(), "head_timeout")

    def _look_at_body(self, now: float) -> None:
        if self.cycle.response_complete:
            if now - self._since > self.limits.linger:
                HTTP_CUT.labels("linger").inc()
                self.transport.close()
        elif self.flow.read_paused:
            # It is us who do not read; that time is not the client's.
            self._since += LOOK_SECONDS
        elif now - self._since > self._time_for_body():
            self._refuse(RequestTimeout(), "body_timeout")

    def on_response_complete(self) -> None:
        """The answer is out: what is left of the body may come for a moment."""
        if self._is_reading_body:
            self._since = self.loop.time()
        super().on_response_complete()

    def _time_for_body(self) -> float:
        if self.scope["path"].startswith(self.limits.uploads):
            return self.limits.body + self._size / self.limits.upload_rate
        return self.limits.body

    def _is_stalled(self, now: float) -> bool:
        """Whether an answer waits that the client has not read any of for too long."""
        unread = self.transport.get_write_buffer_size()
        if unread == 0 or unread < self._unread or self._unread == 0:
            self._stalled_since = now
        self._unread = unread
        return unread > 0 and now - self._stalled_since > self.limits.write

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:  # noqa: ANN401 -- as uvicorn's own.
        cycle.__class__ = _Cycle  # uvicorn makes them itself, in the middle of a method that does more.
        self._running = cycle
        super()._start_asgi_task(cycle, app)

    def _refuse(self, problem: Problem, reason: str) -> None:
        """Read no further, and close: after our own answer, or after that to an earlier request which still runs."""
        HTTP_CUT.labels(reason).inc()
        self._is_refused, self._since = True, self.loop.time()
        self.pipeline.clear()
        running = self._running if self._is_busy() else None
        if running is not None and not (self._is_reading_body and running is self.cycle):
            running.keep_alive = False
            return
        if not (running is not None and running.response_started) and not self._is_silent(reason):
            self.transport.write(self._refusal(problem, has_head=reason == "head" and not self._is_reading_head))
        if running is not None:
            # The handler hears of a disconnect where it waits for the body.
            running.disconnected = True
            running.message_event.set()
        # Closing while the client still sends would reset the connection, and the client would never read the answer.
        if self.transport.can_write_eof() and not self.transport.is_closing():
            self.transport.write_eof()
        else:
            self.transport.close()

    def _refusal(self, problem: Problem, *, has_head: bool) -> bytes:
        """A whole answer, as the application would give it: a page for who asked for one."""
        page_of = self.page_of if has_head else None
        headers, body = _parts(problem, is_secure=self.is_secure, page_of=page_of, asked=self.headers)
        return STATUS_LINE[problem.status] + b"".join(b"%b: %b\r\n" % header for header in headers) + b"\r\n" + body

    def _is_busy(self) -> bool:
        return self._running is not None and not self._running.response_complete and not self._running.disconnected

    def _is_silent(self, reason: str) -> bool:
        """Whether a connection ran out of time without a word: there is nothing to answer."""
        return reason == "head_timeout" and self._size == 0


class _Cycle(RequestResponseCycle):
    """One request and its answer. The usual head of an answer is checked and written in one go."""

    async def send(self, message: Any) -> None:  # noqa: ANN401 -- as uvicorn's own.
        """Send a head of the usual kind, with a length and for a connection that stays; leave the rest to uvicorn."""
        headers = message.get("headers")
        is_ours = headers and self.keep_alive and not self.response_started
        if not is_ours or self.disconnected or self.flow.write_paused:
            await super().send(message)
            return
        names, values = zip(*headers, strict=True)
        length = _length_of(names, values)
        if length is None:
            await super().send(message)
            return
        self.response_started, self.waiting_for_100_continue = True, False
        self.chunked_encoding, self.expected_content_length = False, length
        lines = b"\r\n".join(map(b": ".join, (*self.default_headers, *headers)))
        self.transport.write(b"%b%b\r\n\r\n" % (STATUS_LINE[message["status"]], lines))

    async def send_500_response(self) -> None:
        """What uvicorn says where the application said nothing: a problem as every other."""
        headers, body = _parts(InternalError("Something went wrong here."), is_secure=GuardedProtocol.is_secure)
        await self.send({"type": "http.response.start", "status": InternalError.status, "headers": headers})
        await self.send({"type": "http.response.body", "body": body, "more_body": False})


def _length_of(names: tuple[bytes, ...], values: tuple[bytes, ...]) -> int | None:
    """The length that a head of the usual kind announces; None for any other, and for one that breaks out of a line."""
    if HEADER_RE.search(b"".join(names)) or HEADER_VALUE_RE.search(b"".join(values)):
        return None
    if names.count(b"content-length") != 1 or b"connection" in names or b"transfer-encoding" in names:
        return None
    return int(values[names.index(b"content-length")])


def _parts(
    problem: Problem, *, is_secure: bool, page_of: PageOf | None = None, asked: Sequence[Header] = ()
) -> tuple[list[Header], bytes]:
    """The headers and the body of an answer after which the connection closes."""
    request_id = new_id().hex
    named = {"path": "/", "query_string": b"", "state": {"request_id": request_id}}
    page = page_of({"type": "http", "method": "GET", "headers": asked, **named}, problem) if page_of else None
    if page is None:
        body = problem_body(problem, instance="", request_id=request_id)
        page = Response(body, headers=problem.headers, media_type=PROBLEM_JSON)
    names = {name for name, _ in page.raw_headers}
    headers = [
        *page.raw_headers,
        (b"connection", b"close"),
        (b"x-request-id", request_id.encode()),
        *(header for header in (NO_STORE, *FIXED) if header[0] not in names),
    ]
    return [*headers, HSTS] if is_secure else headers, bytes(page.body)


class _Clock:
    """Looks at all connections of a server as long as there are any."""

    def __init__(self, state: ServerState) -> None:
        self._state = ref(state)
        self._is_running = False

    def start(self, loop: asyncio.AbstractEventLoop) -> None:
        """Look from now on."""
        if not self._is_running:
            self._is_running = True
            loop.call_later(LOOK_SECONDS, self._look, loop)

    def _look(self, loop: asyncio.AbstractEventLoop) -> None:
        state = self._state()
        self._is_running = False
        if state is None or not state.connections:
            return
        now = loop.time()
        for connection in tuple(state.connections):
            if isinstance(connection, GuardedProtocol):
                connection.look(now)
        self.start(loop)


_clocks: WeakKeyDictionary[ServerState, _Clock] = WeakKeyDictionary()


def _clock_of(state: ServerState) -> _Clock:
    found = _clocks.get(state)
    if found is None:
        found = _clocks[state] = _Clock(state)
    return found
