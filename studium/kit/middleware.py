"""The edge: everything that holds for every request, in one pass around the application.

Request id, the caller's address, security headers, the limit on bodies, the last resort for errors, log and metrics.
"""

import re
from collections.abc import Iterable
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from time import perf_counter
from traceback import format_exc
from typing import Any

import structlog
from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from studium.kit.config import Settings
from studium.kit.ids import new_id
from studium.kit.logs import access_log, request_id_var
from studium.kit.metrics import HTTP_IN_FLIGHT, UNMATCHED, count_request
from studium.kit.problems import PROBLEM_JSON, BodyTooLarge, InternalError, NotFound, Problem, problem_body

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
_log = structlog.get_logger()
Header = tuple[bytes, bytes]


class Edge:
    """ASGI middleware around the whole application; pure, because it is on the path of every request.

    Bodies are limited to 1 MiB, except multipart forms where files and courses are uploaded: those as the settings say.
    A larger one raises BodyTooLarge where it is read, so that a caller without a token still hears 401 first.
    """

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self.app = app
        self.uploads = {
            "/api/v1/files": (max(settings.upload_max_mib, settings.upload_video_max_mib) + 1) * MIB,
            "/api/v1/courses/import": (settings.import_max_mib + 1) * MIB,
        }
        self.proxies = Proxies(settings.trusted_proxies)
        self.access_log = access_log(settings)
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


class Proxies:
    """The proxies whose `X-Forwarded-For` is believed."""

    def __init__(self, networks: Iterable[IPv4Network | IPv6Network]) -> None:
        self._networks = tuple(networks)
        self._trusts = lru_cache(maxsize=4096)(self._find)

    def client_address(self, peer: str, forwarded: list[bytes]) -> str:
        """The right-most hop that is no trusted proxy, or the peer itself. A hop that cannot be read ends the walk."""
        if not self._networks or not forwarded or not self._trusts(peer):
            return peer
        address = peer
        for hop in reversed(b",".join(forwarded).split(b",")):
            found = _address_of(hop.decode("latin-1").strip())
            if found is None:
                break
            address = str(found)
            if not self._trusts(address):
                break
        return address

    def _find(self, text: str) -> bool:
        address = _address_of(text)
        return address is not None and any(address in network for network in self._networks)


class _Exchange:
    """One request and its answer."""

    __slots__ = (
        "authorized",
        "edge",
        "forwarded",
        "left",
        "length",
        "multipart",
        "receive_raw",
        "request_id",
        "scope",
        "send_raw",
        "started",
        "status",
    )

    def __init__(self, edge: Edge, scope: Scope, receive: Receive, send: Send) -> None:
        self.edge, self.scope, self.receive_raw, self.send_raw = edge, scope, receive, send
        self.status = CLIENT_GONE
        self.started = self.authorized = self.multipart = False
        self.request_id = b""
        self.forwarded: list[bytes] = []
        self.length = 0

    async def run(self) -> None:
        """Answer, whatever happens, then log and count."""
        began = perf_counter()
        self._read_headers()
        self._describe_caller()
        self.left = self._body_limit()
        name = self.request_id.decode()
        mark = request_id_var.set(name)
        HTTP_IN_FLIGHT.inc()
        try:
            await self._answer()
        finally:
            HTTP_IN_FLIGHT.dec()
            seconds = perf_counter() - began
            route = getattr(self.scope.get("route"), "path", None) or UNMATCHED
            method = self.scope["method"]
            count_request(method, route, self.status, seconds)
            self.edge.access_log(method[:20], route, self.status, round(seconds * 1000, 2))
            request_id_var.reset(mark)

    async def _answer(self) -> None:
        try:
            if "\x00" in self.scope["path"]:
                raise NotFound  # noqa: TRY301 -- no address holds NUL, and no database may be asked for one.
            await self.edge.app(self.scope, self.receive, self.send)
        except ClientDisconnect:
            return
        except Exception as error:
            if not isinstance(error, Problem):
                # The text is made here, because a renderer may show local values, and passwords are among them.
                _log.error("unhandled error", exception=format_exc())
            if self.started:
                raise
            await self._refuse(error if isinstance(error, Problem) else InternalError("Something went wrong here."))

    async def _refuse(self, problem: Problem) -> None:
        body = problem_body(problem, instance=self.scope["path"], request_id=self.request_id.decode())
        response = Response(body, problem.status, headers=problem.headers, media_type=PROBLEM_JSON)
        await response(self.scope, self.receive, self.send)

    def _read_headers(self) -> None:
        for name, value in self.scope["headers"]:
            if name == b"authorization":
                self.authorized = True
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
        message = await self.receive_raw()
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
        if self.edge.strict_transport and (self.edge.always_secure or self.scope.get("scheme") == "https"):
            headers.append(_HSTS)
        return headers


@lru_cache(maxsize=4096)
def _address_of(text: str) -> IPv4Address | IPv6Address | None:
    """The address in a hop (`192.0.2.1`, `192.0.2.1:80`, `[2001:db8::1]:80`), IPv4 in IPv6 unwrapped, or None."""
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    return (address.ipv4_mapped if isinstance(address, IPv6Address) else None) or address
