"""Which cache is used: the settings decide. The embedded default loads no other than its own."""

from studium.kit.cache.port import Cache


def open_cache(url: str) -> Cache:
    """The cache for `redis://…`, or in memory for an empty address."""
    if not url:
        return Cache()
    from studium.kit.cache.redis import RedisCache  # noqa: PLC0415 -- see the module's docstring.

    return RedisCache(url)
