"""The edge: what holds for every request, tried on a small application of its own."""

import json
import secrets
from collections.abc import AsyncIterator
from pathlib import Path

import httpx2
import pytest
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route
from starlette.types import Message, Scope
from structlog.testing import capture_logs

from studium.kit.base.config import Settings, load_settings
from studium.kit.base.logs import flush_requests
from studium.kit.base.metrics import REGISTRY
from studium.kit.http.hosts import Proxies
from studium.kit.http.middleware import MAX_BODY, EdgeMiddleware

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


async def echo(request: Request) -> Response:
    return JSONResponse({"size": len(await request.body()), **request.scope["state"]})


async def own_headers(request: Request) -> Response:
    return PlainTextResponse(
        "x", headers={"Content-Security-Policy": "sandbox", "Cache-Control": "private", "Server": "me"}
    )


async def broken(request: Request) -> Response:
    message = "hidden: /etc/studium"
    raise RuntimeError(message)


async def gone(request: Request) -> Response:
    raise ClientDisconnect


async def breaks_late(request: Request) -> Response:
    async def parts() -> AsyncIterator[bytes]:
        yield b"one"
        message = "late"
        raise RuntimeError(message)

    return StreamingResponse(parts())


async def text(request: Request) -> Response:
    return PlainTextResponse("hello")


ROUTES = [
    Route("/echo", echo, methods=["POST"]),
    Route("/api/v1/files/upload", echo, methods=["POST"]),
    Route("/things/{thing}", text),
    Route("/own", own_headers),
    Route("/broken", broken),
    Route("/gone", gone),
    Route("/late", breaks_late),
    Route("/api/v1/auth/login", text),
]


def settings_in(folder: Path, **more: object) -> Settings:
    return load_settings(data_dir=folder, secret_key=secrets.token_urlsafe(48), **more)


def edge(settings: Settings) -> EdgeMiddleware:
    # The edge goes around Starlette's own last resort here, which would raise again what the edge has answered.
    return EdgeMiddleware(Starlette(routes=ROUTES).router, settings)


def client_of(app: EdgeMiddleware, peer: str = "203.0.113.9") -> httpx2.AsyncClient:
    transport = httpx2.ASGITransport(app=app, client=(peer, 4711))
    return httpx2.AsyncClient(transport=transport, base_url="http://studium.test")


@pytest.fixture
async def client(tmp_path: Path) -> AsyncIterator[httpx2.AsyncClient]:
    async with client_of(edge(settings_in(tmp_path))) as opened:
        yield opened


@pytest.mark.parametrize("path", ["/things/1", "/nowhere", "/broken", "/own"])
async def test_every_answer_carries_the_headers(client, path: str):
    answer = await client.get(path)
    headers = answer.headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "DENY"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cross-origin-opener-policy"] == "same-origin"
    assert "camera=()" in headers["permissions-policy"]
    assert len(headers["x-request-id"]) == 32
    assert "server" not in headers
    assert "strict-transport-security" not in headers


async def test_the_policy_forbids_everything_unless_a_page_needs_something(client):
    assert (await client.get("/things/1")).headers["content-security-policy"].startswith("default-src 'none'; base-uri")
    own = await client.get("/own", headers={"Authorization": "Bearer x"})
    assert own.headers.get_list("content-security-policy") == ["sandbox"]
    assert own.headers.get_list("cache-control") == ["private"]


async def test_answers_to_somebody_are_not_stored(client):
    assert (await client.get("/things/1", headers={"Authorization": "Bearer x"})).headers["cache-control"] == "no-store"
    assert (await client.get("/api/v1/auth/login")).headers["cache-control"] == "no-store"
    assert "cache-control" not in (await client.get("/things/1")).headers


