"""Bodies that have not come in yet: they wait outside the gates, in memory that is bounded."""

from typing import Protocol

from studium.kit.base.problems import Overloaded

ROOM_BYTES = 64 << 20
STREAM_BYTES = 256 << 10
"""What an upload is reckoned with, which goes to the disk as it comes."""


class Waiting(Protocol):
    """A request whose body is awaited."""

    def give_up(self) -> None:
        """Answer 503 now."""


class Intake:
    """At most `room` bytes of bodies wait. Beyond, the largest is given up, and the oldest of those.

    So whoever sends large bodies slowly makes room for those who send small ones.
    """

    def __init__(self, room: int = ROOM_BYTES) -> None:
        self.room = room
        self.used = 0
        self._held: dict[Waiting, int] = {}

    def add(self, request: Waiting, size: int) -> None:
        """So many bytes more are held for a request; raise Overloaded where it is itself the largest."""
        self._held[request] = self._held.get(request, 0) + size
        self.used += size
        while self.used > self.room:
            largest = max(self._held, key=self._held.__getitem__)
            self.release(largest)
            if largest is request:
                raise Overloaded
            largest.give_up()

    def release(self, request: Waiting) -> None:
        """A request went in, or away."""
        self.used -= self._held.pop(request, 0)
