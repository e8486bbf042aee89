"""What holds for every request, in one middleware around the application.

Request id, the caller's address, the host, concurrency limits, security headers, the limit on bodies, the last resort
for errors and for handlers that do not end, log and metrics.
"""

import asyncio
import re
from collections.abc import Iterable, Sequence
from math import inf
from time import perf_counter
from traceback import format_exc
from typing import Any
from urllib.parse import unquote_to_bytes

import structlog
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from studium.kit.base.config import Settings
from studium.kit.base.ids import new_id
from studium.kit.base.logs import Refused, access_log, flush_requests, request_id_var
from studium.kit.base.metrics import HTTP_IN_FLIGHT, UNMATCHED, count_request
from studium.kit.base.problems import (
    PROBLEM_JSON,
    BodyTooLarge,
    InternalError,
    MalformedRequest,
    NotFound,
    Overloaded,
    Problem,
    TookTooLong,
    problem_body,
)
from studium.kit.base.sources import source_of
from studium.kit.http.answer_headers import FIXED, FIXED_NAMES, HSTS, NO_STORE, Header
from studium.kit.http.bodies.intake import STREAM_BYTES, Intake
from studium.kit.http.cors import cors_options
from studium.kit.http.hosts import Hosts, Proxies
from studium.kit.http.limiters import ConcurrencyLimiter
from studium.kit.http.paths import is_plain
from studium.kit.http.problem_response import PageOf
from studium.kit.http.rate_limits import rate_limit_headers, told_limits
from studium.kit.http.uploads import COURSES, FILES, PEOPLE
from studium.kit.http.watch import Watch

MIB = 1 << 20
MAX_BODY = MIB
BAD_REQUEST = 400
CLIENT_GONE = 499
_REQUEST_ID = re.compile(rb"[A-Za-z0-9_-]{8,64}")
_NEVER_STORED = "/api/v1/auth"
_METRICS = "/metrics"
_HEALTH = frozenset({"/livez", "/readyz", _METRICS})
_ONCE = frozenset({b"authorization", b"content-type", b"idempotency-key"})
"""Headers of which two would mean two things, one of them perhaps to a proxy and the other to us."""

_log = structlog.get_logger()


