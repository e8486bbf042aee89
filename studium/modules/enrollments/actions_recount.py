"""What a change of the outline means for those who are in the course."""

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from studium.models import Enrollment, EnrollmentStatus
from studium.modules.enrollments.counters import recount

BATCH = 500


async def recount_course(session: AsyncSession, course_id: UUID) -> int:
    """Recount every active enrollment of a course in this transaction; return how many there were."""
    counted = 0
    batch = await recount_batch(session, course_id, after=None)
    while batch:
        counted += len(batch)
        batch = await recount_batch(session, course_id, after=batch[-1])
    return counted


async def recount_batch(session: AsyncSession, course_id: UUID, *, after: UUID | None) -> list[UUID]:
    """Recount the next few active enrollments after that id, in id order; return their ids, empty at the end."""
    statement = (
        select(Enrollment)
        .where(Enrollment.course_id == course_id, Enrollment.status == EnrollmentStatus.ACTIVE)
        .order_by(Enrollment.id)
        .limit(BATCH)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if after is not None:
        statement = statement.where(Enrollment.id > after)
    enrollments = (await session.execute(statement)).scalars().all()
    for enrollment in enrollments:
        await recount(session, enrollment)
    return [enrollment.id for enrollment in enrollments]
