"""A cache for what may be lost: in memory, or in Redis. A stopped or hung Redis never fails a request."""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from typing import TypeVar

from redis.asyncio import BlockingConnectionPool, Redis
from redis.exceptions import RedisError

from studium.kit.breaker import Breaker

PREFIX = "studium:"
TIMEOUT_SECONDS = 0.25
OPEN_SECONDS = 5.0
CONNECTIONS = 10
MEMORY_MAX = 10_000
T = TypeVar("T")


class Cache:
    """Texts by key for some seconds, in this process."""

    def __init__(self) -> None:
        self._values: OrderedDict[str, tuple[str, float]] = OrderedDict()

    async def get(self, key: str) -> str | None:
        """The text, or None."""
        value, until = self._values.get(key, ("", 0.0))
        return value if until > time.monotonic() else None

    async def set(self, key: str, value: str, seconds: int) -> None:
        """Keep a text; the oldest go when there are too many."""
        self._values[key] = (value, time.monotonic() + seconds)
        self._values.move_to_end(key)
        while len(self._values) > MEMORY_MAX:
            self._values.popitem(last=False)

    async def delete(self, key: str) -> None:
        """Forget a text."""
        self._values.pop(key, None)

    async def close(self) -> None:
        """Let go of everything."""
        self._values.clear()


class RedisCache(Cache):
    """The same in Redis. After a failure it works from memory for some seconds, then one call tries again."""

    def __init__(self, url: str) -> None:
        super().__init__()
        pool = BlockingConnectionPool.from_url(
            url,
            max_connections=CONNECTIONS,
            timeout=TIMEOUT_SECONDS,
            decode_responses=True,
            socket_timeout=TIMEOUT_SECONDS,
            socket_connect_timeout=TIMEOUT_SECONDS,
            retry_on_timeout=False,
        )
        self._redis = Redis.from_pool(pool)
        self._breaker = Breaker("cache", pause=OPEN_SECONDS, patience=TIMEOUT_SECONDS)

    async def _try(self, work: Callable[[], Awaitable[T]], instead: Callable[[], Awaitable[T]]) -> T:
        if not self._breaker.may_try():
            return await instead()
        try:
            async with asyncio.timeout(TIMEOUT_SECONDS):
                done = await work()
        except (RedisError, OSError, TimeoutError) as error:
            self._breaker.failed(error)
            return await instead()
        self._breaker.worked()
        return done

    async def get(self, key: str) -> str | None:
        """The text, or None."""

        async def work() -> str | None:
            return _text(await self._redis.get(PREFIX + key))

        return await self._try(work, lambda: super(RedisCache, self).get(key))

    async def set(self, key: str, value: str, seconds: int) -> None:
        """Keep a text, in memory too, so that it outlives a Redis that stops."""
        await super().set(key, value, seconds)

        async def work() -> None:
            await self._redis.set(PREFIX + key, value, ex=seconds)

        await self._try(work, _nothing)

    async def delete(self, key: str) -> None:
        """Forget a text."""
        await super().delete(key)

        async def work() -> None:
            await self._redis.delete(PREFIX + key)

        await self._try(work, _nothing)

    async def close(self) -> None:
        """Close the connections."""
        await super().close()
        await self._redis.aclose()


async def _nothing() -> None:
    """What there is to do instead, where memory has done it already."""


def _text(value: bytes | str | None) -> str | None:
    return value.decode() if isinstance(value, bytes) else value


def open_cache(url: str) -> Cache:
    """The cache for `redis://…`, or in memory for an empty address."""
    return RedisCache(url) if url else Cache()
