"""What analytics does when nobody looks: it folds what was appended, and reads its gauges."""

from collections import Counter
from typing import Any
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from studium.kit.clock import now
from studium.kit.db import insert_of
from studium.kit.jobs import periodic
from studium.kit.runtime import Runtime
from studium.models import Gauge, Tally, TallyDelta
from studium.modules.analytics.queries_overview import ACTIVE_USERS, count_active_users

_FOLD_SECONDS = 15
_GAUGE_SECONDS = 60
_AT_ONCE = 5_000
_Key = tuple[UUID, str, int]


@periodic(seconds=_FOLD_SECONDS)
async def fold_tallies(runtime: Runtime) -> None:
    """Add what was appended to the tallies, some thousand rows in a transaction."""
    while True:
        async with runtime.database.reading() as session:
            if await session.scalar(select(TallyDelta.id).limit(1)) is None:
                return
        async with runtime.database.writing() as session:
            await _fold(session)


async def _fold(session: AsyncSession) -> None:
    """Take the oldest rows that nobody else is taking: they are deleted and added here, or neither."""
    oldest = select(TallyDelta.id).order_by(TallyDelta.id).limit(_AT_ONCE).with_for_update(skip_locked=True)
    columns = (TallyDelta.subject_id, TallyDelta.name, TallyDelta.slot, TallyDelta.amount)
    taken = delete(TallyDelta).where(TallyDelta.id.in_(oldest)).returning(*columns)
    sums: Counter[_Key] = Counter()
    for subject_id, name, slot, amount in (await session.execute(taken)).all():
        sums[subject_id, name, slot] += amount
    rows = [
        {"subject_id": subject_id, "name": name, "slot": slot, "amount": sums[subject_id, name, slot]}
        for subject_id, name, slot in sorted(sums)
    ]
    if rows:
        await session.execute(_adding(session), rows)


def _adding(session: AsyncSession) -> Any:  # noqa: ANN401 -- each database has an upsert of its own.
    """The statement that adds an amount to a tally, making it where it is missing."""
    added = insert_of(session)(Tally.__table__)
    total = Tally.__table__.c.amount + added.excluded.amount
    return added.on_conflict_do_update(index_elements=["subject_id", "name", "slot"], set_={"amount": total})


@periodic(seconds=_GAUGE_SECONDS)
async def read_gauges(runtime: Runtime) -> None:
    """Count the people who were here in the last 30 days."""
    at = now()
    async with runtime.database.reading() as session:
        active = await count_active_users(session, at)
    async with runtime.database.writing() as session:
        await session.merge(Gauge(name=ACTIVE_USERS, amount=active, read_at=at))
