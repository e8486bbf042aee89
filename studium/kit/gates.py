"""Gates: so many requests of a kind at once, a short queue before them, and 503 beyond."""

import asyncio
from collections import deque

from studium.kit.metrics import GATE_REFUSED, GATE_RUNNING
from studium.kit.problems import Overloaded

PATIENCE_SECONDS = 2.0


class Gate:
    """At most `limit` requests are inside, `queue` wait up to two seconds, first come first served.

    One kind of request that is slow fills its own gate and no other.
    """

    def __init__(self, name: str, *, limit: int, queue: int, patience: float = PATIENCE_SECONDS) -> None:
        self.name, self.limit, self.queue, self.patience = name, limit, queue, patience
        self.running = 0
        self._waiting: deque[asyncio.Future[None]] = deque()
        GATE_RUNNING.labels(name).set_function(lambda: self.running)

    def try_enter(self) -> bool:
        """Take a place if there is one now."""
        if self.running >= self.limit:
            return False
        self.running += 1
        return True

    async def wait(self) -> None:
        """Take the next place that is left; raise Overloaded where too many wait already, or for too long."""
        if len(self._waiting) >= self.queue:
            GATE_REFUSED.labels(self.name).inc()
            raise Overloaded
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
        """Stop waiting; a place that was handed over in the same moment goes to the next."""
        if turn.done() and not turn.cancelled():
            self.leave()
        elif turn in self._waiting:
            self._waiting.remove(turn)

    def leave(self) -> None:
        """Hand the place to whoever waits longest."""
        while self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_result(None)
                return
        self.running -= 1
