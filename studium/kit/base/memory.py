"""Memory of a process that serves for months: what a rush of requests took is given back to the system afterwards.

Three things would keep it. glibc makes eight arenas for each core and hands none of them back; it takes a large block,
such as argon2's 19 MiB, for the new measure of what is small; and what requests leave behind in circles waits for a
collector that comes seldom (`SERVING_THRESHOLD`). On a Linux without glibc only the last is mended,
elsewhere nothing: a process cannot see there how large it is.
"""

import asyncio
import ctypes
import gc
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from mmap import PAGESIZE
from pathlib import Path

TIDY_SECONDS = 5.0
"""How often a process looks whether it has grown. Looking reads one line of /proc."""
TIDY_BYTES = 8 << 20
"""Growth since it last tidied up that makes it do so again: collecting stops it for ten milliseconds or more."""

SERVING_THRESHOLD = 10_000
"""How many new objects before the collector looks. Nearly all of them are garbage then, some forty of each request;
to free ten thousand takes up to ten milliseconds, to free fifty thousand up to sixty."""

_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD, _M_ARENA_MAX = -1, -3, -8
_ARENAS = 2
_LARGE_BLOCK = 256 << 10
_FREE_AT_TOP = 4 << 20
_STATM = Path("/proc/self/statm")


@asynccontextmanager
async def trimmed_memory() -> AsyncIterator[None]:
    """Keep this process small inside the block."""
    _bound_arenas()
    task = asyncio.create_task(_tidy_after_growth())
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


def freeze() -> None:
    """Leave what a start has made out of all later collections: it lives as long as the process.

    Walking it takes a tenth of a second and more, in which the process does nothing else.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(SERVING_THRESHOLD)


def resident() -> int:
    """Bytes of this process that are in memory now; 0 where the system has no /proc."""
    try:
        return int(_STATM.read_text().split()[1]) * PAGESIZE
    except OSError:
        return 0


async def _tidy_after_growth() -> None:
    least = resident()
    while least:
        await asyncio.sleep(TIDY_SECONDS)
        if resident() > least + TIDY_BYTES:
            gc.collect()
            await asyncio.to_thread(_give_back)
            least = resident()
        least = min(least, resident())


def _give_back() -> None:
    trim = _glibc("malloc_trim")
    if trim is not None:
        trim(0)


def _bound_arenas() -> None:
    mallopt = _glibc("mallopt")
    if mallopt is not None:
        mallopt(_M_ARENA_MAX, _ARENAS)
        mallopt(_M_MMAP_THRESHOLD, _LARGE_BLOCK)
        mallopt(_M_TRIM_THRESHOLD, _FREE_AT_TOP)


def _glibc(name: str) -> Callable[..., int] | None:
    """A function that only glibc has, or None."""
    return getattr(ctypes.CDLL(None), name, None) if sys.platform == "linux" else None
