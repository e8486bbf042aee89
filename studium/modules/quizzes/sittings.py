"""An attempt together with what it hangs on, locked in one statement: where every change of an attempt begins."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Row, select
from sqlalchemy.ext.asyncio import AsyncSession

from studium.kit.pages import AnySelect
from studium.models import Enrollment, Quiz, QuizAttempt


@dataclass(frozen=True, slots=True)
class Sitting:
    """An attempt, the enrollment whose row is the mutex for it, and the lesson that a pass completes."""

    enrollment: Enrollment
    attempt: QuizAttempt
    lesson_id: UUID


def sitting_of(row: Row[Any]) -> Sitting:
    """The sitting in a row of `held_sittings`."""
    enrollment, attempt, lesson_id, *_ = tuple[Any, ...](row)
    return Sitting(enrollment, attempt, lesson_id)


def held_sittings() -> AnySelect:
    """Enrollments with their attempts and the lessons, locked in this order, which is the order that all keep.

    What it reads is as it is once the locks are held, whatever the session knew before.
    """
    return (
        select(Enrollment, QuizAttempt, Quiz.lesson_id)
        .select_from(Enrollment)
        .join(QuizAttempt, QuizAttempt.enrollment_id == Enrollment.id)
        .join(Quiz, Quiz.id == QuizAttempt.quiz_id)
        .order_by(Enrollment.id, QuizAttempt.id)
        .with_for_update(of=(Enrollment, QuizAttempt))
        .execution_options(populate_existing=True)
    )


async def held_sitting(session: AsyncSession, attempt_id: UUID) -> Sitting:
    """One attempt that is there, locked."""
    return sitting_of((await session.execute(held_sittings().where(QuizAttempt.id == attempt_id))).one())
