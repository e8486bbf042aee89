"""The cache in memory and in a real Redis, which may stop or hang without anybody noticing more than a moment."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from time import monotonic

import pytest
from structlog.testing import capture_logs

from studium.kit.cache import port as cache_module
from studium.kit.cache.engine import open_cache
from studium.kit.cache.port import Cache
from studium.kit.cache.redis import TIMEOUT_SECONDS, RedisCache
from tests.servers import Server, redis_server

pytestmark = pytest.mark.alone

SOON_SECONDS = TIMEOUT_SECONDS + 0.25


@pytest.fixture(scope="module")
def redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with redis_server(tmp_path_factory.mktemp("redis")) as server:
        yield server


@pytest.fixture(params=["memory", "redis"])
async def cache(request: pytest.FixtureRequest, redis: Server) -> AsyncIterator[Cache]:
    opened = open_cache(f"redis://127.0.0.1:{redis.port}/0" if request.param == "redis" else "")
    yield opened
    await opened.close()


@pytest.fixture
async def own_redis(tmp_path: Path) -> AsyncIterator[tuple[Server, Cache]]:
    with redis_server(tmp_path) as server:
        cache = open_cache(f"redis://127.0.0.1:{server.port}/0")
        yield server, cache
        await cache.close()


async def test_a_text_is_kept_until_its_time_is_over(cache: Cache) -> None:
    await cache.set("code", "123 456 — ü", 60)
    assert await cache.get("code") == "123 456 — ü"
    await cache.set("code", "other", 60)
    assert await cache.get("code") == "other"
    await cache.set("short", "x", 1)
    began = monotonic()
    while await cache.get("short") is not None:
        assert monotonic() - began < 3
    assert monotonic() - began > 0.5


async def test_what_is_forgotten_is_gone(cache: Cache) -> None:
    await cache.set("code", "1", 60)
    await cache.delete("code")
    await cache.delete("never there")
    assert await cache.get("code") is None


async def test_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache_module, "MEMORY_MAX", 3)
    cache = Cache()
    for number in range(5):
        await cache.set(str(number), "x", 60)
    assert [await cache.get(str(number)) for number in range(5)] == [None, None, "x", "x", "x"]


async def test_processes_share_one_redis(redis: Server) -> None:
    one, other = (open_cache(f"redis://127.0.0.1:{redis.port}/0") for _ in range(2))
    await one.set("shared", "yes", 60)
    assert await other.get("shared") == "yes"
    await other.delete("shared")
    assert await one.get("shared") is None
    await one.close()
    await other.close()


async def test_a_stopped_redis_costs_nothing_and_comes_back(
    own_redis: tuple[Server, Cache], monkeypatch: pytest.MonkeyPatch
) -> None:
    server, cache = own_redis
    await cache.set("before", "1", 60)
    server.stop()
    assert await cache.get("before") == "1", "what this process kept outlives the Redis"
    await cache.set("during", "2", 60)
    began = monotonic()
    for _ in range(50):
        assert await cache.get("during") == "2"
    assert monotonic() - began < TIMEOUT_SECONDS

    server.start()
    await comes_back(cache, server, monkeypatch)


async def test_a_hung_redis_costs_one_time_limit_in_all(
    own_redis: tuple[Server, Cache], monkeypatch: pytest.MonkeyPatch
) -> None:
    server, cache = own_redis
    await cache.set("before", "1", 60)
    with server.hanging():
        began = monotonic()
        for _ in range(50):
            await cache.set("during", "2", 60)
            assert await cache.get("during") == "2"
        assert TIMEOUT_SECONDS * 0.5 < monotonic() - began < SOON_SECONDS
    await comes_back(cache, server, monkeypatch)
    assert await cache.get("before") == "1"


async def comes_back(cache: Cache, server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait until what the cache keeps arrives in its Redis again."""
    assert isinstance(cache, RedisCache)
    monkeypatch.setattr(cache._breaker, "open_until", monotonic() + 0.05)
    other, began = open_cache(f"redis://127.0.0.1:{server.port}/0"), monotonic()
    while await other.get("after") != "3":
        await cache.set("after", "3", 60)
        assert monotonic() - began < 5
    await other.close()


async def test_while_redis_hangs_one_call_tries_it_again_and_nobody_else_waits(own_redis: tuple[Server, Cache]) -> None:
    server, cache = own_redis
    assert isinstance(cache, RedisCache)
    await cache.set("kept", "1", 60)
    with server.hanging():
        assert await cache.get("kept") == "1"
        cache._breaker.open_until = 0.0
        tries = asyncio.create_task(cache.get("kept"))
        await asyncio.sleep(0)
        began = monotonic()
        assert await asyncio.gather(*(cache.get("kept") for _ in range(100))) == ["1"] * 100
        assert monotonic() - began < TIMEOUT_SECONDS / 2
        assert not tries.done()
        assert await tries == "1"


async def test_an_outage_is_told_once_and_so_is_its_end(
    own_redis: tuple[Server, Cache], monkeypatch: pytest.MonkeyPatch
) -> None:
    server, cache = own_redis
    await cache.set("kept", "1", 60)
    with capture_logs() as said:
        with server.hanging():
            await asyncio.gather(*(cache.get("kept") for _ in range(100)))
        await comes_back(cache, server, monkeypatch)
    assert [line["event"] for line in said] == ["cache unavailable", "cache available again"]


async def test_no_answer_reaches_another_call_than_its_own(own_redis: tuple[Server, Cache]) -> None:
    server, cache = own_redis
    assert isinstance(cache, RedisCache)
    texts = [str(number) for number in range(100)]
    for text in texts:
        await cache.set(text, text, 60)
    with server.hanging():
        await asyncio.gather(*(cache.get(text) for text in texts))
    cache._breaker.is_down = False
    cache._values.clear()
    assert await asyncio.gather(*(cache.get(text) for text in reversed(texts))) == texts[::-1]


async def test_a_crowd_waits_for_a_connection_and_is_no_outage(redis: Server) -> None:
    cache = open_cache(f"redis://127.0.0.1:{redis.port}/0")
    await cache.set("kept", "1", 60)
    cache._values.clear()
    assert await asyncio.gather(*(cache.get("kept") for _ in range(200))) == ["1"] * 200
    await cache.close()
