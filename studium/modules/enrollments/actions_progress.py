"""What a learner does in a lesson. The enrollment's row is the mutex; its counters follow in the same transaction."""

from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import Uuid, func, literal, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.sql.dml import ReturningInsert

from studium.access.actor import Actor
from studium.access.audit import audit
from studium.access.errors import EnrollmentNotActive
from studium.kit.clock import now
from studium.kit.db import insert_of, unique_or
from studium.kit.ids import new_id
from studium.kit.problems import NotFound
from studium.models import Enrollment, EnrollmentStatus, Lesson, LessonProgress, LessonType, ProgressStatus, bump
from studium.modules.enrollments.counters import recount
from studium.modules.enrollments.errors import QuizNotPassed
from studium.modules.enrollments.progress import FULL, TIME_MAX_SECONDS, credited_time, percentage, room_for_time
from studium.modules.enrollments.schemas import ProgressUpdate

_PLACE = ("enrollment_id", "lesson_id")
_FRESH = {
    "time_spent_seconds": literal(0),
    "last_position_seconds": literal(0),
    "attempts_count": literal(0),
    "completion_percentage": literal(Decimal(0), LessonProgress.completion_percentage.type),
}
"""The figures of a lesson that nobody has touched."""


async def complete_lesson(
    session: AsyncSession, actor: Actor, enrollment: Enrollment, lesson_id: UUID
) -> LessonProgress:
    """Mark a lesson as done; again: no change.

    Raises NotFound (another course's or an archived lesson), EnrollmentNotActive, QuizNotPassed.
    """
    lesson_type = await _open_lesson(session, enrollment, lesson_id)
    progress = await _visit(session, actor, enrollment, lesson_id, "progress.complete")
    if progress.status is ProgressStatus.COMPLETED:
        return progress
    _refuse_quiz(lesson_type)
    _refuse_completed(enrollment)
    return await _finish(session, enrollment, progress)


async def record_progress(
    session: AsyncSession, actor: Actor, enrollment: Enrollment, lesson_id: UUID, patch: ProgressUpdate
) -> LessonProgress:
    """Take over what a player reports; a completed enrollment only moves time and position.

    The percentage never falls, 100 completes, and time is credited no faster than the clock runs (an admin's figures
    stand as they are). An empty report changes nothing. Raises as `complete_lesson` does.
    """
    lesson_type = await _open_lesson(session, enrollment, lesson_id)
    changes = patch.changes()
    if not changes:
        return await _known_progress(session, enrollment, lesson_id) or _new_progress(enrollment, lesson_id)
    progress = await _visit(session, actor, enrollment, lesson_id, "progress.update")
    await _move_in_lesson(session, actor, enrollment, progress, changes)
    if enrollment.status is EnrollmentStatus.COMPLETED:
        return progress
    if "metadata" in changes:
        progress.progress_metadata = changes["metadata"]
    reached = changes.get("completion_percentage", Decimal(0))
    is_done = reached >= FULL or changes.get("status") is ProgressStatus.COMPLETED
    if is_done and progress.status is not ProgressStatus.COMPLETED:
        _refuse_quiz(lesson_type)
        return await _finish(session, enrollment, progress)
    progress.completion_percentage = max(progress.completion_percentage, reached)
    await session.flush()
    return progress


async def record_completion(session: AsyncSession, enrollment: Enrollment, lesson_id: UUID) -> None:
    """A quiz was passed (or a practice quiz submitted): its lesson is done. Called under the enrollment's lock.

    Who dropped out meanwhile keeps it, for the day they resume. Nothing moves in a completed enrollment, or in a lesson
    that was archived. One statement finishes the lesson, one more the counters, unless it was the last lesson.
    """
    if enrollment.status is EnrollmentStatus.COMPLETED:
        return
    at = now()
    if (await session.execute(_finishing(session, enrollment.id, lesson_id, at))).scalar_one_or_none() is None:
        return
    _touch(enrollment, at)
    done, total = enrollment.completed_lessons_count + 1, enrollment.total_lessons_count
    if enrollment.status is EnrollmentStatus.ACTIVE and done < total:
        enrollment.completed_lessons_count = done
        enrollment.progress_percentage = percentage(done, total)
        bump(enrollment)
        await session.flush()
    else:
        await session.flush()
        await recount(session, enrollment)


