"""Positions 1..n under a unique constraint: everything moved first steps aside, then takes its new place."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession

from studium.kit.db.tables import Base

_ASIDE = 1_000_000


def inserted(order: Sequence[UUID], row_id: UUID, at: int | None) -> list[UUID]:
    """The order with a new row at position `at` (1-based; past the end or None appends)."""
    place = len(order) if at is None else min(at - 1, len(order))
    return [*order[:place], row_id, *order[place:]]


async def renumber(
    session: AsyncSession, table: type[Base], before: Mapping[UUID, int], order: Sequence[UUID]
) -> list[UUID]:
    """Give the rows the positions 1..n in this order, and return those that moved.

    Those that stay where they are (see `before`) are not written.

    Hold a lock on what the rows belong to. Rows already in the session must be refreshed to show it.
    """
    moved = [(i, row_id) for i, row_id in enumerate(order, 1) if before.get(row_id) != i]
    if not moved:
        return []
    columns: Any = table
    aside = update(table).where(columns.id.in_([row_id for _, row_id in moved]))
    aside = aside.values(order_index=columns.order_index + _ASIDE)
    await session.execute(aside.execution_options(synchronize_session=False))
    places = [{"id": row_id, "order_index": i} for i, row_id in moved]
    await session.execute(update(table), places, execution_options={"synchronize_session": False})
    return [row_id for _, row_id in moved]
