"""What analytics does when nobody looks: it folds what was appended, and reads its gauges."""

from collections import Counter
from collections.abc import Iterable
from uuid import UUID

from sqlalchemy import RowMapping
from sqlalchemy.ext.asyncio import AsyncSession

from studium.kit.base.clock import now
from studium.kit.db.folding import add_amounts, fold
from studium.kit.jobs.registry import periodic
from studium.kit.runtime import Runtime
from studium.models import Gauge, Tally, TallyDelta
from studium.modules.analytics.queries_overview import ACTIVE_USERS, count_active_users

_FOLD_SECONDS = 15
_GAUGE_SECONDS = 60
_AT_ONCE = 5_000
_Key = tuple[UUID, str, int]


@periodic("analytics.fold_tallies", seconds=_FOLD_SECONDS)
async def fold_tallies(runtime: Runtime) -> None:
    """Add what was appended to the tallies, some thousand rows in a transaction."""
    await fold(runtime.database, TallyDelta, _AT_ONCE, _add)


async def _add(session: AsyncSession, rows: Iterable[RowMapping]) -> None:
    amounts: Counter[_Key] = Counter()
    for row in rows:
        amounts[row["subject_id"], row["name"], row["slot"]] += row["amount"]
    await add_amounts(session, Tally, amounts)


@periodic("analytics.read_gauges", seconds=_GAUGE_SECONDS)
async def read_gauges(runtime: Runtime) -> None:
    """Count the people who were here in the last 30 days."""
    at = now()
    active = await count_active_users(runtime.database.reads, at)
    async with runtime.database.write_session() as session:
        await session.merge(Gauge(name=ACTIVE_USERS, amount=active, read_at=at))
