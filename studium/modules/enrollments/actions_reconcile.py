"""Counters against rows: what `studium reconcile` looks at, and puts right; and what no enrollment may be."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Integer, and_, case, cast, func, or_, select, true
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from studium.kit.base.findings import Findings
from studium.kit.db.invariants import Invariant
from studium.models import Enrollment, EnrollmentStatus, LessonProgress, Quiz, QuizAttempt
from studium.modules.enrollments.counters import lesson_total, lessons_done, recount_loaded


def _time_spent() -> Any:  # noqa: ANN401 -- SQLAlchemy's scalar subqueries have no short type.
    spent = select(func.coalesce(func.sum(LessonProgress.time_spent_seconds), 0))
    return spent.where(LessonProgress.enrollment_id == Enrollment.id).correlate(Enrollment).scalar_subquery()


_AT_ONCE = 500
_IS_ACTIVE = Enrollment.status == EnrollmentStatus.ACTIVE


# In hundredths of a percent, and whole: a decimal is a float on SQLite. A quotient of integers is rounded down.
_HUNDREDTHS = cast(func.round(Enrollment.progress_percentage * 100), Integer)
_EARNED = case((Enrollment.total_lessons_count == 0, 0), else_=Enrollment.completed_lessons_count * 10_000).op("/")(
    case((Enrollment.total_lessons_count == 0, 1), else_=Enrollment.total_lessons_count)
)
_FULL = 100
_IS_COMPLETED = Enrollment.status == EnrollmentStatus.COMPLETED
_ATTEMPTS = (
    select(func.count(QuizAttempt.id))
    .join(Quiz, Quiz.id == QuizAttempt.quiz_id)
    .where(QuizAttempt.enrollment_id == LessonProgress.enrollment_id, Quiz.lesson_id == LessonProgress.lesson_id)
    .correlate(LessonProgress)
    .scalar_subquery()
)

INVARIANTS = (
    Invariant(
        1,
        "enrollment {id} is at {percentage} %, but has done {done} of {total} lessons",
        select(
            Enrollment.id,
            Enrollment.progress_percentage.label("percentage"),
            Enrollment.completed_lessons_count.label("done"),
            Enrollment.total_lessons_count.label("total"),
        ).where(_IS_ACTIVE, _HUNDREDTHS != _EARNED),
    ),
    Invariant(
        1,
        "enrollment {id} is {status} at {percentage} %, completed at {completed_at}: not all of it can be true",
        select(
            Enrollment.id,
            Enrollment.status,
            Enrollment.progress_percentage.label("percentage"),
            Enrollment.completed_at,
        ).where(
            or_(
                and_(_IS_COMPLETED, or_(Enrollment.completed_at.is_(None), Enrollment.progress_percentage < _FULL)),
                and_(~_IS_COMPLETED, Enrollment.completed_at.is_not(None)),
            )
        ),
    ),
    Invariant(
        9,
        "enrollment {enrollment_id} has begun {counted} attempts in lesson {lesson_id}, but its progress says {stored}",
        select(
            LessonProgress.enrollment_id,
            LessonProgress.lesson_id,
            LessonProgress.attempts_count.label("stored"),
            _ATTEMPTS.label("counted"),
        ).where(LessonProgress.attempts_count != _ATTEMPTS),
    ),
)


@dataclass(frozen=True, slots=True)
class Drift:
    """One counter of one enrollment that is not what its rows say. Times are seconds."""

    enrollment_id: UUID
    counter: str
    stored: int
    counted: int

    def __str__(self) -> str:
        return f"enrollment {self.enrollment_id}: {self.counter} is {self.stored}, its rows say {self.counted}"


def _counters() -> tuple[tuple[InstrumentedAttribute[int], Any, ColumnElement[bool]], ...]:
    """Each counter with what it should be and when; of enrollments that are over, only the time can drift."""
    return (
        (Enrollment.total_lessons_count, lesson_total(), _IS_ACTIVE),
        (Enrollment.completed_lessons_count, lessons_done(), _IS_ACTIVE),
        (Enrollment.total_time_spent_seconds, _time_spent(), true()),
    )


def _drifted() -> ColumnElement[bool]:
    return or_(*(applies & (stored != counted) for stored, counted, applies in _counters()))


async def find_drift(session: AsyncSession) -> Findings[Drift]:
    """Every counter that differs from its rows, by enrollment."""
    return await Findings[Drift]().take(drifts(session))


async def drifts(session: AsyncSession) -> AsyncIterator[Drift]:
    """The same, one by one."""
    counters = _counters()
    columns = [column for stored, counted, _ in counters for column in (stored, counted)]
    statement = select(Enrollment.id, Enrollment.status, *columns).where(_drifted()).order_by(Enrollment.id)
    rows = await session.stream(statement.execution_options(yield_per=_AT_ONCE))
    async for enrollment_id, status, *values in rows:
        for (attribute, _, applies), stored, counted in zip(counters, values[::2], values[1::2], strict=True):
            if stored != counted and (applies is not _IS_ACTIVE or status == EnrollmentStatus.ACTIVE):
                yield Drift(enrollment_id, attribute.key, stored, counted)


async def repair(session: AsyncSession, enrollment_id: UUID) -> bool:
    """Recompute one enrollment under its lock; return whether anything differed."""
    statement = select(Enrollment).where(Enrollment.id == enrollment_id).with_for_update()
    enrollment = (await session.execute(statement)).scalar_one()
    if await session.scalar(select(Enrollment.id).where(Enrollment.id == enrollment_id, _drifted())) is None:
        return False
    spent = select(func.coalesce(func.sum(LessonProgress.time_spent_seconds), 0)).where(
        LessonProgress.enrollment_id == enrollment_id
    )
    enrollment.total_time_spent_seconds = int(await session.scalar(spent) or 0)
    await session.flush()
    await recount_loaded(session, enrollment)
    return True