def _finishing(
    session: AsyncSession, enrollment_id: UUID, lesson_id: UUID, at: datetime
) -> ReturningInsert[tuple[UUID]]:
    """Complete the progress row, made where it is missing; no row comes back where there is nothing to complete."""
    row: dict[str, Any] = {
        **_FRESH,
        "id": literal(new_id(), Uuid()),
        "enrollment_id": literal(enrollment_id, Uuid()),
        "lesson_id": Lesson.id,
        "status": literal(ProgressStatus.COMPLETED, LessonProgress.status.type),
        "started_at": literal(at, LessonProgress.started_at.type),
        "completed_at": literal(at, LessonProgress.completed_at.type),
        "completion_percentage": literal(FULL, LessonProgress.completion_percentage.type),
        "updated_at": literal(at, LessonProgress.updated_at.type),
    }
    live = select(*row.values()).where(Lesson.id == lesson_id, Lesson.archived_at.is_(None))
    statement = insert_of(session)(LessonProgress).from_select(list(row), live, include_defaults=False)
    finished = ("status", "completed_at", "completion_percentage", "updated_at")
    finishing: ReturningInsert[tuple[UUID]] = statement.on_conflict_do_update(
        index_elements=_PLACE,
        set_={name: statement.excluded[name] for name in finished},
        where=LessonProgress.status != ProgressStatus.COMPLETED,
    ).returning(LessonProgress.id)
    return finishing


async def record_attempt(session: AsyncSession, enrollment: Enrollment, lesson_id: UUID) -> None:
    """A quiz attempt was started in this lesson. Called under the enrollment's lock."""
    at = now()
    row = {
        **{name: value.value for name, value in _FRESH.items()},
        "id": new_id(),
        "enrollment_id": enrollment.id,
        "lesson_id": lesson_id,
        "status": ProgressStatus.IN_PROGRESS,
        "started_at": at,
        "attempts_count": 1,
        "updated_at": at,
    }
    statement = insert_of(session)(LessonProgress).values(row)
    again = {"attempts_count": LessonProgress.attempts_count + 1, "updated_at": at}
    await session.execute(statement.on_conflict_do_update(index_elements=_PLACE, set_=again))
    _touch(enrollment, at)
    await session.flush()


async def _open_lesson(session: AsyncSession, enrollment: Enrollment, lesson_id: UUID) -> LessonType:
    """Lock the enrollment and find the lesson in its course; raises NotFound, EnrollmentNotActive."""
    await session.refresh(enrollment, with_for_update=True)
    found = select(Lesson.lesson_type).where(
        Lesson.id == lesson_id, Lesson.course_id == enrollment.course_id, Lesson.archived_at.is_(None)
    )
    lesson_type = await session.scalar(found)
    if lesson_type is None:
        message = "There is no such lesson in this course."
        raise NotFound(message)
    if enrollment.status in (EnrollmentStatus.DROPPED, EnrollmentStatus.EXPIRED):
        message = f"The enrollment is {enrollment.status}; resume it first."
        raise EnrollmentNotActive(message)
    return lesson_type


async def _visit(
    session: AsyncSession, actor: Actor, enrollment: Enrollment, lesson_id: UUID, action: str
) -> LessonProgress:
    """The progress row, made on the first visit; what somebody else does there is audited as `action`."""
    if actor.id != enrollment.student_id:
        audit(session, action, actor_id=actor.id, target=("enrollment", enrollment.id), lesson_id=str(lesson_id))
    at = now()
    progress = await _progress_row(session, enrollment, lesson_id, at)
    _touch(enrollment, at)
    return progress


