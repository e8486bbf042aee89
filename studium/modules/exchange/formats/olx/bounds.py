"""How much work one Open edX course may make, and what was read lately, so that what is named often is read once."""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from pathlib import PurePath
from typing import Generic, TypeVar

from studium.modules.exchange.model.texts import CourseFormatError

MAX_PARSED = 536_870_912
"""Bytes of XML and pages that are parsed, counted each time."""
MAX_SHOWN = 33_554_432
"""Characters of all lessons and questions together."""
MAX_RESPONSES = 20_000
"""Questions of a whole course."""
KEPT = 33_554_432

T = TypeVar("T")


class TooMuch(CourseFormatError):
    """The course comes to more than is read of any: it is refused, while a part that cannot be read is only named."""


class Budget:
    """Counts what one course costs; raises TooMuch where that is more than any course needs."""

    def __init__(self) -> None:
        self._parsed = self._shown = self._responses = 0

    def parse(self, size: int, path: PurePath) -> None:
        """So many bytes are about to be parsed."""
        self._parsed += size
        self._check(self._parsed, MAX_PARSED, "bytes are read, as its files name each other so often", path)

    def show(self, characters: int, path: PurePath) -> None:
        """So many characters more are part of a lesson."""
        self._shown += characters
        self._check(self._shown, MAX_SHOWN, "characters in all lessons and questions together", path)

    def ask(self, responses: int, path: PurePath) -> None:
        """So many questions more are read."""
        self._responses += responses
        self._check(self._responses, MAX_RESPONSES, "questions", path)

    def _check(self, amount: int, most: int, what: str, path: PurePath) -> None:
        if amount > most:
            reason = f"the course comes to more than {most:,} {what}"
            raise TooMuch(path, 1, reason)


class Kept(Generic[T]):
    """Results by key, those used last; `size` of all of them together is bounded."""

    def __init__(self, most: int = KEPT) -> None:
        self._room = most
        self._items: OrderedDict[Hashable, tuple[T, int]] = OrderedDict()

    def get(self, key: Hashable, make: Callable[[], tuple[T, int]]) -> T:
        """What was made for this key before, else what is made now, which comes with its size."""
        if key in self._items:
            self._items.move_to_end(key)
            return self._items[key][0]
        item, size = make()
        self._items[key] = item, size
        self._room -= size
        while self._room < 0 and len(self._items) > 1:
            _, (_, freed) = self._items.popitem(last=False)
            self._room += freed
        return item
