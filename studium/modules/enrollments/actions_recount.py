"""What a change of the outline means for those who are in the course."""

from typing import Any
from uuid import UUID

from sqlalchemy import Numeric, Select, cast, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from studium.events import CourseOutlineChanged
from studium.kit.events import publish
from studium.models import Enrollment, EnrollmentStatus, Lesson, LessonProgress, ProgressStatus
from studium.modules.enrollments.counters import recount

AT_ONCE = 1_000
BATCH = 5_000


async def hold_learners(session: AsyncSession, course_id: UUID, *, all_of_them: bool = False) -> bool:
    """Lock the active enrollments of a course whose row is locked, and return whether `recount_course` may follow.

    Where they are too many for an answer to wait, and not `all_of_them` are asked for, none is locked and it is False.
    Call it before lessons are touched: a learner holds the enrollment and then needs the lesson.
    """
    active = select(Enrollment.id).where(_is_active(course_id))
    if not all_of_them:
        some = active.limit(AT_ONCE + 1).subquery()
        if int(await session.scalar(select(func.count()).select_from(some)) or 0) > AT_ONCE:
            return False
    held = active.order_by(Enrollment.id).with_for_update().subquery()
    await session.execute(select(func.count()).select_from(held))
    return True


async def recount_later(session: AsyncSession, course_id: UUID) -> None:
    """Let a job recount the active enrollments of a course."""
    await publish(session, CourseOutlineChanged(course_id=course_id))


async def recount_course(session: AsyncSession, course_id: UUID) -> None:
    """Make the counters of every active enrollment of a course equal its rows, and complete those that are through."""
    last = await recount_batch(session, course_id, after=None)
    while last is not None:
        last = await recount_batch(session, course_id, after=last)


async def recount_batch(session: AsyncSession, course_id: UUID, *, after: UUID | None) -> UUID | None:
    """Recount the next few thousand active enrollments in id order; return the last one's id, None at the end."""
    batch = select(Enrollment.id).where(_is_active(course_id)).order_by(Enrollment.id).limit(BATCH)
    if after is not None:
        batch = batch.where(Enrollment.id > after)
    ids = (await session.execute(batch.with_for_update())).scalars().all()
    if not ids:
        return None
    window = Enrollment.id.between(ids[0], ids[-1])
    await session.execute(_recount(course_id, window).execution_options(synchronize_session=False))
    through = select(Enrollment).where(
        _is_active(course_id),
        window,
        Enrollment.total_lessons_count > 0,
        Enrollment.completed_lessons_count == Enrollment.total_lessons_count,
    )
    for enrollment in (await session.execute(through.execution_options(populate_existing=True))).scalars():
        await recount(session, enrollment)
    return ids[-1]


def _is_active(course_id: UUID) -> Any:  # noqa: ANN401 -- a condition of SQLAlchemy's.
    return (Enrollment.course_id == course_id) & (Enrollment.status == EnrollmentStatus.ACTIVE)


def lesson_total() -> Any:  # noqa: ANN401 -- SQLAlchemy's scalar subqueries have no short type.
    """The live lessons of an enrollment's course, as a subquery."""
    live = select(func.count(Lesson.id)).where(Lesson.course_id == Enrollment.course_id, Lesson.archived_at.is_(None))
    return live.correlate(Enrollment).scalar_subquery()


def lessons_done() -> Any:  # noqa: ANN401 -- SQLAlchemy's scalar subqueries have no short type.
    """The live lessons that an enrollment's learner has completed, as a subquery."""
    done: Select[Any] = (
        select(func.count(LessonProgress.id))
        .join(Lesson, Lesson.id == LessonProgress.lesson_id)
        .where(
            LessonProgress.enrollment_id == Enrollment.id,
            LessonProgress.status == ProgressStatus.COMPLETED,
            Lesson.archived_at.is_(None),
        )
    )
    return done.correlate(Enrollment).scalar_subquery()


def _recount(course_id: UUID, window: Any) -> Any:  # noqa: ANN401 -- a statement of SQLAlchemy's.
    """One UPDATE for many enrollments; percent as `progress.percentage` has it: rounded down to two places."""
    total, done = lesson_total(), lessons_done()
    hundredths = done * 10_000 // func.coalesce(func.nullif(total, 0), 1)
    return (
        update(Enrollment)
        .where(
            _is_active(course_id),
            window,
            or_(Enrollment.total_lessons_count != total, Enrollment.completed_lessons_count != done),
        )
        .values(
            total_lessons_count=total,
            completed_lessons_count=done,
            progress_percentage=cast(hundredths, Numeric(7, 2)) / 100,
            version=Enrollment.version + 1,
        )
    )