class EdgeMiddleware:
    """ASGI middleware around the whole application; pure, because it is on the path of every request.

    Bodies are limited to 1 MiB, except multipart forms where files and courses are uploaded: those as the settings say.
    A larger one raises BodyTooLarge where it is read, so that a caller without a token still hears 401 first.
    `path_limiters` holds limiters by path prefix, `query_limiters` those for a query that asks for more than usual;
    other requests share one. A request takes a slot when its body is there. Health is always answered. `page_of` gives
    what is refused here the form of a page, for who asks for one.
    """

    def __init__(
        self,
        app: ASGIApp,
        settings: Settings,
        *,
        path_limiters: Sequence[tuple[str, ConcurrencyLimiter]] = (),
        query_limiters: Sequence[tuple[bytes, ConcurrencyLimiter]] = (),
        page_of: PageOf | None = None,
    ) -> None:
        self.page_of = page_of
        self.cors = cors_options(settings)
        self.app = CORSMiddleware(app, **self.cors) if self.cors else app
        files = (max(settings.upload_max_mib, settings.upload_video_max_mib) + 1) * MIB
        courses = (settings.import_max_mib + 1) * MIB
        self.uploads = dict.fromkeys(COURSES, courses) | dict.fromkeys(PEOPLE, 11 * MIB) | dict.fromkeys(FILES, files)
        self.limiter = ConcurrencyLimiter("requests", limit=settings.requests_in_flight)
        self.intake = Intake()
        self.path_limiters, self.query_limiters = tuple(path_limiters), tuple(query_limiters)
        self.prefixes = tuple(prefix for prefix, _ in path_limiters)
        self.problem_with_host = Hosts(settings.trusted_hosts).problem_with
        self.watch = Watch()
        self.proxies = Proxies(settings.trusted_proxies or ())
        self.access_log = access_log(settings)
        self.metrics_port = settings.metrics_port
        self.strict_transport = settings.is_production
        self.always_secure = settings.public_base_url.startswith("https://")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer HTTP, close web sockets (there are none), and let the life of the server pass."""
        if scope["type"] == "http":
            await _Exchange(self, scope, receive, send).run()
        elif scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.close", "code": 1000})
        else:
            await self.app(scope, receive, send)
            flush_requests()

    def limiter_for(self, path: str, query: bytes) -> ConcurrencyLimiter:
        """The limiter that a request for this address goes through."""
        if query:
            plain = unquote_to_bytes(query)
            for part, limiter in self.query_limiters:
                if part in plain:
                    return limiter
        if path.startswith(self.prefixes):
            return next(limiter for prefix, limiter in self.path_limiters if path.startswith(prefix))
        return self.limiter


class _Exchange:
    """One request and its answer."""

    __slots__ = (
        "authorized",
        "edge",
        "forwarded",
        "has_body",
        "host",
        "hosts",
        "is_ambiguous",
        "is_head",
        "is_inside",
        "is_upload",
        "left",
        "length",
        "limiter",
        "multipart",
        "parts",
        "receive_raw",
        "request_id",
        "scope",
        "send_raw",
        "since",
        "started",
        "status",
        "task",
        "verdict",
    )

    def __init__(self, edge: EdgeMiddleware, scope: Scope, receive: Receive, send: Send) -> None:
        self.edge, self.scope, self.receive_raw, self.send_raw = edge, scope, receive, send
        self.is_head = scope["method"] == "HEAD"
        if self.is_head:
            # Whatever answers GET answers HEAD too, and only the headers of it leave.
            self.scope = {**scope, "method": "GET"}
        self.status = CLIENT_GONE
        self.started = self.authorized = self.multipart = self.has_body = self.is_inside = self.is_upload = False
        self.verdict: Problem | None = None
        self.parts: list[bytes] = []
        self.request_id = self.host = b""
        self.hosts = 0
        self.task = asyncio.current_task()
        self.forwarded: list[bytes] = []
        self.length = 0

    async def run(self) -> None:
        """Answer, whatever happens, then log and count."""
        began = self.since = perf_counter()
        self._read_headers()
        self._describe_caller()
        self.left = self._body_limit()
        name = self.request_id.decode()
        mark = request_id_var.set(name)
        told_limits.set(None)
        HTTP_IN_FLIGHT.inc()
        self.edge.watch.add(self)
        try:
            await self._answer()
        finally:
            self.edge.watch.running.discard(self)
            self.edge.intake.release(self)
            HTTP_IN_FLIGHT.dec()
            seconds = perf_counter() - began
            route = getattr(self.scope.get("route"), "path", None) or UNMATCHED
            method = "HEAD" if self.is_head else self.scope["method"]
            count_request(method, route, self.status, seconds)
            self.edge.access_log(method[:20], route, self.status, round(seconds * 1000, 2), self._refused())
            request_id_var.reset(mark)

    def _refused(self) -> Refused | None:
        """Who was refused, and from where; None where nobody was."""
        if self.status < BAD_REQUEST:
            return None
        state: dict[str, Any] = self.scope["state"]
        actor_id = state.get("actor_id")
        return None if actor_id is None else str(actor_id), state["client_address"]

    async def _answer(self) -> None:
        try:
            await self._enter()
        except ClientDisconnect:
            return
        except asyncio.CancelledError:
            # By ourselves, or by the server, which stops and has waited long enough.
            verdict = self.verdict
            if verdict is not None and self.task is not None:
                self.task.uncancel()
            if self.started:
                raise
            await self._refuse(verdict or TookTooLong())
            if verdict is None:
                raise
        except Exception as error:
            if not isinstance(error, Problem):
                # The text is made here, because a renderer may show local values, and passwords are among them.
                _log.error("unhandled error", exception=format_exc())
            if self.started:
                raise
            await self._refuse(error if isinstance(error, Problem) else InternalError("Something went wrong here."))

    async def _enter(self) -> None:
        """Go through the limiter, if the request may come in at all."""
        path = self.scope["path"]
        if not is_plain(path, self.scope.get("raw_path") or b"") or self._is_on_wrong_port(path):
            raise NotFound
        if path in _HEALTH:
            await self.edge.app(self.scope, self.receive, self.send)
            return
        self._check_head()
        self.limiter = self.edge.limiter_for(path, self.scope["query_string"])
        try:
            if self.is_upload:
                self.edge.intake.add(self, STREAM_BYTES)
            else:
                await self._take_in()
                await self._go_in()
            await self.edge.app(self.scope, self.receive, self.send)
        finally:
            self._go_out()

    async def _take_in(self) -> None:
        """Wait for the body, if there is one of a size that may be."""
        more = self.has_body
        while more and 0 <= self.length <= self.left:
            message = await self._next()
            if message["type"] == "http.disconnect":
                raise ClientDisconnect
            part, more = message.get("body", b""), message.get("more_body", False)
            self.left -= len(part)
            self.length = max(0, self.length - len(part))
            self.edge.intake.add(self, len(part))
            self.parts.append(part)

    async def _go_in(self) -> None:
        if not self.limiter.try_enter():
            await self.limiter.wait()
        self.is_inside = True
        self.edge.intake.release(self)

    def _go_out(self) -> None:
        if self.is_inside:
            self.is_inside = False
            self.limiter.leave()

    def give_up(self) -> None:
        """Make room for others: see `Intake`."""
        self.end(Overloaded())

    def end(self, verdict: Problem) -> None:
        """Stop working and answer so, from outside."""
        if self.verdict is None and self.task is not None:
            self.since, self.verdict = inf, verdict
            self.task.cancel()

    def _is_on_wrong_port(self, path: str) -> bool:
        """Whether metrics have a port of their own, and this is another address there, or they elsewhere."""
        port = self.edge.metrics_port
        return port != 0 and (path == _METRICS) != ((self.scope.get("server") or ("", 0))[1] == port)

    def _check_head(self) -> None:
        """Exactly one Host, of a sane form, that is ours (HTTP/1.0 may come without); nothing ambiguous."""
        if self.hosts > 1 or (self.hosts == 0 and self.scope.get("http_version") == "1.1"):
            raise MalformedRequest
        if self.is_ambiguous:
            message = "A header that may come once came twice."
            raise MalformedRequest(message)
        problem = self.edge.problem_with_host(self.host) if self.hosts else None
        if problem is not None:
            raise problem

    async def _refuse(self, problem: Problem) -> None:
        response = None if self.edge.page_of is None else self.edge.page_of(self.scope, problem)
        if response is None:
            body = problem_body(problem, instance=self.scope["path"], request_id=self.request_id.decode())
            response = Response(body, problem.status, headers=problem.headers, media_type=PROBLEM_JSON)
        # A browser shows an answer of ours to a page of another origin only with the headers that allow it.
        answer: ASGIApp = CORSMiddleware(response, **self.edge.cors) if self.edge.cors else response
        await answer(self.scope, self.receive, self.send)

    def _read_headers(self) -> None:
        once = [name for name, _ in self.scope["headers"] if name in _ONCE]
        for name, value in self.scope["headers"]:
            if name == b"authorization":
                self.authorized = True
            elif name == b"host":
                self.host = value
                self.hosts += 1
            elif name == b"x-request-id":
                self.request_id = value
            elif name == b"x-forwarded-for":
                self.forwarded.append(value)
            elif name == b"content-length":
                self.has_body = value != b"0"
                self.length = int(value) if value.isdigit() and len(value) < 20 else 0  # noqa: PLR2004 -- digits of 2⁶⁴
            elif name == b"transfer-encoding":
                self.has_body = True
            elif name == b"content-type":
                self.multipart = value[:10].lower() == b"multipart/"
        self.is_ambiguous = len(once) > len(set(once))
        if not _REQUEST_ID.fullmatch(self.request_id):
            self.request_id = new_id().hex.encode()

    def _describe_caller(self) -> None:
        peer = self.scope.get("client") or ("", 0)
        state: dict[str, Any] = self.scope.setdefault("state", {})
        state["request_id"] = self.request_id.decode()
        state["client_address"] = source_of(self.edge.proxies.client_address(peer[0], self.forwarded))

    def _body_limit(self) -> int:
        if not self.multipart:
            return MAX_BODY
        path: str = self.scope["path"]
        found = next((most for start, most in self.edge.uploads.items() if path.startswith(start)), None)
        self.is_upload = found is not None
        return found or MAX_BODY

    async def receive(self) -> Message:
        """The next part of the body; raise BodyTooLarge when there is more than allowed, or more is announced."""
        if not self.started and (self.left < 0 or self.length > self.left):
            raise BodyTooLarge
        if self.parts:
            body, self.parts = b"".join(self.parts), []
            return {"type": "http.request", "body": body, "more_body": False}
        message = await self._next()
        if message["type"] == "http.request" and not self.started:
            size = len(message.get("body", b""))
            self.left -= size
            self.length = max(0, self.length - size)
            if self.left < 0:
                raise BodyTooLarge
            if self.is_upload and not message.get("more_body") and not self.is_inside:
                await self._go_in()
        return message

    async def _next(self) -> Message:
        """What the connection brings next. How long that takes is not the handler's time."""
        self.since = inf
        message = await self.receive_raw()
        self.since = perf_counter()
        return message

    async def send(self, message: Message) -> None:
        """Pass the answer on, with the headers that every answer carries."""
        if message["type"] == "http.response.start":
            self.started = True
            self.status = message["status"]
            message["headers"] = self._headers(message.get("headers", ()))
            await self.send_raw(message)
            return
        if self.is_head:
            await self.send_raw({"type": "http.response.body", "body": b""})
            if message.get("more_body"):
                # Nobody waits for the rest, so whoever would read it from a disk need not.
                raise ClientDisconnect
            return
        if not message.get("more_body"):
            # How slowly its reader takes the last of it is nobody else's business.
            self._go_out()
        self.since = inf
        await self.send_raw(message)
        self.since = perf_counter()

    def _headers(self, given: Iterable[Header]) -> list[Header]:
        """The route's own headers, then ours where the route said nothing."""
        headers = [header for header in given if header[0] != b"server"]
        names = {name for name, _ in headers}
        headers.append((b"x-request-id", self.request_id))
        headers += FIXED if names.isdisjoint(FIXED_NAMES) else [each for each in FIXED if each[0] not in names]
        if b"cache-control" not in names and (self.authorized or self.scope["path"].startswith(_NEVER_STORED)):
            headers.append(NO_STORE)
        limits = told_limits.get()
        if limits is not None:
            headers.extend(rate_limit_headers(limits))
        if self.edge.strict_transport and (self.edge.always_secure or self.scope.get("scheme") == "https"):
            headers.append(HSTS)
        return headers
