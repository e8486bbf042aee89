"""Reading attempts, with those that are overdue handed in first: a read never shows an attempt whose time is up."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from studium.access.rules import Rule
from studium.kit.clock import now
from studium.kit.db import Database
from studium.kit.runtime import runtime_of
from studium.models import AttemptStatus, Enrollment, QuizAttempt
from studium.modules.quizzes.actions_attempts import LATE_GRACE, finalize_overdue

_AT_ONCE = 100
"""More than a sweep leaves lying about; a reader waits for no more."""


async def hand_in_overdue(database: Database, attempt_id: UUID) -> None:
    """Hand in an attempt whose time is up, in a transaction of its own."""
    async with database.writing() as session:
        await finalize_overdue(session, attempt_id)


@asynccontextmanager
async def settled(session: AsyncSession, *where: Rule) -> AsyncIterator[AsyncSession]:
    """A session in which none of these attempts is overdue: the reader's own, or a later one."""
    statement = (
        select(QuizAttempt.id)
        .join(Enrollment, Enrollment.id == QuizAttempt.enrollment_id)
        .where(*where, QuizAttempt.status == AttemptStatus.IN_PROGRESS, QuizAttempt.deadline_at < now() - LATE_GRACE)
    )
    overdue = (await session.execute(statement.limit(_AT_ONCE))).scalars().all()
    if not overdue:
        yield session
        return
    database = runtime_of(session).database
    for attempt_id in overdue:
        await hand_in_overdue(database, attempt_id)
    async with database.reading() as fresh:
        yield fresh
