"""The catalogue's counts against the enrollments: what `studium reconcile` looks at, and puts right."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from studium.models import CourseCounts, Enrollment


@dataclass(frozen=True, slots=True)
class CountDrift:
    """One count of one course that is not what its enrollments say."""

    course_id: UUID
    counter: str
    stored: int
    counted: int

    def __str__(self) -> str:
        return f"course {self.course_id}: {self.counter} is {self.stored}, its enrollments say {self.counted}"


def _counted(what: ColumnElement[Any]) -> Any:  # noqa: ANN401 -- SQLAlchemy's scalar subqueries have no short type.
    return select(what).where(Enrollment.course_id == CourseCounts.course_id).correlate(CourseCounts).scalar_subquery()


_COUNTED = {
    "enrollments": _counted(func.count(Enrollment.id)),
    "ratings": _counted(func.count(Enrollment.rating)),
    "rating_sum": _counted(func.coalesce(func.sum(Enrollment.rating), 0)),
}
_STORED = {name: CourseCounts.__table__.c[name] for name in _COUNTED}


async def find_count_drift(session: AsyncSession) -> list[CountDrift]:
    """Every count that differs from its enrollments, by course."""
    columns = [column for name in _COUNTED for column in (_STORED[name], _COUNTED[name])]
    differs = or_(*(_STORED[name] != _COUNTED[name] for name in _COUNTED))
    statement = select(CourseCounts.course_id, *columns).where(differs).order_by(CourseCounts.course_id)
    found = []
    for course_id, *values in (await session.execute(statement)).all():
        triples = zip(_COUNTED, values[::2], values[1::2], strict=True)
        found += [CountDrift(course_id, *triple) for triple in triples if triple[1] != triple[2]]
    return found


async def repair_counts(session: AsyncSession, course_id: UUID) -> None:
    """Count one course anew under its row's lock, for which whoever enrolls now waits."""
    held = select(CourseCounts).where(CourseCounts.course_id == course_id).with_for_update()
    await session.execute(held)
    await session.execute(update(CourseCounts).where(CourseCounts.course_id == course_id).values(**_COUNTED))
