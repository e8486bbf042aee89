"""Reading tallies: what was folded, and what has been appended since. Each statement sees both at one moment."""

from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    BigInteger,
    ColumnElement,
    Integer,
    ScalarSelect,
    Select,
    bindparam,
    cast,
    func,
    literal_column,
    select,
    union_all,
)
from sqlalchemy.orm import InstrumentedAttribute

from studium.kit.db.prepared import PreparedStatement, QueryExecutor, Record
from studium.models import ALWAYS, SCHOOL, Tally, TallyDelta, tally_totals
from studium.modules.analytics.periods import Period
from studium.modules.analytics.schemas import TrendPoint

Subjects = UUID | Select[UUID]
_TABLES = (Tally, TallyDelta)


def totals_of(subject: UUID | ScalarSelect[UUID]) -> PreparedStatement:
    """Every tally of one subject that is not about a moment."""
    return PreparedStatement(tally_totals(subject))


def amounts_of(rows: Iterable[Record]) -> Counter[str]:
    """Tallies by name; one that was never written is 0."""
    return Counter({row["name"]: int(row["amount"]) for row in rows})


def amount_of(subject: InstrumentedAttribute[UUID], name: str) -> ColumnElement[int]:
    """One tally of the row's subject, as a column."""
    parts = [
        select(func.coalesce(func.sum(each.amount), 0))
        .where(each.subject_id == subject, each.name == name, each.slot == ALWAYS)
        .scalar_subquery()
        for each in _TABLES
    ]
    return cast(parts[0] + parts[1], BigInteger)


class Trend:
    """Enrollments and completions of some courses, or of the school, in each bucket of a period."""

    _apart = False

    def __init__(self, subjects: Subjects) -> None:
        self._kept = {
            kind: _in_buckets(subjects, in_database=kind == "postgresql", apart=self._apart)
            for kind in ("postgresql", "sqlite")
        }

    async def points(self, reads: QueryExecutor, period: Period, **values: Any) -> list[TrendPoint]:  # noqa: ANN401 -- parameters of any type.
        """The points of the period, in one statement. PostgreSQL finds the buckets itself, SQLite gives the slots."""
        found = await self._found(reads, period, values)
        return _points(period, found[SCHOOL])

    async def _found(
        self, reads: QueryExecutor, period: Period, values: Mapping[str, Any]
    ) -> defaultdict[UUID, Counter[tuple[str, int]]]:
        """Amounts by subject, then by name and number of the bucket."""
        edges, in_database = period.edges(), reads.dialect == "postgresql"
        spans = {"edges": edges, "first_slot": edges[0], "last_slot": edges[-1]}
        found: defaultdict[UUID, Counter[tuple[str, int]]] = defaultdict(Counter)
        for row in await reads.all(self._kept[reads.dialect], **spans, **values):
            place = row["place"] if in_database else bisect_right(edges, row["place"])
            found[row["subject_id"] if self._apart else SCHOOL][row["name"], place - 1] += int(row["amount"])
        return found


class Trends(Trend):
    """The same for each of some courses by itself."""

    _apart = True

    async def of_each(self, reads: QueryExecutor, period: Period, **values: Any) -> dict[UUID, list[TrendPoint]]:  # noqa: ANN401 -- parameters of any type.
        """The points of each course in which anything happened, in one statement."""
        found = await self._found(reads, period, values)
        return {subject: _points(period, amounts) for subject, amounts in found.items()}


def _points(period: Period, found: Counter[tuple[str, int]]) -> list[TrendPoint]:
    return [
        TrendPoint(starts_on=day, enrollments=found["begun", place], completions=found["ended", place])
        for place, day in enumerate(period.starts())
    ]


def _in_buckets(subjects: Subjects, *, in_database: bool, apart: bool) -> PreparedStatement:
    """Amounts by name and number of the bucket, and by the subject where each is `apart`."""
    parts = [
        select(each.subject_id, each.name, each.slot, each.amount).where(
            each.subject_id == subjects if isinstance(subjects, UUID) else each.subject_id.in_(subjects),
            each.name.in_(("begun", "ended")),
            each.slot >= bindparam("first_slot", type_=Integer()),
            each.slot < bindparam("last_slot", type_=Integer()),
        )
        for each in _TABLES
    ]
    both = union_all(*parts).subquery()
    place = func.width_bucket(both.c.slot, bindparam("edges", type_=ARRAY(Integer))) if in_database else both.c.slot
    columns = [both.c.name, place.label("place"), *([both.c.subject_id] if apart else [])]
    # By their numbers: PostgreSQL takes two equal expressions with parameters for different ones.
    groups: list[ColumnElement[int]] = [literal_column(str(number)) for number in range(1, len(columns) + 1)]
    return PreparedStatement(select(*columns, func.sum(both.c.amount).label("amount")).group_by(*groups))
