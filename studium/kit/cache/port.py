"""A cache for what may be lost: in memory, or in Redis."""

import time
from collections import OrderedDict

MEMORY_MAX = 10_000


class Cache:
    """Texts by key for some seconds, in this process."""

    def __init__(self) -> None:
        self._values: OrderedDict[str, tuple[str, float]] = OrderedDict()

    @property
    def is_down(self) -> bool:
        """Whether the server behind it has failed and has not been heard of since."""
        return False

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