@pytest.mark.parametrize(
    ("address", "peer_scheme", "mode", "expected"),
    [
        ("https://studium.example", "http", "production", True),
        ("http://studium.example", "https", "production", True),
        ("http://studium.example", "http", "production", False),
        ("https://studium.example", "https", "development", False),
    ],
)
async def test_browsers_are_told_to_insist_on_tls(
    tmp_path, address: str, peer_scheme: str, mode: str, *, expected: bool
):
    app = edge(settings_in(tmp_path, public_base_url=address, mode=mode))
    async with client_of(app) as client:
        answer = await client.get(f"{peer_scheme}://studium.test/things/1")
    assert ("strict-transport-security" in answer.headers) is expected


async def test_a_sane_request_id_is_kept(client):
    answer = await client.post("/echo", headers={"X-Request-Id": "abc-DEF_12345"})
    assert answer.headers["x-request-id"] == "abc-DEF_12345" == answer.json()["request_id"]


@pytest.mark.parametrize(
    "name", ["short", "x" * 65, "with space in it", "line\tbreak-1", "ümlaut-12345", "<script>alert"]
)
async def test_an_odd_request_id_is_replaced(client, name: str):
    answer = await client.get("/things/1", headers={"X-Request-Id": name.encode()})
    assert len(answer.headers["x-request-id"]) == 32


