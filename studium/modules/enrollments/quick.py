"""The step that learners take most often, in three prepared statements: a lesson is done, the course is not over yet.

`quick_completion` does what `actions_progress.complete_lesson` would do, for a learner in an active enrollment and a
lesson that is neither a quiz nor done nor the last one. It says None to everything else, having changed nothing.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Integer, Numeric, Uuid, bindparam, func, insert, literal, select, update

from studium.access.actor import Actor
from studium.kit.clock import now
from studium.kit.db import Database
from studium.kit.ids import new_id
from studium.kit.reads import Read, Record
from studium.kit.steps import AlreadyThere, Steps
from studium.models import Enrollment, EnrollmentStatus, Lesson, LessonProgress, LessonType, ProgressStatus
from studium.modules.enrollments.progress import FULL, percentage
from studium.modules.enrollments.schemas import EnrollmentCounters, LessonProgressOut

_AT = bindparam("at", type_=Enrollment.enrolled_at.type)
_ENROLLMENT, _LESSON = bindparam("p_enrollment", type_=Uuid()), bindparam("p_lesson", type_=Uuid())
_SHOWN = (
    LessonProgress.started_at,
    LessonProgress.time_spent_seconds,
    LessonProgress.last_position_seconds,
    LessonProgress.attempts_count,
    LessonProgress.progress_metadata,
)

# The first statement waits for the enrollment's lock; only what the later ones look at is sure to be as it is now.
_LIVE = select(Lesson.id).where(
    Lesson.id == _LESSON,
    Lesson.course_id == bindparam("p_course", type_=Uuid()),
    Lesson.archived_at.is_(None),
    Lesson.lesson_type != LessonType.QUIZ,
)
_LOCK = Read(
    select(
        Enrollment.course_id,
        Enrollment.completed_lessons_count.label("done"),
        Enrollment.total_lessons_count.label("total"),
        select(LessonProgress.id)
        .where(LessonProgress.enrollment_id == Enrollment.id, LessonProgress.lesson_id == _LESSON)
        .correlate(Enrollment)
        .scalar_subquery()
        .label("progress_id"),
    )
    .where(
        Enrollment.id == _ENROLLMENT,
        Enrollment.student_id == bindparam("actor_id", type_=Uuid()),
        Enrollment.status == EnrollmentStatus.ACTIVE,
    )
    .with_for_update()
)
_FIRST: dict[str, Any] = {
    "id": bindparam("p_id", type_=Uuid()),
    "enrollment_id": _ENROLLMENT,
    "lesson_id": Lesson.id,
    "status": literal(ProgressStatus.COMPLETED, LessonProgress.status.type),
    "started_at": _AT,
    "completed_at": _AT,
    "completion_percentage": literal(FULL, Numeric(5, 2)),
    "time_spent_seconds": literal(0),
    "last_position_seconds": literal(0),
    "attempts_count": literal(0),
    "updated_at": _AT,
}
_START = Read(
    insert(LessonProgress)
    .from_select(list(_FIRST), _LIVE.with_only_columns(*_FIRST.values()), include_defaults=False)
    .returning(*_SHOWN)
)
_FINISH = Read(
    update(LessonProgress)
    .where(
        LessonProgress.id == bindparam("p_id", type_=Uuid()),
        LessonProgress.status != ProgressStatus.COMPLETED,
        _LIVE.exists(),
    )
    .values(status=ProgressStatus.COMPLETED, completed_at=_AT, completion_percentage=FULL, updated_at=_AT)
    .returning(*_SHOWN)
)
_COUNT = Read(
    update(Enrollment)
    .where(Enrollment.id == _ENROLLMENT)
    .values(
        completed_lessons_count=bindparam("p_done", type_=Integer()),
        progress_percentage=bindparam("p_percentage", type_=Numeric(5, 2)),
        started_at=func.coalesce(Enrollment.started_at, _AT),
        last_accessed_at=_AT,
        version=Enrollment.version + 1,
    )
    .returning(Enrollment.id)
)


class _NotSoSimple(Exception):
    """This completion needs the whole set of rules."""


async def quick_completion(
    database: Database, actor: Actor, enrollment_id: UUID, lesson_id: UUID
) -> LessonProgressOut | None:
    """Complete the lesson and count it under the enrollment's lock; None where there is more to it."""
    at = now()
    try:
        async with database.steps() as steps:
            held = await steps.one(_LOCK, p_enrollment=enrollment_id, p_lesson=lesson_id, actor_id=actor.id)
            progress = await _complete(steps, held, enrollment_id, lesson_id, at)
            counters = await _count(steps, held, enrollment_id, at)
    except (_NotSoSimple, AlreadyThere):
        return None
    return _out(progress, enrollment_id, lesson_id, at, counters)


async def _complete(steps: Steps, held: Record | None, enrollment_id: UUID, lesson_id: UUID, at: datetime) -> Record:
    """The progress row, completed now; raise _NotSoSimple where there is more to it than that."""
    if held is None or held["done"] + 1 >= held["total"]:
        raise _NotSoSimple
    lesson: dict[str, Any] = {"p_lesson": lesson_id, "p_course": held["course_id"], "at": at}
    if held["progress_id"] is None:
        progress = await steps.one(_START, p_id=new_id(), p_enrollment=enrollment_id, **lesson)
    else:
        progress = await steps.one(_FINISH, p_id=held["progress_id"], **lesson)
    if progress is None:
        raise _NotSoSimple
    return progress


async def _count(steps: Steps, held: Record | None, enrollment_id: UUID, at: datetime) -> EnrollmentCounters:
    """Count one lesson more."""
    assert held is not None  # noqa: S101 -- _complete has seen to it.
    done, total = held["done"] + 1, held["total"]
    share = percentage(done, total)
    await steps.one(_COUNT, p_enrollment=enrollment_id, p_done=done, p_percentage=share, at=at)
    return EnrollmentCounters.as_is(
        status=EnrollmentStatus.ACTIVE,
        progress_percentage=share,
        completed_lessons_count=done,
        total_lessons_count=total,
    )


def _out(
    progress: Record, enrollment_id: UUID, lesson_id: UUID, at: datetime, counters: EnrollmentCounters
) -> LessonProgressOut:
    return LessonProgressOut.as_is(
        enrollment_id=enrollment_id,
        lesson_id=lesson_id,
        status=ProgressStatus.COMPLETED,
        started_at=progress["started_at"],
        completed_at=at,
        time_spent_seconds=progress["time_spent_seconds"],
        last_position_seconds=progress["last_position_seconds"],
        completion_percentage=FULL,
        attempts_count=progress["attempts_count"],
        metadata=progress["metadata"],
        enrollment=counters,
    )
