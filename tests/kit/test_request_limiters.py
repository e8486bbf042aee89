"""Who may come in, and how many at once: hosts, other origins, gates, handlers that do not end."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from time import monotonic

import httpx2
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from studium.kit.base.config import SettingsError
from studium.kit.base.problems import Overloaded
from studium.kit.http import watch
from studium.kit.http.limiters import ConcurrencyLimiter
from studium.kit.http.middleware import EdgeMiddleware
from tests.kit.test_middleware import client_of, settings_in

PAGE = "https://app.example.org"


class Doors:
    """Handlers that end when the test says so."""

    def __init__(self) -> None:
        self.inside, self.open = 0, asyncio.Event()

    async def slow(self, request: Request) -> Response:
        del request
        self.inside += 1
        await self.open.wait()
        return PlainTextResponse("done")

    async def quick(self, request: Request) -> Response:
        del request
        return PlainTextResponse("quick")


@asynccontextmanager
async def edge(
    folder: Path, executors: tuple[tuple[str, ConcurrencyLimiter], ...] = (), **settings: object
) -> AsyncIterator[tuple[httpx2.AsyncClient, Doors]]:
    doors = Doors()
    paths = ("/slow", "/lane/slow"), ("/quick", "/lane/quick", "/livez")
    routes = [Route(path, doors.slow) for path in paths[0]] + [Route(path, doors.quick) for path in paths[1]]
    app = EdgeMiddleware(Starlette(routes=routes).router, settings_in(folder, **settings), path_limiters=executors)
    async with client_of(app) as client:
        yield client, doors


async def until(true: object) -> None:
    while not true():  # type: ignore[operator]  # any callable without arguments.
        await asyncio.sleep(0.005)


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("school.example", 200),
        ("SCHOOL.example:8000", 200),
        ("a.learn.example", 200),
        ("learn.example", 400),
        ("evil.example", 400),
        ("school.example.evil.example", 400),
        ("evillearn.example", 400),
        ("a b", 400),
    ],
)
async def test_only_our_own_hosts_are_served(tmp_path: Path, host: str, status: int) -> None:
    async with edge(tmp_path, trusted_hosts="school.example, *.learn.example") as (client, _):
        answer = await client.get("/quick", headers={"Host": host})
        assert answer.status_code == status
        assert host not in answer.text
        assert (await client.get("/livez", headers={"Host": "10.0.0.7:8000"})).status_code == 200


async def test_any_host_will_do_where_none_is_named(tmp_path: Path) -> None:
    async with edge(tmp_path) as (client, _):
        assert (await client.get("/quick", headers={"Host": "whatever.example"})).status_code == 200


@pytest.mark.parametrize(
    "wrong", [{"trusted_hosts": "https://a.example"}, {"cors_origins": "*"}, {"cors_origins": "a.b"}]
)
def test_wrong_names_stop_the_start(tmp_path: Path, wrong: dict[str, str]) -> None:
    with pytest.raises(SettingsError, match=next(iter(wrong)).upper()):
        settings_in(tmp_path, **wrong)


async def test_pages_of_a_named_origin_may_call(tmp_path: Path) -> None:
    async with edge(tmp_path, cors_origins=PAGE) as (client, _):
        asked = {"Origin": PAGE, "Access-Control-Request-Method": "PATCH", "Access-Control-Request-Headers": "If-Match"}
        preflight = await client.options("/quick", headers=asked)
        assert preflight.status_code == 200
        assert preflight.headers["access-control-allow-origin"] == PAGE
        assert "PATCH" in preflight.headers["access-control-allow-methods"]
        assert "x-request-id" in preflight.headers
        for path in ("/quick", "/a%00b"):
            answer = await client.get(path, headers={"Origin": PAGE})
            assert answer.headers["access-control-allow-origin"] == PAGE
            assert "ETag" in answer.headers["access-control-expose-headers"]
            assert "access-control-allow-credentials" not in answer.headers
        stranger = await client.get("/quick", headers={"Origin": "https://evil.example"})
        assert "access-control-allow-origin" not in stranger.headers


async def test_without_the_setting_no_page_of_another_origin_may(tmp_path: Path) -> None:
    async with edge(tmp_path) as (client, _):
        answer = await client.get("/quick", headers={"Origin": PAGE})
    assert not [name for name in answer.headers if name.startswith("access-control")]


async def test_who_would_wait_for_more_than_two_seconds_is_503(tmp_path: Path) -> None:
    async with edge(tmp_path, requests_in_flight=2) as (client, doors):
        running = [asyncio.create_task(client.get("/slow")) for _ in range(2)]
        await until(lambda: doors.inside == 2)
        began = monotonic()
        answers = await asyncio.gather(*(client.get("/quick") for _ in range(50)))
        assert {(answer.status_code, answer.json()["code"]) for answer in answers} == {(503, "overloaded")}
        assert {answer.headers["retry-after"] for answer in answers} == {"1"}
        assert 1.9 < monotonic() - began < 4
        assert (await client.get("/livez")).status_code == 200
        doors.open.set()
        assert [answer.status_code for answer in await asyncio.gather(*running)] == [200] * 2


async def test_however_many_wait_all_are_served_in_time(tmp_path: Path) -> None:
    async with edge(tmp_path, requests_in_flight=1) as (client, doors):
        running = [asyncio.create_task(client.get("/slow")) for _ in range(300)]
        await until(lambda: doors.inside == 1)
        doors.open.set()
        assert {answer.status_code for answer in await asyncio.gather(*running)} == {200}


async def test_a_full_limiter_leaves_the_others_free(tmp_path: Path) -> None:
    executors = (("/lane/", ConcurrencyLimiter("test", limit=1, patience=0.01)),)
    async with edge(tmp_path, executors) as (client, doors):
        running = asyncio.create_task(client.get("/lane/slow"))
        await until(lambda: doors.inside == 1)
        assert (await client.get("/lane/quick")).status_code == 503
        assert (await client.get("/quick")).status_code == 200
        doors.open.set()
        assert (await running).status_code == 200
        assert (await client.get("/lane/quick")).status_code == 200


async def test_whoever_waits_is_next_or_hears_503_in_time() -> None:
    gate = ConcurrencyLimiter("test", limit=1, patience=0.1)
    assert gate.try_enter()
    first, second = asyncio.create_task(gate.wait()), asyncio.create_task(gate.wait())
    await asyncio.sleep(0)
    gate.leave()
    await first
    assert not second.done()
    with pytest.raises(Overloaded):
        await second
    gate.leave()
    assert gate.running == 0
    assert gate.try_enter()


async def test_a_place_handed_to_somebody_who_left_is_not_lost() -> None:
    gate = ConcurrencyLimiter("test", limit=1)
    assert gate.try_enter()
    waiting = asyncio.create_task(gate.wait())
    await asyncio.sleep(0)
    gate.leave()
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert gate.running == 0


async def test_a_handler_that_does_not_end_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watch, "HANDLER_SECONDS", 0.1)
    monkeypatch.setattr(watch, "_LOOK_SECONDS", 0.02)
    async with edge(tmp_path, requests_in_flight=1) as (client, _):
        answer = await client.get("/slow")
        assert (answer.status_code, answer.json()["code"]) == (503, "took_too_long")
        assert answer.headers["retry-after"] == "5"
        assert (await client.get("/quick")).status_code == 200
