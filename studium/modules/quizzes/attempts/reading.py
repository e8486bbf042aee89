"""Handing in what is overdue before it is read: a read never shows an attempt whose time is up as open."""

from uuid import UUID

from sqlalchemy import Uuid, bindparam, select

from studium.access.rules import Rule
from studium.kit.base.clock import now
from studium.kit.db.database import Database
from studium.kit.db.prepared import PreparedStatement
from studium.models import AttemptStatus, Enrollment, QuizAttempt
from studium.modules.quizzes.attempts.actions import LATE_GRACE, submit_if_overdue
from studium.modules.quizzes.attempts.contexts import lock_attempt

_AT_ONCE = 100
"""More than a sweep leaves lying about; a reader waits for no more."""

_QUIZ = QuizAttempt.quiz_id == bindparam("p_quiz", type_=Uuid())


def overdue_attempts(*where: Rule, limit: int = _AT_ONCE) -> PreparedStatement:
    """The ids of the open attempts whose time is up, those that wait longest first."""
    late = QuizAttempt.deadline_at < bindparam("p_late", type_=QuizAttempt.deadline_at.type)
    return PreparedStatement(
        select(QuizAttempt.id)
        .join(Enrollment, Enrollment.id == QuizAttempt.enrollment_id)
        .where(*where, QuizAttempt.status == AttemptStatus.IN_PROGRESS, late)
        .order_by(QuizAttempt.deadline_at)
        .limit(limit)
    )


_AT_QUIZ = overdue_attempts(_QUIZ)
_OF_STUDENT = overdue_attempts(_QUIZ, Enrollment.student_id == bindparam("p_student", type_=Uuid()))


async def overdue_ids(database: Database, statement: PreparedStatement, **values: UUID) -> list[UUID]:
    """What a statement of `overdue_attempts` finds now."""
    return [row["id"] for row in await database.reads.all(statement, p_late=now() - LATE_GRACE, **values)]


async def submit_overdue(database: Database, attempt_id: UUID) -> None:
    """Hand in an attempt if its time is up, in a transaction of its own."""
    async with database.transaction() as tx:
        await submit_if_overdue(tx, await lock_attempt(tx, attempt_id))


async def submit_overdue_at(database: Database, quiz_id: UUID, student_id: UUID | None = None) -> None:
    """Hand in what is overdue at a quiz, of one student or of everybody."""
    if student_id is None:
        found = await overdue_ids(database, _AT_QUIZ, p_quiz=quiz_id)
    else:
        found = await overdue_ids(database, _OF_STUDENT, p_quiz=quiz_id, p_student=student_id)
    for attempt_id in found:
        await submit_overdue(database, attempt_id)
