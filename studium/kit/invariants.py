"""Invariants: what must hold after anything, each as a query for the rows that break it and a sentence about one."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select
from sqlalchemy.ext.asyncio import AsyncSession

MOST = 1_000
"""How many breaches of one kind are named: whoever has more of them needs no longer list."""


@dataclass(frozen=True, slots=True)
class Invariant:
    """`broken` selects one row for each breach; `sentence` takes its columns by name, ids among them."""

    number: int
    sentence: str
    broken: Select[*tuple[Any, ...]]


@dataclass(frozen=True, slots=True)
class Breach:
    """A row that breaks an invariant, in one sentence with its id."""

    number: int
    sentence: str

    def __str__(self) -> str:
        return f"invariant {self.number}: {self.sentence}"


async def find_breaches(session: AsyncSession, invariants: Iterable[Invariant]) -> list[Breach]:
    """What breaks these invariants, in their order; `session` must see one moment, as `Database.snapshot` does."""
    found = []
    for invariant in invariants:
        rows = (await session.execute(invariant.broken.limit(MOST))).mappings().all()
        found += [Breach(invariant.number, invariant.sentence.format(**row)) for row in rows]
    return found
