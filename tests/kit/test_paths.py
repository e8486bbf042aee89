"""One spelling for each address: what hides one from a proxy's rule reaches no route."""

from collections.abc import AsyncIterator
from pathlib import Path
from string import ascii_letters, digits

import httpx2
import pytest
from fastapi.routing import APIRoute
from starlette.routing import Route

from studium.app import create_app
from studium.kit.http.paths import is_plain
from tests.kit.test_middleware import settings_in
from tests.world import World

DISGUISED = [*ascii_letters, *digits, *"-._/\\"]
CONTROL = [*map(chr, range(0x20)), "\x7f", "\x85", "\u2028"]


def encoded(text: str) -> str:
    return "".join(f"%{byte:02x}" for byte in text.encode())


@pytest.mark.parametrize("path", ["/metrics%0A", "/metrics%0a", "/%6Detrics", "/%2Fmetrics", "/x/..%2fmetrics"])
async def test_metrics_have_one_spelling(world: World, path: str) -> None:
    assert (await world.client.get("http://test/metrics")).status_code == 200
    answer = await world.client.get(f"http://test{path}")
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_no_route_is_reached_by_another_spelling(world: World) -> None:
    """Every route, with its last letter encoded, with a line feed at its end, and with a separator encoded."""
    routes = [route for route in world.app.router.routes if isinstance(route, (APIRoute, Route))]
    assert len(routes) > 100
    # The first page is a slash alone: encoded, it is no address at all.
    for route in (route for route in routes if route.path != "/"):
        path = route.path.replace("{", "").replace("}", "")
        spellings = path[:-1] + encoded(path[-1]), f"{path}%0A", f"{path}%00", path[0] + path[1:].replace("/", "%2F", 1)
        for spelling in spellings:
            if spelling == path:
                continue
            for method in route.methods or {"GET"}:
                answer = await world.client.request(method, f"http://test{spelling}")
                assert answer.status_code == 404, (method, spelling)


@pytest.mark.parametrize("sign", [*DISGUISED, *CONTROL])
def test_what_needs_no_encoding_or_is_no_sign_is_not_plain(sign: str) -> None:
    raw = f"/a{encoded(sign)}b".encode()
    assert not is_plain(f"/a{sign}b", raw)
    assert not is_plain(f"/a{sign}b", raw.upper())


@pytest.mark.parametrize("text", ["é", "课程", " ", "%", "~", "+", "'", "@", ":"])
def test_what_needs_encoding_is_plain(text: str) -> None:
    assert is_plain(f"/a/{text}", b"/a/" + encoded(text).encode())


@pytest.fixture
async def two_ports(tmp_path: Path) -> AsyncIterator[httpx2.AsyncClient]:
    app = create_app(settings_in(tmp_path, metrics_port=9100, log_level="ERROR"))
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app)) as client:
        yield client


async def test_metrics_on_a_port_of_their_own_are_nowhere_else(two_ports: httpx2.AsyncClient) -> None:
    metrics, page = "http://test:9100", "http://test:8000"
    answer = await two_ports.get(f"{metrics}/metrics")
    assert answer.status_code == 200
    assert "studium_http_requests_in_flight" in answer.text
    assert (await two_ports.get(f"{page}/metrics")).status_code == 404
    assert (await two_ports.get(f"{page}/livez")).status_code == 200
    for path in ("/livez", "/readyz", "/docs", "/openapi.json", "/api/v1/courses"):
        assert (await two_ports.get(f"{metrics}{path}")).status_code == 404
    # The port is that of the connection, whatever the request says.
    asked = {"Host": "test:9100", "X-Forwarded-Port": "9100"}
    assert (await two_ports.get(f"{page}/metrics", headers=asked)).status_code == 404