def _touch(enrollment: Enrollment, at: datetime) -> None:
    enrollment.last_accessed_at = at
    enrollment.started_at = enrollment.started_at or at


async def _progress_row(session: AsyncSession, enrollment: Enrollment, lesson_id: UUID, at: datetime) -> LessonProgress:
    """The progress row, made where it is missing; raises NotFound when the lesson vanished meanwhile."""
    progress = await _known_progress(session, enrollment, lesson_id)
    if progress is None:
        progress = _new_progress(enrollment, lesson_id)
        progress.status = ProgressStatus.IN_PROGRESS
        progress.started_at = at
        async with unique_or(session, NotFound("There is no such lesson in this course.")):
            session.add(progress)
    return progress


async def _known_progress(session: AsyncSession, enrollment: Enrollment, lesson_id: UUID) -> LessonProgress | None:
    known = select(LessonProgress).where(
        LessonProgress.enrollment_id == enrollment.id, LessonProgress.lesson_id == lesson_id
    )
    return (await session.execute(known)).scalar_one_or_none()


def _new_progress(enrollment: Enrollment, lesson_id: UUID) -> LessonProgress:
    return LessonProgress(
        id=new_id(),
        enrollment_id=enrollment.id,
        lesson_id=lesson_id,
        status=ProgressStatus.NOT_STARTED,
        completion_percentage=Decimal(0),
        time_spent_seconds=0,
        last_position_seconds=0,
        attempts_count=0,
    )


def _refuse_quiz(lesson_type: LessonType) -> None:
    if lesson_type is LessonType.QUIZ:
        message = "Pass the quiz to complete this lesson."
        raise QuizNotPassed(message)


def _refuse_completed(enrollment: Enrollment) -> None:
    if enrollment.status is EnrollmentStatus.COMPLETED:
        message = "The course is completed; nothing in it changes any more."
        raise EnrollmentNotActive(message)


async def _finish(session: AsyncSession, enrollment: Enrollment, progress: LessonProgress) -> LessonProgress:
    """Complete the lesson and recount the enrollment."""
    at = now()
    progress.status = ProgressStatus.COMPLETED
    progress.completed_at = at
    progress.completion_percentage = FULL
    _touch(enrollment, at)
    await session.flush()
    await recount(session, enrollment)
    return progress


async def _move_in_lesson(
    session: AsyncSession, actor: Actor, enrollment: Enrollment, progress: LessonProgress, changes: dict[str, Any]
) -> None:
    """Position and credited time; the enrollment's total follows the rows."""
    if "last_position_seconds" in changes:
        progress.last_position_seconds = changes["last_position_seconds"]
    if "time_spent_seconds" in changes:
        others, lessons = await _time_elsewhere(session, enrollment, progress)
        reported = min(changes["time_spent_seconds"], TIME_MAX_SECONDS)
        if actor.id == enrollment.student_id:
            reported = _credit(enrollment, progress, reported, others, lessons)
        progress.time_spent_seconds = max(progress.time_spent_seconds, reported)
        enrollment.total_time_spent_seconds = others + progress.time_spent_seconds
    await session.flush()


def _credit(enrollment: Enrollment, progress: LessonProgress, reported: int, others: int, lessons: int) -> int:
    at = now()
    spent = others + progress.time_spent_seconds
    room = room_for_time(started=enrollment.started_at or at, at=at, lessons_touched=lessons, spent=spent)
    first = progress.started_at or at
    return credited_time(reported, progress.time_spent_seconds, first_report=first, at=at, enrollment_room=room)


async def _time_elsewhere(session: AsyncSession, enrollment: Enrollment, progress: LessonProgress) -> tuple[int, int]:
    """Seconds on the enrollment's other lessons, and how many lessons were touched in all."""
    statement = select(func.coalesce(func.sum(LessonProgress.time_spent_seconds), 0), func.count()).where(
        LessonProgress.enrollment_id == enrollment.id, LessonProgress.id != progress.id
    )
    seconds, count = (await session.execute(statement)).one()
    return int(seconds), count + 1
