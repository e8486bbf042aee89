"""Bounded thread pools for heavy work, with a short queue each."""

import asyncio
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from threading import BoundedSemaphore
from typing import TypeVar

from studium.kit.base.held import require_free
from studium.kit.base.metrics import LANE_LIMIT, LANE_REFUSED, LANE_TASKS
from studium.kit.base.problems import Overloaded

Result = TypeVar("Result")


class BoundedExecutor:
    """A fixed number of threads for one kind of work: without a bound, a burst would take the machine's memory."""

    def __init__(self, name: str, *, threads: int, queue: int) -> None:
        self.name = name
        self._room = BoundedSemaphore(threads + queue)
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix=name)
        self._tasks, self._refused = LANE_TASKS.labels(name), LANE_REFUSED.labels(name)
        LANE_LIMIT.labels(name).set(threads + queue)

    async def run(self, work: Callable[..., Result], *values: object) -> Result:
        """What `work(*values)` returns or raises; raise Overloaded at once when the queue is full.

        No database session may be open meanwhile.
        """
        require_free(f"The executor {self.name}")
        if not self._room.acquire(blocking=False):
            self._refused.inc()
            raise Overloaded
        self._tasks.inc()
        future = self._threads.submit(work, *values)
        # The slot is free again when the thread is, not when a caller stops waiting: a thread cannot be interrupted.
        future.add_done_callback(self._leave)
        return await asyncio.wrap_future(future)

    def _leave(self, future: Future[Result]) -> None:
        del future
        self._tasks.dec()
        self._room.release()


async def in_thread(work: Callable[..., Result], *values: object) -> Result:
    """What `work(*values)` returns or raises, in a thread of the shared pool: for files on the disk."""
    require_free("A thread")
    return await asyncio.to_thread(work, *values)
