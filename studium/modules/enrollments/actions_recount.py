"""What a change of the outline means for those who are in the course."""

from typing import Any
from uuid import UUID

from sqlalchemy import Uuid, bindparam, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from studium.events import CourseOutlineChanged
from studium.kit.db.prepared import PreparedStatement
from studium.kit.db.transaction import transaction_of
from studium.kit.jobs.events import publish
from studium.models import Enrollment, EnrollmentStatus
from studium.modules.enrollments.counters import recount_all, recounted

AT_ONCE = 1_000
BATCH = 5_000


async def lock_active_enrollments(session: AsyncSession, course_id: UUID, *, all_of_them: bool = False) -> bool:
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
    await recount_all(transaction_of(session), _RECOUNT_BATCH, p_course=course_id, p_first=ids[0], p_last=ids[-1])
    return ids[-1]


def _is_active(course_id: Any) -> Any:  # noqa: ANN401 -- a condition of SQLAlchemy's.
    return (Enrollment.course_id == course_id) & (Enrollment.status == EnrollmentStatus.ACTIVE)


_RECOUNT_BATCH = PreparedStatement(
    recounted(
        _is_active(bindparam("p_course", type_=Uuid())),
        Enrollment.id.between(bindparam("p_first", type_=Uuid()), bindparam("p_last", type_=Uuid())),
    )
)
