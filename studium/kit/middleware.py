"""The edge: everything that holds for every request, in one pass around the application.

Request id, the caller's address, the host, room in a gate, security headers, the limit on bodies, the last resort for
errors and for handlers that do not end, log and metrics.
"""

import asyncio
import re
from collections.abc import Iterable, Sequence
from math import inf
from time import perf_counter
from traceback import format_exc
from typing import Any

import structlog
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from studium.kit.config import Settings
from studium.kit.gates import Gate
from studium.kit.hosts import Hosts, Proxies
from studium.kit.ids import new_id
from studium.kit.logs import access_log, request_id_var
from studium.kit.metrics import HTTP_IN_FLIGHT, UNMATCHED, count_request
from studium.kit.problems import (
    PROBLEM_JSON,
    BodyTooLarge,
    InternalError,
    MalformedRequest,
    NotFound,
    Problem,
    TookTooLong,
    problem_body,
)
from studium.kit.rate_limits import rate_limit_headers, told_limits

MIB = 1 << 20
MAX_BODY = MIB
CLIENT_GONE = 499
_REQUEST_ID = re.compile(rb"[A-Za-z0-9_-]{8,64}")
_API_POLICY = b"default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
_FIXED = (
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"permissions-policy", b"camera=(), geolocation=(), microphone=()"),
    (b"cross-origin-opener-policy", b"same-origin"),
)
_POLICY = b"content-security-policy"
_NO_STORE = (b"cache-control", b"no-store")
_HSTS = (b"strict-transport-security", b"max-age=31536000; includeSubDomains")
_NEVER_STORED = "/api/v1/auth"
_HEALTH = frozenset({"/livez", "/readyz", "/metrics"})
HANDLER_SECONDS = 30.0
"""How long a handler may work by itself, not counting the time in which it waits for the body or for the reader."""

_LOOK_SECONDS = 1.0
_EXPOSED = (  # What a page of another origin may read.
    "ETag",
    "Idempotency-Replayed",
    "Link",
    "Location",
    "RateLimit",
    "RateLimit-Policy",
    "Retry-After",
    "X-Request-Id",
)
_log = structlog.get_logger()
Header = tuple[bytes, bytes]


