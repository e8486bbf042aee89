"""What staff allow one learner beyond the rule of a quiz."""

from uuid import UUID

from sqlalchemy import exists, select
from sqlalchemy.ext.asyncio import AsyncSession

from studium.access.actor import Actor
from studium.access.audit import record_audit
from studium.kit.base.clock import now
from studium.kit.base.ids import new_id
from studium.kit.base.problems import NotFound
from studium.kit.base.versions import IfMatchHeader
from studium.kit.db.tables import apply_changes
from studium.models import Course, Enrollment, Quiz, QuizAccommodation, increment_version
from studium.modules.quizzes.authoring.locking import lock_quiz
from studium.modules.quizzes.schemas_staff import AccommodationIn


async def put_accommodation(
    session: AsyncSession,
    actor: Actor,
    course: Course,
    quiz: Quiz,
    student_id: UUID,
    payload: AccommodationIn,
    if_match: IfMatchHeader,
) -> bool:
    """Allow a learner of the course this much from the next attempt on; return whether it is the first time.

    Raises NotFound for somebody who was never in the course, PreconditionFailed.
    """
    learns = exists().where(Enrollment.student_id == student_id, Enrollment.course_id == course.id)
    if not await session.scalar(select(learns)):
        message = "There is no such learner in this course."
        raise NotFound(message)
    known = await _held(session, quiz, student_id)
    if known is None:
        at = now()
        ids = {"id": new_id(), "quiz_id": quiz.id, "student_id": student_id}
        session.add(QuizAccommodation(**ids, created_at=at, updated_at=at, version=1, **payload.model_dump()))
    else:
        if_match.require(known.version)
        if not apply_changes(known, payload.model_dump()):
            return False
        increment_version(known)
    await _remember(session, actor, quiz, student_id, payload)
    await session.flush()
    return known is None


async def _held(session: AsyncSession, quiz: Quiz, student_id: UUID) -> QuizAccommodation | None:
    """What is there, if anything; the quiz is locked, so that two who set it at once take turns. Raises NotFound."""
    await lock_quiz(session, quiz)
    statement = select(QuizAccommodation).where(
        QuizAccommodation.quiz_id == quiz.id, QuizAccommodation.student_id == student_id
    )
    return (await session.execute(statement)).scalar_one_or_none()


async def _remember(
    session: AsyncSession, actor: Actor, quiz: Quiz, student_id: UUID, payload: AccommodationIn
) -> None:
    await record_audit(
        session,
        "quiz.accommodate",
        actor_id=actor.id,
        target=("quiz", quiz.id),
        student_id=str(student_id),
        extra_time_percent=payload.extra_time_percent,
        extra_attempts=payload.extra_attempts,
    )


async def delete_accommodation(session: AsyncSession, actor: Actor, quiz: Quiz, student_id: UUID) -> None:
    """Go back to the rule for everybody, from the next attempt on; again: no change."""
    known = await _held(session, quiz, student_id)
    if known is None:
        return
    await session.delete(known)
    await _remember(session, actor, quiz, student_id, AccommodationIn())
    await session.flush()
