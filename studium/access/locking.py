"""Locks of rows that were looked up without one: somebody may have deleted them meanwhile."""

from sqlalchemy.ext.asyncio import AsyncSession

from studium.access.reading import NOTHING
from studium.kit.base.problems import NotFound
from studium.models import Course, Lesson, Quiz
from studium.models.course import AS_MUTEX


async def lock_row(session: AsyncSession, row: Course | Lesson | Quiz, *, key_share: bool = False) -> None:
    """Take the row's lock, and read it afresh; raise NotFound where it is gone for good."""
    lock = {"key_share": key_share}
    if await session.get(type(row), row.id, with_for_update=lock, populate_existing=True) is None:
        raise NotFound(NOTHING)


async def lock_course(session: AsyncSession, course: Course) -> None:
    """The mutex of whatever changes the outline of a course, or what is in its trash; raise NotFound likewise."""
    await lock_row(session, course, **AS_MUTEX)
