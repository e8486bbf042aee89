"""Invariants: what must hold after anything, each as a query for the rows that break it and a sentence about one."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from studium.kit.base.findings import MOST, Findings


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


async def find_breaches(session: AsyncSession, invariants: Iterable[Invariant]) -> Findings[Breach]:
    """What breaks these invariants, in their order; `session` must see one moment, as `Database.snapshot` does."""
    found = Findings[Breach]()
    for invariant in invariants:
        rows = (await session.execute(invariant.broken.limit(MOST))).mappings().all()
        found += [Breach(invariant.number, invariant.sentence.format(**row)) for row in rows]
        found.total += len(rows) if len(rows) < MOST else await _count(session, invariant)
    return found


async def _count(session: AsyncSession, invariant: Invariant) -> int:
    return int(await session.scalar(select(func.count()).select_from(invariant.broken.subquery())) or 0)
