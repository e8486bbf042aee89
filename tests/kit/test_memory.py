"""A process that has grown gives back what nobody needs."""

import asyncio
import gc
import sys
from weakref import ref

import pytest

from studium.kit.base import memory


class Circle:
    """Holds itself, and so much that the system sees it."""

    def __init__(self, size: int) -> None:
        self.body, self.own = bytearray(b"x" * size), self


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere a process does not know its size")
async def test_what_a_rush_leaves_behind_is_collected(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "TIDY_SECONDS", 0.01)
    gc.collect()
    gc.disable()
    try:
        async with memory.trimmed_memory():
            await asyncio.sleep(0)
            before = memory.resident()
            left = ref(Circle(8 * memory.TIDY_BYTES))
            async with asyncio.timeout(10):
                while left() is not None:
                    await asyncio.sleep(0.01)
            assert memory.resident() < before + 4 * memory.TIDY_BYTES
    finally:
        gc.enable()
