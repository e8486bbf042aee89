"""Connections that are too slow, too large or too many, on a real socket. The limits are short, the rules the same."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from time import monotonic

import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from studium.kit.base.metrics import REGISTRY
from studium.kit.http.answer_headers import FIXED
from studium.kit.http.limiters import ConcurrencyLimiter
from studium.kit.http.middleware import EdgeMiddleware
from studium.kit.http.protocol import GuardedProtocol, Limits
from tests.kit.test_middleware import settings_in

SHORT = Limits(head=0.6, body=0.8, write=0.8, linger=0.4, upload_rate=1000, connections=12, uploads=("/up",))
HEAD = b"GET /hello HTTP/1.1\r\nHost: studium.test\r\n"
POST = b"POST /size HTTP/1.1\r\nHost: studium.test\r\nContent-Length: %d\r\n\r\n"


class ShortProtocol(GuardedProtocol):
    limits = SHORT


async def hello(request: Request) -> Response:
    return PlainTextResponse("hello")


async def large(request: Request) -> Response:
    return PlainTextResponse(bytes(32 << 20))


async def size(request: Request) -> Response:
    return JSONResponse({"size": len(await request.body())})


async def endless(request: Request) -> Response:
    async def parts() -> AsyncIterator[bytes]:
        while True:
            await asyncio.sleep(0)
            yield bytes(65_536)

    return StreamingResponse(parts())


async def refuses(request: Request) -> Response:
    return PlainTextResponse("no", 413)


async def breaks_out(request: Request) -> Response:
    answer = PlainTextResponse("no")
    answer.raw_headers.append((b"x-name", b"a\r\nx-evil: 1"))
    return answer


class Stopped(BaseException):
    """What no handler of exceptions catches."""


async def stopped(request: Request) -> Response:
    raise Stopped


ROUTES = [
    Route("/breaks-out", breaks_out),
    Route("/stopped", stopped),
    Route("/hello", hello),
    Route("/large", large),
    Route("/api/v1/files/upload", size, methods=["POST"]),
    Route("/size", size, methods=["POST"]),
    Route("/up", size, methods=["POST"]),
    Route("/no", refuses, methods=["POST"]),
    Route("/endless", endless),
]


@asynccontextmanager
async def serving(
    folder: Path,
    protocol: type[GuardedProtocol] | str = ShortProtocol,
    executors: tuple[tuple[str, ConcurrencyLimiter], ...] = (),
    **settings: object,
) -> AsyncIterator[int]:
    """The port of a server of our own."""
    listening = socket.create_server(("127.0.0.1", 0))
    app = EdgeMiddleware(
        Starlette(routes=ROUTES).router, settings_in(folder, log_level="ERROR", **settings), path_limiters=executors
    )
    config = uvicorn.Config(
        app, http=protocol, ws="none", lifespan="off", timeout_keep_alive=1, log_config=None, access_log=False
    )
    server = uvicorn.Server(config)
    task = asyncio.create_task(server.serve(sockets=[listening]))
    while not server.started:
        await asyncio.sleep(0.01)
    try:
        yield int(listening.getsockname()[1])
    finally:
        server.should_exit = server.force_exit = True
        await task


@pytest.fixture
async def port(tmp_path: Path) -> AsyncIterator[int]:
    async with serving(tmp_path) as found:
        yield found


async def talk(port: int, *parts: bytes, pause: float = 0.0) -> tuple[bytes, float]:
    """Send the parts, then read until the server closes; what came, and how many seconds it took."""
    began = monotonic()
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    reading = asyncio.create_task(reader.read())
    for part in parts:
        if reading.done():
            break
        writer.write(part)
        await asyncio.sleep(pause)
    came = await reading
    writer.close()
    return came, monotonic() - began


def refusal(came: bytes) -> tuple[int, str]:
    """Status and code of a problem that has every header it should have."""
    head, _, body = came.partition(b"\r\n\r\n")
    assert b"application/problem+json" in head, came
    assert b"x-request-id: " in head
    for name, value in FIXED:
        assert head.count(b"%b: %b" % (name, value)) == 1, head
    return int(head.split()[1]), str(json.loads(body)["code"])


async def test_a_silent_connection_is_closed_without_a_word(port: int) -> None:
    came, seconds = await talk(port)
    assert came == b""
    assert 0.5 < seconds < 2.5


async def test_a_head_that_drips_is_given_up(port: int) -> None:
    came, seconds = await talk(port, HEAD, *[b"X: y\r\n"] * 50, pause=0.1)
    assert refusal(came) == (408, "request_timeout")
    assert 0.5 < seconds < 3.5


async def test_so_is_the_second_head_of_a_connection(port: int) -> None:
    came, _ = await talk(port, HEAD + b"\r\n", HEAD, *[b"X: y\r\n"] * 50, pause=0.1)
    first, _, second = came.partition(b"hello")
    assert first.startswith(b"HTTP/1.1 200")
    assert refusal(second) == (408, "request_timeout")


async def test_the_head_of_an_answer_is_whole(port: int) -> None:
    came, _ = await talk(port, HEAD + b"\r\n")
    head, _, body = came.partition(b"\r\n\r\n")
    names = [line.partition(b":")[0] for line in head.split(b"\r\n")[1:]]
    assert {b"date", b"content-length", b"content-type", b"x-request-id"} <= set(names)
    assert len(names) == len(set(names))
    assert body == b"hello"


async def test_no_header_breaks_out_of_its_line(port: int) -> None:
    came, _ = await talk(port, HEAD.replace(b"/hello", b"/breaks-out") + b"\r\n")
    assert b"x-evil" not in came


async def test_a_body_that_drips_is_given_up(port: int) -> None:
    came, seconds = await talk(port, POST % 1000, *[b"x"] * 50, pause=0.1)
    assert refusal(came) == (408, "request_timeout")
    assert 0.7 < seconds < 3.5


async def test_an_upload_has_longer_as_long_as_it_flows(port: int) -> None:
    head = (POST % 3000).replace(b"/size", b"/up").replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")
    came, seconds = await talk(port, head, *[bytes(200)] * 15, pause=0.1)
    assert b'{"size":3000}' in came
    assert seconds > SHORT.body
    came, _ = await talk(port, head, *[b"x"] * 50, pause=0.1)
    assert refusal(came) == (408, "request_timeout")


async def test_an_answer_that_nobody_reads_is_cut_off(port: int) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1024)
    before = cut("unread")
    writer.write(HEAD.replace(b"/hello", b"/endless") + b"\r\n")
    began = monotonic()
    while cut("unread") == before:
        await asyncio.sleep(0.05)
        assert monotonic() - began < 5
    writer.close()
    assert await reader.read(9) == b"HTTP/1.1 "


def cut(reason: str) -> float:
    return REGISTRY.get_sample_value("studium_http_cut_total", {"reason": reason}) or 0


async def test_the_rest_of_a_body_that_was_answered_is_not_waited_for(port: int) -> None:
    came, seconds = await talk(port, (POST % 10**9).replace(b"/size", b"/no"), *[bytes(1000)] * 40, pause=0.1)
    assert came.startswith(b"HTTP/1.1 413")
    assert seconds < 3


@pytest.mark.parametrize(
    ("request_bytes", "expected"),
    [
        (HEAD + b"X: " + b"y" * 40_000 + b"\r\n\r\n", (431, "head_too_large")),
        (HEAD + b"X: " + b"y" * 400_000, (431, "head_too_large")),
        (HEAD + b"X: y\r\n" * 101 + b"\r\n", (431, "head_too_large")),
        (HEAD.replace(b"/hello", b"/" + b"a" * 9000) + b"\r\n", (414, "address_too_long")),
        (HEAD.replace(b"/hello", b"/hello?" + b"a" * 300_000), (431, "head_too_large")),
        (b"nonsense\r\n\r\n", (400, "malformed_request")),
        (b"\x16\x03\x01\x02\x00\x01\x00", (400, "malformed_request")),
        (b"GET /hello HTTP/9.9\r\n\r\n", (400, "malformed_request")),
        (b"CONNECT studium.test:443 HTTP/1.1\r\nHost: studium.test\r\n\r\n", (400, "malformed_request")),
        (HEAD + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\nab", (400, "malformed_request")),
        (HEAD + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", (400, "malformed_request")),
        (HEAD + b"Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n", (400, "malformed_request")),
        (HEAD + b"Content-Length: +5\r\n\r\nhello", (400, "malformed_request")),
        (HEAD + b" folded: x\r\n\r\n", (400, "malformed_request")),
        (HEAD + b"Bad Name: x\r\n\r\n", (400, "malformed_request")),
    ],
    ids=lambda value: str(value[:48]),
)
async def test_what_is_too_large_or_no_http_is_refused(
    port: int, request_bytes: bytes, expected: tuple[int, str]
) -> None:
    came, seconds = await talk(port, request_bytes)
    assert refusal(came[came.rindex(b"HTTP/1.1 ") :]) == expected
    assert seconds < 2.5


async def test_so_is_an_answer_that_the_application_never_gave(port: int) -> None:
    came, _ = await talk(port, HEAD.replace(b"/hello", b"/stopped") + b"\r\n")
    assert refusal(came) == (500, "internal_error")


async def test_nonsense_after_a_request_does_not_take_its_answer_away(port: int) -> None:
    came, _ = await talk(port, POST % 9 + b"012345678" + b"nonsense\r\n\r\n")
    assert came.endswith(b'{"size":9}')
    assert came.count(b"HTTP/1.1 ") == 1


@pytest.mark.parametrize("host", [b"", b"Host: a\r\nHost: b\r\n", b"Host: \r\n", b"Host: a@b\r\n", b"Host: a/b\r\n"])
async def test_there_is_exactly_one_host(port: int, host: bytes) -> None:
    came, _ = await talk(port, b"GET /hello HTTP/1.1\r\nConnection: close\r\n" + host + b"\r\n")
    assert refusal(came) == (400, "malformed_request")


async def test_http_1_0_needs_no_host(port: int) -> None:
    assert (await talk(port, b"GET /hello HTTP/1.0\r\n\r\n"))[0].endswith(b"\r\n\r\nhello")


async def test_refusals_insist_on_tls_where_people_come_by_https(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    assert b"strict-transport-security" not in (await talk(port, b"nonsense\r\n\r\n"))[0]
    monkeypatch.setattr(GuardedProtocol, "is_secure", True)
    assert b"strict-transport-security: max-age=" in (await talk(port, b"nonsense\r\n\r\n"))[0]


async def test_an_upgrade_that_nobody_offers_is_an_ordinary_request(port: int) -> None:
    upgrade = b"Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: x\r\nSec-WebSocket-Version: 13\r\n\r\n"
    came, _ = await talk(port, HEAD + upgrade)
    assert came.startswith(b"HTTP/1.1 200")


async def test_a_large_head_that_is_decent_is_taken(port: int) -> None:
    came, _ = await talk(port, HEAD + b"Connection: close\r\nX: " + b"y" * 30_000 + b"\r\n\r\n")
    assert came.endswith(b"hello")


async def test_a_few_requests_may_be_sent_ahead_and_not_a_flood(port: int) -> None:
    came, _ = await talk(port, (HEAD + b"\r\n") * 10)
    assert came.count(b"HTTP/1.1 200") == 10
    came, _ = await talk(port, (HEAD + b"\r\n") * 1000)
    assert came.count(b"HTTP/1.1 200") < 50


async def test_connections_beyond_the_limit_are_told_so(port: int) -> None:
    opened = [await asyncio.open_connection("127.0.0.1", port) for _ in range(SHORT.connections)]
    came, _ = await talk(port)
    assert refusal(came) == (503, "overloaded")
    for _, writer in opened:
        writer.close()


async def test_deadlines_of_one_protocol_are_those_of_the_contract() -> None:
    assert (GuardedProtocol.limits.head, GuardedProtocol.limits.body) == (10, 30)
