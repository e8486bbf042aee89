"""The lock that every change of a quiz takes first: its own row."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from studium.access.reading import NOTHING
from studium.kit.base.problems import NotFound
from studium.models import Lesson, Quiz


async def lock_quiz(session: AsyncSession, quiz: Quiz) -> None:
    """Take the row's lock, and read it afresh; raise NotFound where somebody has put it into the trash before that."""
    await session.refresh(quiz, with_for_update=True)
    live = select(Lesson.id).where(Lesson.id == quiz.lesson_id, Lesson.archived_at.is_(None))
    if await session.scalar(live) is None:
        raise NotFound(NOTHING)
