"""Counters against rows: what `studium reconcile` looks at, and puts right."""

from typing import Any
from uuid import UUID

from sqlalchemy import Select, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from studium.models import Enrollment, EnrollmentStatus, LessonProgress
from studium.modules.enrollments.actions_recount import lesson_total, lessons_done
from studium.modules.enrollments.counters import recount


def _time_spent() -> Any:  # noqa: ANN401 -- SQLAlchemy's scalar subqueries have no short type.
    spent = select(func.coalesce(func.sum(LessonProgress.time_spent_seconds), 0))
    return spent.where(LessonProgress.enrollment_id == Enrollment.id).correlate(Enrollment).scalar_subquery()


def _drifted() -> Select[UUID]:
    """Enrollments whose counters are not what their rows say; of those that are over, only the time can drift."""
    is_active = Enrollment.status == EnrollmentStatus.ACTIVE
    counts = or_(Enrollment.total_lessons_count != lesson_total(), Enrollment.completed_lessons_count != lessons_done())
    return select(Enrollment.id).where((is_active & counts) | (Enrollment.total_time_spent_seconds != _time_spent()))


async def find_drift(session: AsyncSession) -> list[UUID]:
    """The enrollments whose counters differ from their rows, by id."""
    return list((await session.execute(_drifted().order_by(Enrollment.id))).scalars())


async def repair(session: AsyncSession, enrollment_id: UUID) -> bool:
    """Recompute one enrollment under its lock; return whether anything differed."""
    statement = select(Enrollment).where(Enrollment.id == enrollment_id).with_for_update()
    enrollment = (await session.execute(statement)).scalar_one()
    if await session.scalar(_drifted().where(Enrollment.id == enrollment_id)) is None:
        return False
    spent = select(func.coalesce(func.sum(LessonProgress.time_spent_seconds), 0)).where(
        LessonProgress.enrollment_id == enrollment_id
    )
    enrollment.total_time_spent_seconds = int(await session.scalar(spent) or 0)
    await session.flush()
    await recount(session, enrollment)
    return True
