"""Answers that go on: browsers hear, by Server-Sent Events, that something has changed, and never what.

Each process has one watcher, which looks once a second at all that anybody listens for, in one transaction; it holds
nothing meanwhile. There are bounds of listeners, for the process and for a person: who comes beyond them hears 503.
"""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Collection, Mapping
from contextlib import suppress
from typing import NamedTuple
from uuid import UUID

import structlog

from studium.kit.base.problems import Overloaded
from studium.kit.db.database import Database

LISTENERS = 200
LISTENERS_EACH = 6
"""How many may listen at a process, and how many of them for one person: a tab each."""

LOOK_SECONDS = 1.0
_BREATH_SECONDS = 10.0
"""How long nothing is sent at most: it finds out who is gone, and keeps proxies from closing."""

_RETRY_AFTER = 20
_BEGIN, _BREATH = b"retry: 3000\n\n", b":\n\n"
_CHANGED, _END = b"event: changed\ndata: 1\n\n", b"event: end\ndata: 1\n\n"
"""Browsers pass nothing on that has no data."""

_log = structlog.get_logger()


class Topic(NamedTuple):
    """What is listened for: a thing of some kind, as far as `by` may see it (None: as an admin may)."""

    kind: str
    id: UUID | None = None
    by: UUID | None = None


Look = Callable[[Database, Collection[Topic]], Awaitable[Mapping[Topic, str]]]
"""Gives the mark of each topic, another one after each change; a topic that is not there (any more) has none."""


class _Listener:
    """One browser that listens for a topic, as long as `needs` have these marks."""

    __slots__ = ("is_over", "mark", "needs", "person", "topic", "wake")

    def __init__(self, topic: Topic, person: UUID, needs: Mapping[Topic, str]) -> None:
        self.topic, self.person, self.needs = topic, person, needs
        self.mark: str | None = None
        self.is_over = False
        self.wake = asyncio.Event()

    def tell(self, marks: Mapping[Topic, str]) -> None:
        """Take over how the topic stands; without it, or the right to hear of it, this is the end."""
        found = marks.get(self.topic)
        self.is_over = found is None or any(marks.get(each) != mark for each, mark in self.needs.items())
        if self.is_over or found != self.mark:
            self.mark = found
            self.wake.set()


class Live:
    """The listeners of a process and its watcher, who is there as long as they are."""

    def __init__(self, look: Look, is_stopping: Callable[[], bool]) -> None:
        self._look, self._is_stopping = look, is_stopping
        self._listeners: set[_Listener] = set()
        self._watcher: asyncio.Task[None] | None = None

    def listen(
        self, database: Database, topic: Topic, person: UUID, needs: Mapping[Topic, str]
    ) -> AsyncGenerator[bytes]:
        """What a browser is sent; raise Overloaded where there are listeners enough, and where the server stops.

        The first event comes with the first look: whoever listens looks once more at what changed before.
        """
        if self._is_full(person):
            raise Overloaded(_RETRY_AFTER)
        return self._said(database, _Listener(topic, person, needs))

    def _is_full(self, person: UUID) -> bool:
        own = sum(each.person == person for each in self._listeners)
        return own >= LISTENERS_EACH or len(self._listeners) >= LISTENERS or self._is_stopping()

    async def _said(self, database: Database, listener: _Listener) -> AsyncGenerator[bytes]:
        if self._is_full(listener.person):
            return
        self._listeners.add(listener)
        if self._watcher is None or self._watcher.done():
            self._watcher = asyncio.create_task(self._watch(database))
        try:
            yield _BEGIN
            while not self._is_stopping():
                with suppress(TimeoutError):
                    async with asyncio.timeout(_BREATH_SECONDS):
                        await listener.wake.wait()
                is_news = listener.wake.is_set()
                listener.wake.clear()
                if listener.is_over:
                    yield _END
                    return
                if not self._is_stopping():
                    yield _CHANGED if is_news else _BREATH
        finally:
            self._listeners.discard(listener)

    async def _watch(self, database: Database) -> None:
        while self._listeners and not self._is_stopping():
            asked = [*self._listeners]
            try:
                marks = await self._look(database, {topic for each in asked for topic in (each.topic, *each.needs)})
            except Exception as error:  # noqa: BLE001 -- the next look may find the database again.
                _log.warning("nothing seen for listeners", reason=str(error)[:200])
            else:
                for each in asked:
                    each.tell(marks)
            await asyncio.sleep(LOOK_SECONDS)
        for each in self._listeners:
            each.wake.set()

    async def close(self) -> None:
        """Let the watcher go."""
        if self._watcher is not None:
            self._watcher.cancel()
            with suppress(asyncio.CancelledError):
                await self._watcher
