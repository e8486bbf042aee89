"""Concurrency limits: a fixed number of requests of a kind at once, and 503 for those that would wait too long."""

import asyncio
from collections import deque

from studium.kit.base.metrics import GATE_REFUSED, GATE_RUNNING
from studium.kit.base.problems import Overloaded

PATIENCE_SECONDS = 2.0


class ConcurrencyLimiter:
    """At most `limit` requests are inside; however many others wait up to two seconds, first come first served.

    How long a queue may be is a question of time: of quick requests many may wait, of slow ones few.
    Each kind of request has a limiter of its own, so that a slow kind delays no other.
    """

    def __init__(self, name: str, *, limit: int, patience: float = PATIENCE_SECONDS) -> None:
        self.name, self.limit, self.patience = name, limit, patience
        self.running = 0
        self._waiting: deque[asyncio.Future[None]] = deque()
        GATE_RUNNING.labels(name).set_function(lambda: self.running)

    def try_enter(self) -> bool:
        """Take a slot if there is one now."""
        if self.running >= self.limit:
            return False
        self.running += 1
        return True

    async def wait(self) -> None:
        """Wait for a slot; raise Overloaded where none is free in time."""
        turn = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        try:
            async with asyncio.timeout(self.patience):
                await turn
        except BaseException as error:
            self._give_up(turn)
            if isinstance(error, TimeoutError):
                GATE_REFUSED.labels(self.name).inc()
                raise Overloaded from None
            raise

    def _give_up(self, turn: "asyncio.Future[None]") -> None:
        """Stop waiting; a slot that was handed over in the same moment goes to the next."""
        if turn.done() and not turn.cancelled():
            self.leave()
        elif turn in self._waiting:
            self._waiting.remove(turn)

    def leave(self) -> None:
        """Release the slot and wake the oldest waiter."""
        while self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_result(None)
                return
        self.running -= 1
