"""Reading attempts, with those that are overdue handed in first: a read never shows an attempt whose time is up."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from studium.kit.clock import now
from studium.kit.runtime import runtime_of
from studium.models import AttemptStatus, Enrollment, QuizAttempt
from studium.modules.quizzes.actions_attempts import LATE_GRACE, finalize_overdue


@asynccontextmanager
async def settled(session: AsyncSession, enrollment: Enrollment, quiz_id: UUID) -> AsyncIterator[AsyncSession]:
    """A session in which no attempt of this learner at this quiz is overdue: the reader's own, or a writing one."""
    overdue = await session.scalar(
        select(QuizAttempt.id).where(
            QuizAttempt.enrollment_id == enrollment.id,
            QuizAttempt.quiz_id == quiz_id,
            QuizAttempt.status == AttemptStatus.IN_PROGRESS,
            QuizAttempt.deadline_at < now() - LATE_GRACE,
        )
    )
    if overdue is None:
        yield session
        return
    async with runtime_of(session).database.writing() as writing:
        await finalize_overdue(writing, overdue)
        yield writing
