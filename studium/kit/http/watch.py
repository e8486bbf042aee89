"""Ends handlers that work for too long. It looks once a second, so that a request costs no timer of its own."""

import asyncio
from time import perf_counter
from typing import Protocol

from studium.kit.base.problems import Problem, TookTooLong

HANDLER_SECONDS = 30.0
"""How long a handler may work by itself, not counting the time in which it waits for the body or for the reader."""

_LOOK_SECONDS = 1.0


class Working(Protocol):
    """A request that is being answered."""

    since: float
    """When its handler began to work, as `perf_counter` says; infinite while it waits for its client."""

    def end(self, verdict: Problem) -> None:
        """Stop working and answer so."""


class Watch:
    """Looks at what is `running`."""

    def __init__(self) -> None:
        self.running: set[Working] = set()
        self._is_looking = False

    def add(self, request: Working) -> None:
        """Watch a request until `running` holds it no more."""
        self.running.add(request)
        if not self._is_looking:
            self._is_looking = True
            asyncio.get_running_loop().call_later(_LOOK_SECONDS, self._look)

    def _look(self) -> None:
        latest = perf_counter() - HANDLER_SECONDS
        for request in self.running:
            if request.since < latest:
                request.end(TookTooLong())
        self._is_looking = bool(self.running)
        if self._is_looking:
            asyncio.get_running_loop().call_later(_LOOK_SECONDS, self._look)
