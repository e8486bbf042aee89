"""Reading tallies: what was folded, and what has been appended since. Each statement sees both at one moment."""

from bisect import bisect_right
from collections import Counter
from uuid import UUID

from sqlalchemy import ARRAY, BigInteger, ColumnElement, Integer, Select, bindparam, cast, func, select, union_all
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from studium.models import ALWAYS, Tally, TallyDelta, tally_totals
from studium.modules.analytics.periods import Period
from studium.modules.analytics.schemas import TrendPoint

Subjects = UUID | Select[UUID]
_TABLES = (Tally, TallyDelta)


async def totals(session: AsyncSession, subject: UUID) -> Counter[str]:
    """Every tally of one subject that is not about a moment, by name; one that was never written is 0."""
    rows = (await session.execute(tally_totals(subject))).all()
    return Counter({name: int(amount) for name, amount in rows})


def amount_of(subject: InstrumentedAttribute[UUID], name: str) -> ColumnElement[int]:
    """One tally of the row's subject, as a column."""
    parts = [
        select(func.coalesce(func.sum(each.amount), 0))
        .where(each.subject_id == subject, each.name == name, each.slot == ALWAYS)
        .scalar_subquery()
        for each in _TABLES
    ]
    return cast(parts[0] + parts[1], BigInteger)


async def trend(session: AsyncSession, period: Period, subjects: Subjects) -> list[TrendPoint]:
    """Enrollments and completions of some courses, or of the school, in each bucket of a period. One statement."""
    edges = period.edges()
    begun = await _in_buckets(session, edges, subjects)
    return [
        TrendPoint(starts_on=day, enrollments=begun["begun", place], completions=begun["ended", place])
        for place, day in enumerate(period.starts())
    ]


async def _in_buckets(session: AsyncSession, edges: list[int], subjects: Subjects) -> Counter[tuple[str, int]]:
    """Amounts by name and number of the bucket. PostgreSQL finds the buckets itself, SQLite gives the slots."""
    parts = [
        select(each.name, each.slot, each.amount).where(
            each.subject_id == subjects if isinstance(subjects, UUID) else each.subject_id.in_(subjects),
            each.name.in_(("begun", "ended")),
            each.slot >= edges[0],
            each.slot < edges[-1],
        )
        for each in _TABLES
    ]
    both = union_all(*parts).subquery()
    in_database = session.get_bind().dialect.name == "postgresql"
    thresholds = bindparam("edges", edges, ARRAY(Integer))
    place = func.width_bucket(both.c.slot, thresholds) if in_database else both.c.slot
    statement = select(both.c.name, place.label("place"), func.sum(both.c.amount)).group_by(both.c.name, place)
    found: Counter[tuple[str, int]] = Counter()
    for name, where, amount in (await session.execute(statement)).all():
        found[name, (where if in_database else bisect_right(edges, where)) - 1] += int(amount)
    return found
