"""Releasing marks: what graders have drafted of a quiz, shown to its learners together, batch by batch."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Integer, Uuid, bindparam, func, select, text

from studium.access.actor import Actor
from studium.access.audit import record_audit
from studium.events import ReleaseRequested
from studium.kit.base.clock import now
from studium.kit.db.prepared import PreparedStatement
from studium.kit.db.transaction import Transaction
from studium.kit.jobs.events import publish
from studium.models import QuizAttempt
from studium.modules.quizzes.attempts.contexts import AttemptContext, locked_attempts
from studium.modules.quizzes.attempts.drafts import Draft
from studium.modules.quizzes.authoring.locking import lock_live_marks, lock_marks
from studium.modules.quizzes.grading.actions import show_marks
from studium.modules.quizzes.schemas_staff import ReleaseOut

BATCH = 50

_QUIZ = bindparam("p_quiz", type_=Uuid())
_UNTIL = bindparam("p_until", type_=QuizAttempt.marked_at.type)
# As the indexes say it: a parameter would not be found to mean the same.
_IS_MARKED = text("quiz_attempts.marked_at IS NOT NULL")
_IS_WAITING = text("quiz_attempts.status = 'submitted' AND quiz_attempts.marked_at IS NULL")
_OLDEST = (
    select(QuizAttempt.id)
    .where(QuizAttempt.quiz_id == _QUIZ, _IS_MARKED, QuizAttempt.marked_at <= _UNTIL)
    .order_by(QuizAttempt.marked_at)
    .limit(bindparam("p_batch", type_=Integer()))
)
# Whoever waited for a lock finds an attempt that was released meanwhile without the mark.
_NEXT = PreparedStatement(
    locked_attempts(QuizAttempt.id.in_(_OLDEST), QuizAttempt.marked_at.is_not(None), QuizAttempt.marked_at <= _UNTIL)
)
_LEFT = PreparedStatement(
    select(
        select(func.count(QuizAttempt.id))
        .where(QuizAttempt.quiz_id == _QUIZ, _IS_MARKED, QuizAttempt.marked_at <= _UNTIL)
        .scalar_subquery()
        .label("left"),
        select(func.count(QuizAttempt.id))
        .where(QuizAttempt.quiz_id == _QUIZ, _IS_WAITING)
        .scalar_subquery()
        .label("waiting"),
    )
)


async def release_marks(tx: Transaction, actor: Actor, quiz_id: UUID) -> ReleaseOut:
    """Show every complete mark of the quiz that is held: at once where they are few, the rest by a job.

    What is marked after this moment waits for the next release. Again: what is shown is not shown twice.
    Raises NotFound for a quiz that is in the trash.
    """
    await lock_live_marks(tx, quiz_id)
    until = now()
    released = await _next_batch(tx, quiz_id, until, actor.id)
    row = await tx.first(_LEFT, p_quiz=quiz_id, p_until=until)
    assert row is not None  # noqa: S101 -- two counts have one row.
    await record_audit(
        tx, "quiz.release", actor_id=actor.id, target=("quiz", quiz_id), released=released, left=row["left"]
    )
    if row["left"]:
        await publish(tx, ReleaseRequested(quiz_id=quiz_id, requested_by=actor.id, until=until.isoformat()))
    return ReleaseOut(quiz_id=quiz_id, released=released, left=row["left"], waiting=row["waiting"])


async def release_batch(tx: Transaction, quiz_id: UUID, until: datetime, requested_by: UUID) -> int:
    """Show the marks of the next attempts that were complete by then; return how many.

    Two releases at once take turns, so that none finds nothing left while the other one holds what it would show.
    """
    await lock_marks(tx, quiz_id)
    return await _next_batch(tx, quiz_id, until, requested_by)


async def _next_batch(tx: Transaction, quiz_id: UUID, until: datetime, requested_by: UUID) -> int:
    rows = await tx.all(_NEXT, p_quiz=quiz_id, p_until=until, p_batch=BATCH)
    for row in rows:
        context = AttemptContext.of(row)
        draft = Draft.of(context.attempt)
        if draft.feedback is None:
            draft = draft._replace(feedback=context.attempt["feedback"])
        await show_marks(tx, draft.grader_id or requested_by, context, draft, reason="release")
    return len(rows)
