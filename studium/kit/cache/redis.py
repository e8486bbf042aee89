"""The cache in Redis, for several processes. A stopped or hung Redis never fails a request."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from redis.asyncio import BlockingConnectionPool, Redis
from redis.exceptions import RedisError

from studium.kit.base.breaker import Breaker
from studium.kit.cache.port import Cache

PREFIX = "studium:"
TIMEOUT_SECONDS = 0.25
OPEN_SECONDS = 5.0
CONNECTIONS = 10
T = TypeVar("T")


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

    @property
    def is_down(self) -> bool:
        """Whether Redis has failed and has not been heard of since."""
        return self._breaker.is_down

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