@pytest.mark.parametrize(
    ("proxies", "peer", "forwarded", "expected"),
    [
        ("", "203.0.113.9", "198.51.100.1", "203.0.113.9"),
        ("10.0.0.0/8", "203.0.113.9", "198.51.100.1", "203.0.113.9"),
        ("10.0.0.0/8", "10.0.0.1", None, "10.0.0.1"),
        ("10.0.0.0/8", "10.0.0.1", "198.51.100.1", "198.51.100.1"),
        ("10.0.0.0/8", "10.0.0.1", "6.6.6.6, 198.51.100.1", "198.51.100.1"),
        ("10.0.0.0/8", "10.0.0.1", "6.6.6.6, 198.51.100.1, 10.0.0.2", "198.51.100.1"),
        ("10.0.0.0/8", "10.0.0.1", "10.0.0.3, 10.0.0.2", "10.0.0.3"),
        ("10.0.0.0/8", "10.0.0.1", "198.51.100.1:5555", "198.51.100.1"),
        ("10.0.0.0/8", "10.0.0.1", "[2001:db8::7]:5555", "2001:db8::/64"),
        ("10.0.0.0/8", "10.0.0.1", "2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("", "2001:db8:1:2:3:4:5:6", None, "2001:db8:1:2::/64"),
        ("none", "::ffff:203.0.113.9", "198.51.100.1", "203.0.113.9"),
        ("10.0.0.0/8", "::ffff:10.0.0.1", "::ffff:198.51.100.1", "198.51.100.1"),
        ("10.0.0.0/8", "10.0.0.1", "198.51.100.1, junk", "10.0.0.1"),
        ("10.0.0.0/8", "10.0.0.1", "198.51.100.1, junk, 10.0.0.2", "10.0.0.2"),
        ("10.0.0.0/8", "10.0.0.1", "", "10.0.0.1"),
        ("10.0.0.0/8, 2001:db8::/32", "2001:db8::1", "198.51.100.1", "198.51.100.1"),
    ],
)
async def test_the_callers_address_is_the_last_hop_that_can_be_believed(
    tmp_path, proxies: str, peer: str, forwarded: str | None, expected: str
):
    headers = {} if forwarded is None else {"X-Forwarded-For": forwarded}
    async with client_of(edge(settings_in(tmp_path, trusted_proxies=proxies)), peer) as client:
        answer = await client.post("/echo", headers=headers)
    assert answer.json()["client_address"] == expected


def test_several_forwarded_headers_are_one_list(tmp_path):
    proxies = Proxies(settings_in(tmp_path, trusted_proxies="10.0.0.0/8").trusted_proxies or ())
    assert proxies.client_address("10.0.0.1", [b"6.6.6.6", b"198.51.100.1"]) == "198.51.100.1"


@pytest.mark.parametrize("proxies", ["", "none", "10.0.0.0/8"])
async def test_a_forwarded_header_of_somebody_unknown_is_warned_of_once(tmp_path, proxies: str):
    with capture_logs() as seen:
        async with client_of(edge(settings_in(tmp_path, trusted_proxies=proxies)), "203.0.113.9") as client:
            for name in ("198.51.100.1", "198.51.100.2"):
                await client.post("/echo", headers={"X-Forwarded-For": name})
    (warning,) = [line for line in seen if line["log_level"] == "warning"]
    assert (warning["event"], warning["source"]) == ("forwarded header not believed", "203.0.113.9")
    assert "STUDIUM_TRUSTED_PROXIES" in warning["hint"]


async def test_a_proxy_that_is_trusted_is_not_warned_of(tmp_path):
    with capture_logs() as seen:
        async with client_of(edge(settings_in(tmp_path, trusted_proxies="10.0.0.0/8")), "10.0.0.1") as client:
            await client.post("/echo", headers={"X-Forwarded-For": "198.51.100.1"})
    assert [line for line in seen if line["log_level"] == "warning"] == []


async def chunks(total: int) -> AsyncIterator[bytes]:
    for start in range(0, total, 65_536):
        yield b"x" * min(65_536, total - start)


async def test_a_body_at_the_limit_is_taken(client):
    assert (await client.post("/echo", content=b"x" * MAX_BODY)).json()["size"] == MAX_BODY
    assert (await client.post("/echo", content=chunks(MAX_BODY))).json()["size"] == MAX_BODY


async def test_a_larger_body_is_refused_by_what_it_announces_and_by_what_it_is(client):
    for content in (b"x" * (MAX_BODY + 1), chunks(MAX_BODY + 1)):
        answer = await client.post("/echo", content=content)
        assert answer.status_code == 413
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["code"] == "body_too_large"


async def test_an_announced_flood_is_refused_before_it_is_read(tmp_path):
    async def never() -> Message:
        pytest.fail("the body was read")

    sent = await exchange(edge(settings_in(tmp_path)), "POST", "/echo", never, [(b"content-length", b"99999999999")])
    assert sent[0]["status"] == 413


@pytest.mark.parametrize("length", [b"-1", b"abc", b"", b"9" * 30, "²".encode(), b"1e9"])
async def test_a_senseless_length_is_no_defect(tmp_path, length: bytes):
    sent = await exchange(edge(settings_in(tmp_path)), "POST", "/echo", nothing, [(b"content-length", length)])
    assert sent[0]["status"] == 200


async def test_only_forms_with_files_may_be_larger(client):
    form = {"Content-Type": "multipart/form-data; boundary=x"}
    content = b"x" * (MAX_BODY + 1)
    assert (await client.post("/api/v1/files/upload", content=content, headers=form)).status_code == 200
    assert (await client.post("/api/v1/files/upload", content=content)).status_code == 413
    assert (await client.post("/echo", content=content, headers=form)).status_code == 413


async def test_uploads_have_a_limit_too(tmp_path):
    form = {"Content-Type": "multipart/form-data; boundary=x"}
    async with client_of(edge(settings_in(tmp_path, upload_max_mib=1, upload_video_max_mib=1))) as client:
        answer = await client.post("/api/v1/files/upload", content=chunks(2 * MAX_BODY + 1), headers=form)
    assert answer.status_code == 413


async def test_a_defect_is_a_problem_that_tells_nothing(client, caplog, capsys):
    answer = await client.get("/broken")
    assert answer.status_code == 500
    assert answer.json()["code"] == "internal_error"
    assert answer.json()["request_id"] == answer.headers["x-request-id"]
    assert "hidden" not in answer.text
    written = capsys.readouterr()
    assert "RuntimeError" in written.out + written.err


async def test_a_defect_in_the_middle_of_an_answer_breaks_it_off(client):
    with pytest.raises(RuntimeError, match="late"):
        await client.get("/late")


async def test_a_caller_who_left_gets_no_answer_and_is_no_defect(tmp_path):
    assert await exchange(edge(settings_in(tmp_path)), "GET", "/gone", nothing, []) == []
    assert counted("GET", "/gone", "499") == 1


async def nothing() -> Message:
    return {"type": "http.request", "body": b"", "more_body": False}


async def exchange(
    app: EdgeMiddleware, method: str, path: str, receive, headers: list[tuple[bytes, bytes]]
) -> list[Message]:
    scope: Scope = {"type": "http", "method": method, "path": path, "headers": headers, "scheme": "http"}
    scope.update(query_string=b"", client=None, server=("studium.test", 80), root_path="")
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    await app(scope, receive, send)
    return sent


@pytest.mark.parametrize(
    "path", ["/things/%00", "/things/%ff", "/things/%", "/things/%zz", "/%2e%2e/%2fetc", "//evil", "/é"]
)
async def test_no_path_is_a_defect(client, path: str):
    assert (await client.get(path)).status_code in {200, 404}


async def test_nul_in_a_path_is_not_found(client):
    answer = await client.get("/things/a%00b")
    assert answer.status_code == 404
    assert answer.json()["code"] == "not_found"


async def test_head_has_the_headers_alone(client):
    answer = await client.head("/things/1")
    assert (answer.status_code, answer.content) == (200, b"")
    assert "x-request-id" in answer.headers


def counted(method: str, route: str, status: str) -> float:
    labels = {"method": method, "route": route, "status": status}
    return REGISTRY.get_sample_value("studium_http_requests_total", labels) or 0


async def test_requests_are_counted_by_template_and_never_by_path(client):
    before = counted("GET", "/things/{thing}", "200"), counted("GET", "unmatched", "404")
    await client.get("/things/secret-path")
    await client.get("/nowhere/secret-path")
    assert (counted("GET", "/things/{thing}", "200"), counted("GET", "unmatched", "404")) == (
        before[0] + 1,
        before[1] + 1,
    )
    values = {value for metric in REGISTRY.collect() for sample in metric.samples for value in sample.labels.values()}
    assert not [value for value in values if "secret-path" in value]


async def test_an_invented_method_is_counted_as_other(client):
    before = counted("OTHER", "/things/{thing}", "405")
    await client.request("FROBNICATE", "/things/1")
    assert counted("OTHER", "/things/{thing}", "405") == before + 1
    assert counted("FROBNICATE", "/things/{thing}", "405") == 0


async def test_nothing_is_in_flight_afterwards(client):
    await client.get("/broken")
    assert REGISTRY.get_sample_value("studium_http_requests_in_flight") == 0


async def test_the_access_line_has_the_template_and_no_query(tmp_path, capsys):
    app = edge(settings_in(tmp_path, mode="production"))
    flush_requests()
    capsys.readouterr()
    async with client_of(app) as client:
        answer = await client.get("/things/1?token=hidden", headers={"Authorization": "Bearer hidden"})
    flush_requests()
    [line] = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert (line["method"], line["route"], line["status"]) == ("GET", "/things/{thing}", 200)
    assert line["request_id"] == answer.headers["x-request-id"]
    assert 0 <= line["ms"] < 10_000
    assert "hidden" not in json.dumps(line)


async def test_the_life_of_the_server_passes_through(tmp_path):
    seen = []

    async def app(scope: Scope, receive: object, send: object) -> None:
        seen.append(scope["type"])

    await EdgeMiddleware(app, settings_in(tmp_path))({"type": "lifespan"}, nothing, print)  # type: ignore[arg-type]  # not called.
    assert seen == ["lifespan"]


async def test_web_sockets_are_closed(tmp_path):
    sent: list[Message] = []

    async def connect() -> Message:
        return {"type": "websocket.connect"}

    async def send(message: Message) -> None:
        sent.append(message)

    await edge(settings_in(tmp_path))({"type": "websocket"}, connect, send)
    assert [message["type"] for message in sent] == ["websocket.close"]