class Edge:
    """ASGI middleware around the whole application; pure, because it is on the path of every request.

    Bodies are limited to 1 MiB, except multipart forms where files and courses are uploaded: those as the settings say.
    A larger one raises BodyTooLarge where it is read, so that a caller without a token still hears 401 first.
    `lanes` are gates for the addresses that begin so; everything else shares one. Health is always answered.
    """

    def __init__(
        self,
        app: ASGIApp,
        settings: Settings,
        *,
        lanes: Sequence[tuple[str, Gate]] = (),
    ) -> None:
        self.cors = _cors(settings)
        self.app = CORSMiddleware(app, **self.cors) if self.cors else app
        self.uploads = {
            "/api/v1/files": (max(settings.upload_max_mib, settings.upload_video_max_mib) + 1) * MIB,
            "/api/v1/courses/import": (settings.import_max_mib + 1) * MIB,
        }
        self.gate = Gate("requests", limit=settings.requests_in_flight, queue=settings.requests_in_flight)
        self.lanes = tuple(lanes)
        self.prefixes = tuple(prefix for prefix, _ in lanes)
        self.problem_with_host = Hosts(settings.trusted_hosts).problem_with
        self.watch = _Watch()
        self.proxies = Proxies(settings.trusted_proxies)
        self.access_log = access_log(settings)
        self.strict_transport = settings.is_production
        self.always_secure = settings.public_base_url.startswith("https://")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer HTTP, close web sockets (there are none), and let the life of the server pass."""
        if scope["type"] == "http":
            if scope["method"] == "HEAD":
                # Asked for like GET, as RFC 9110 (9.3.2) has it; the server, which knows better, leaves out the body.
                scope = {**scope, "method": "GET"}
            await _Exchange(self, scope, receive, send).run()
        elif scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.close", "code": 1000})
        else:
            await self.app(scope, receive, send)

    def gate_for(self, path: str) -> Gate:
        """The gate that a request for this address goes through."""
        if path.startswith(self.prefixes):
            return next(gate for prefix, gate in self.lanes if path.startswith(prefix))
        return self.gate


class _Watch:
    """Ends handlers that work for too long. It looks once a second, so that a request costs no timer of its own."""

    def __init__(self) -> None:
        self.running: set[_Exchange] = set()
        self._is_looking = False

    def add(self, exchange: "_Exchange") -> None:
        """Watch an exchange until `running` holds it no more."""
        self.running.add(exchange)
        if not self._is_looking:
            self._is_looking = True
            asyncio.get_running_loop().call_later(_LOOK_SECONDS, self._look)

    def _look(self) -> None:
        latest = perf_counter() - HANDLER_SECONDS
        for exchange in self.running:
            if exchange.since < latest and exchange.task is not None:
                exchange.since, exchange.is_late = inf, True
                exchange.task.cancel()
        self._is_looking = bool(self.running)
        if self._is_looking:
            asyncio.get_running_loop().call_later(_LOOK_SECONDS, self._look)


class _Exchange:
    """One request and its answer."""

    __slots__ = (
        "authorized",
        "edge",
        "forwarded",
        "host",
        "hosts",
        "is_late",
        "left",
        "length",
        "multipart",
        "receive_raw",
        "request_id",
        "scope",
        "send_raw",
        "since",
        "started",
        "status",
        "task",
    )

    def __init__(self, edge: Edge, scope: Scope, receive: Receive, send: Send) -> None:
        self.edge, self.scope, self.receive_raw, self.send_raw = edge, scope, receive, send
        self.status = CLIENT_GONE
        self.started = self.authorized = self.multipart = self.is_late = False
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
            HTTP_IN_FLIGHT.dec()
            seconds = perf_counter() - began
            route = getattr(self.scope.get("route"), "path", None) or UNMATCHED
            method = self.scope["method"]
            count_request(method, route, self.status, seconds)
            self.edge.access_log(method[:20], route, self.status, round(seconds * 1000, 2))
            request_id_var.reset(mark)

    async def _answer(self) -> None:
        try:
            await self._enter()
        except ClientDisconnect:
            return
        except asyncio.CancelledError:
            # By our own watch, or by the server, which stops and has waited long enough.
            if self.is_late and self.task is not None:
                self.task.uncancel()
            if self.started:
                raise
            await self._refuse(TookTooLong())
            if not self.is_late:
                raise
        except Exception as error:
            if not isinstance(error, Problem):
                # The text is made here, because a renderer may show local values, and passwords are among them.
                _log.error("unhandled error", exception=format_exc())
            if self.started:
                raise
            await self._refuse(error if isinstance(error, Problem) else InternalError("Something went wrong here."))

    async def _enter(self) -> None:
        """Go through the gate, if the request may come in at all."""
        path = self.scope["path"]
        if path in _HEALTH:
            await self.edge.app(self.scope, self.receive, self.send)
            return
        self._check_host()
        if "\x00" in path:
            raise NotFound  # no address holds NUL, and no database may be asked for one.
        gate = self.edge.gate_for(path)
        if not gate.try_enter():
            await gate.wait()
        try:
            await self.edge.app(self.scope, self.receive, self.send)
        finally:
            gate.leave()

    def _check_host(self) -> None:
        """Exactly one Host, of a sane form, that is ours; HTTP/1.0 may come without."""
        if self.hosts > 1 or (self.hosts == 0 and self.scope.get("http_version") == "1.1"):
            raise MalformedRequest
        problem = self.edge.problem_with_host(self.host) if self.hosts else None
        if problem is not None:
            raise problem

    async def _refuse(self, problem: Problem) -> None:
        body = problem_body(problem, instance=self.scope["path"], request_id=self.request_id.decode())
        response = Response(body, problem.status, headers=problem.headers, media_type=PROBLEM_JSON)
        # A browser shows an answer of ours to a page of another origin only with the headers that allow it.
        answer: ASGIApp = CORSMiddleware(response, **self.edge.cors) if self.edge.cors else response
        await answer(self.scope, self.receive, self.send)

    def _read_headers(self) -> None:
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
                self.length = int(value) if value.isdigit() and len(value) < 20 else 0  # noqa: PLR2004 -- digits of 2⁶⁴
            elif name == b"content-type":
                self.multipart = value[:10].lower() == b"multipart/"
        if not _REQUEST_ID.fullmatch(self.request_id):
            self.request_id = new_id().hex.encode()

    def _describe_caller(self) -> None:
        peer = self.scope.get("client") or ("", 0)
        state: dict[str, Any] = self.scope.setdefault("state", {})
        state["request_id"] = self.request_id.decode()
        state["client_address"] = self.edge.proxies.client_address(peer[0], self.forwarded)

    def _body_limit(self) -> int:
        if not self.multipart:
            return MAX_BODY
        path: str = self.scope["path"]
        return next((most for start, most in self.edge.uploads.items() if path.startswith(start)), MAX_BODY)

    async def receive(self) -> Message:
        """The next part of the body; raise BodyTooLarge when there is more than allowed, or more is announced."""
        if self.length > self.left and not self.started:
            raise BodyTooLarge
        self.since = inf
        message = await self.receive_raw()
        self.since = perf_counter()
        if message["type"] == "http.request" and not self.started:
            size = len(message.get("body", b""))
            self.left -= size
            self.length = max(0, self.length - size)
            if self.left < 0:
                raise BodyTooLarge
        return message

    async def send(self, message: Message) -> None:
        """Pass the answer on, with the headers that every answer carries."""
        if message["type"] == "http.response.start":
            self.started = True
            self.status = message["status"]
            message["headers"] = self._headers(message.get("headers", ()))
            await self.send_raw(message)
            return
        self.since = inf
        await self.send_raw(message)
        self.since = perf_counter()

    def _headers(self, given: Iterable[Header]) -> list[Header]:
        """The route's own headers, then ours where the route said nothing."""
        headers = [header for header in given if header[0] != b"server"]
        names = {name for name, _ in headers}
        headers.append((b"x-request-id", self.request_id))
        headers.extend(header for header in _FIXED if header[0] not in names)
        path = self.scope["path"]
        if _POLICY not in names:
            headers.append((_POLICY, _API_POLICY))
        if b"cache-control" not in names and (self.authorized or path.startswith(_NEVER_STORED)):
            headers.append(_NO_STORE)
        limits = told_limits.get()
        if limits is not None:
            headers.extend(rate_limit_headers(limits))
        if self.edge.strict_transport and (self.edge.always_secure or self.scope.get("scheme") == "https"):
            headers.append(_HSTS)
        return headers


def _cors(settings: Settings) -> dict[str, Any]:
    """What pages of other origins may do: nothing where none are named. Tokens travel in a header, not in a cookie."""
    if not settings.cors_origins:
        return {}
    return {
        "allow_origins": settings.cors_origins,
        "allow_methods": ("GET", "HEAD", "POST", "PATCH", "DELETE"),
        "allow_headers": (
            "Authorization",
            "Content-Type",
            "Idempotency-Key",
            "If-Match",
            "If-None-Match",
            "Range",
            "X-Request-Id",
        ),
        "expose_headers": _EXPOSED,
        "max_age": 3600,
    }
