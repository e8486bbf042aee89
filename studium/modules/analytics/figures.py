"""Figures that several answers share."""

from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from studium.models import Course, Enrollment, EnrollmentStatus
from studium.modules.analytics.periods import Period
from studium.modules.analytics.schemas import TrendPoint

LEARNING = (EnrollmentStatus.ACTIVE, EnrollmentStatus.COMPLETED)
_PLACES = Decimal("0.01")


def ratio(amount: Decimal | int | None, count: int | None) -> Decimal | None:
    """The quotient with two places (half up), or None where there is nothing to divide by."""
    return (Decimal(amount or 0) / count).quantize(_PLACES, ROUND_HALF_UP) if count else None


async def status_rows(session: AsyncSession, *where: ColumnElement[bool]) -> dict[EnrollmentStatus, Any]:
    """One row for each status of some enrollments: people, progress, seconds, ratings, stars. One statement."""
    statement = (
        select(
            Enrollment.status,
            func.count().label("people"),
            func.sum(Enrollment.progress_percentage).label("progress"),
            func.sum(Enrollment.total_time_spent_seconds).label("seconds"),
            func.count(Enrollment.rating).label("ratings"),
            func.sum(Enrollment.rating).label("stars"),
        )
        .join(Course, Course.id == Enrollment.course_id)
        .where(*where)
        .group_by(Enrollment.status)
    )
    return {row.status: row for row in (await session.execute(statement)).all()}


def by_status(rows: dict[EnrollmentStatus, Any]) -> dict[EnrollmentStatus, int]:
    """How many there are of each status, 0 included."""
    return {status: rows[status].people if status in rows else 0 for status in EnrollmentStatus}


def added(rows: dict[EnrollmentStatus, Any], name: str) -> Any:  # noqa: ANN401 -- a sum of integers or decimals.
    """The sum of one figure over all statuses."""
    return sum(getattr(row, name) or 0 for row in rows.values())


def average_progress(rows: dict[EnrollmentStatus, Any]) -> Decimal | None:
    """The mean progress of those who are active or done, in percent."""
    learning = [rows[status] for status in LEARNING if status in rows]
    return ratio(sum((row.progress for row in learning), Decimal(0)), sum(row.people for row in learning))


def completion_rate(rows: dict[EnrollmentStatus, Any]) -> Decimal | None:
    """Completed of all enrollments ever made, in percent."""
    counts = by_status(rows)
    return ratio(counts[EnrollmentStatus.COMPLETED] * 100, sum(counts.values()))


async def trend(session: AsyncSession, period: Period, *where: ColumnElement[bool]) -> list[TrendPoint]:
    """Enrollments and completions in each bucket of a period. Two statements."""
    begun = period.folded(await _by_day(session, Enrollment.enrolled_at, period, *where))
    done = period.folded(await _by_day(session, Enrollment.completed_at, period, *where))
    return [TrendPoint(starts_on=day, enrollments=begun[day], completions=done[day]) for day in period.starts()]


async def _by_day(
    session: AsyncSession, moment: InstrumentedAttribute[Any], period: Period, *where: ColumnElement[bool]
) -> dict[date, int]:
    """How many of the enrollments had that moment on each day (UTC). Connections speak UTC, so `date` does too."""
    day = func.date(moment)
    statement = (
        select(day.label("day"), func.count().label("people"))
        .select_from(Enrollment)
        .join(Course, Course.id == Enrollment.course_id)
        .where(moment >= period.begin, moment < period.end, *where)
        .group_by(day)
    )
    rows = (await session.execute(statement)).all()
    return {date.fromisoformat(str(row.day)): row.people for row in rows}
