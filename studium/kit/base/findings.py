"""What a search found, however much it is: the first thousand of each kind, and how many there are in all."""

from collections.abc import AsyncIterable, Iterable, Iterator
from typing import Self, TypeVar

T = TypeVar("T")
MOST = 1_000
"""How many of one kind are kept: whoever has more of them needs no longer list."""


class Findings(list[T]):
    """A list of what is kept; `total` counts the rest too."""

    def __init__(self, kept: Iterable[T] = (), total: int | None = None) -> None:
        super().__init__(kept)
        self.total = len(self) if total is None else total

    async def take(self, found: AsyncIterable[T]) -> Self:
        """Add what is found of one more kind."""
        room = len(self) + MOST
        async for each in found:
            self.total += 1
            if len(self) < room:
                self.append(each)
        return self

    def lines(self) -> Iterator[str]:
        """A sentence about each, and one about the rest."""
        yield from map(str, self)
        if self.total > len(self):
            yield f"and {self.total - len(self):,} more"
