"""Folding: rows that many writers appended are taken away and added to sums, so that no writer waits for a sum."""

from collections.abc import Iterable, Mapping
from typing import Any, Protocol

from sqlalchemy import RowMapping, delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from studium.kit.db.database import Database, dialect_insert
from studium.kit.db.tables import Base


class Add(Protocol):
    """Adds rows that were taken, in the transaction that took them."""

    async def __call__(self, session: AsyncSession, rows: Iterable[RowMapping], /) -> None:
        """Add them."""


async def fold(database: Database, appended: type[Base], at_once: int, add: Add) -> None:
    """Take the oldest rows that nobody else is taking, `at_once` in a transaction, until none is left.

    They are deleted and added, or neither.
    """
    key = appended.__table__.c.id
    oldest = select(key).order_by(key).limit(at_once).with_for_update(skip_locked=True)
    taken = delete(appended).where(key.in_(oldest)).returning(*(c for c in appended.__table__.c if c is not key))
    while True:
        async with database.read_session() as session:
            if await session.scalar(select(key).limit(1)) is None:
                return
        async with database.write_session() as session:
            await add(session, (await session.execute(taken)).mappings())


async def add_amounts(session: AsyncSession, sums: type[Base], amounts: Mapping[tuple[Any, ...], int]) -> None:
    """Add to `sums.amount`, by the other columns in their order; make rows that are missing.

    In one order of keys, so that no two transactions wait for each other.
    """
    names = [column.name for column in sums.__table__.c if column.name != "amount"]
    rows = [{**dict(zip(names, key, strict=True)), "amount": amounts[key]} for key in sorted(amounts) if amounts[key]]
    if rows:
        added = dialect_insert(session)(sums.__table__)
        total = sums.__table__.c.amount + added.excluded.amount
        await session.execute(added.on_conflict_do_update(index_elements=names, set_={"amount": total}), rows)
