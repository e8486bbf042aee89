"""The report that players send every few seconds, in four prepared statements: nothing is completed by it.

`quick_report` does what `actions_progress.record_progress` would do, for a learner in an active enrollment and a lesson
that is not done, neither before nor by this report. It says None to everything else, having changed nothing.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Integer, Numeric, Uuid, bindparam, func, insert, select, update
from sqlalchemy.orm import aliased

from studium.access.actor import Actor
from studium.kit.clock import now
from studium.kit.db import Database
from studium.kit.ids import new_id
from studium.kit.reads import Read, Record
from studium.kit.steps import AlreadyThere, Steps
from studium.models import Enrollment, EnrollmentStatus, Lesson, LessonProgress, ProgressStatus
from studium.modules.enrollments.progress import FULL, TIME_MAX_SECONDS, credited_time, room_for_time
from studium.modules.enrollments.schemas import EnrollmentCounters, LessonProgressOut, ProgressUpdate

_AT = bindparam("at", type_=Enrollment.enrolled_at.type)
_ENROLLMENT, _LESSON = bindparam("p_enrollment", type_=Uuid()), bindparam("p_lesson", type_=Uuid())
_HELD = Read(
    select(
        Enrollment.course_id,
        Enrollment.started_at,
        Enrollment.progress_percentage,
        Enrollment.completed_lessons_count,
        Enrollment.total_lessons_count,
    )
    .where(
        Enrollment.id == _ENROLLMENT,
        Enrollment.student_id == bindparam("actor_id", type_=Uuid()),
        Enrollment.status == EnrollmentStatus.ACTIVE,
    )
    .with_for_update()
)
_Other = aliased(LessonProgress)
_elsewhere = (_Other.enrollment_id == _ENROLLMENT, _Other.lesson_id != _LESSON)
# A statement of its own: after the wait for the lock only a new one is sure to see what is there now.
_KNOWN = Read(
    select(
        LessonProgress.id,
        LessonProgress.status,
        LessonProgress.started_at,
        LessonProgress.time_spent_seconds,
        LessonProgress.last_position_seconds,
        LessonProgress.completion_percentage,
        LessonProgress.attempts_count,
        LessonProgress.progress_metadata,
        select(func.coalesce(func.sum(_Other.time_spent_seconds), 0))
        .where(*_elsewhere)
        .scalar_subquery()
        .label("others"),
        select(func.count(_Other.id)).where(*_elsewhere).scalar_subquery().label("other_lessons"),
    )
    .select_from(Lesson)
    .outerjoin(LessonProgress, (LessonProgress.lesson_id == Lesson.id) & (LessonProgress.enrollment_id == _ENROLLMENT))
    .where(Lesson.id == _LESSON, Lesson.course_id == bindparam("p_course", type_=Uuid()), Lesson.archived_at.is_(None))
)
_MOVED: dict[str, Any] = {
    "time_spent_seconds": bindparam("p_seconds", type_=Integer()),
    "last_position_seconds": bindparam("p_position", type_=Integer()),
    "completion_percentage": bindparam("p_percentage", type_=Numeric(5, 2)),
    "updated_at": _AT,
}
_BEGIN = Read(
    insert(LessonProgress)
    .values(
        id=bindparam("p_id", type_=Uuid()),
        enrollment_id=_ENROLLMENT,
        lesson_id=_LESSON,
        status=ProgressStatus.IN_PROGRESS,
        started_at=_AT,
        attempts_count=0,
        **_MOVED,
    )
    .returning(LessonProgress.id)
)
_MOVE = Read(
    update(LessonProgress)
    .where(LessonProgress.id == bindparam("p_id", type_=Uuid()))
    .values(**_MOVED)
    .returning(LessonProgress.id)
)
_COUNT = Read(
    update(Enrollment)
    .where(Enrollment.id == _ENROLLMENT)
    .values(
        total_time_spent_seconds=bindparam("p_total", type_=Integer()),
        started_at=func.coalesce(Enrollment.started_at, _AT),
        last_accessed_at=_AT,
    )
    .returning(Enrollment.id)
)


async def quick_report(
    database: Database, actor: Actor, enrollment_id: UUID, lesson_id: UUID, patch: ProgressUpdate
) -> LessonProgressOut | None:
    """Take over a report under the enrollment's lock; None where there is more to it."""
    changes = patch.changes()
    if not changes or "metadata" in changes or _completes(changes):
        return None
    at = now()
    try:
        async with database.steps() as steps:
            held = await steps.one(_HELD, p_enrollment=enrollment_id, actor_id=actor.id)
            if held is None:
                return None
            names = {"p_enrollment": enrollment_id, "p_lesson": lesson_id}
            known = await steps.one(_KNOWN, **names, p_course=held["course_id"])
            if known is None or known["status"] == ProgressStatus.COMPLETED:
                return None
            moved = _moved(held, known, changes, at)
            await _write(steps, known, moved, names, at)
    except AlreadyThere:
        return None
    return _out(held, known, moved, names, at)


def _completes(changes: dict[str, Any]) -> bool:
    return changes.get("status") is ProgressStatus.COMPLETED or changes.get("completion_percentage", 0) >= FULL


def _moved(held: Record, known: Record, changes: dict[str, Any], at: datetime) -> dict[str, Any]:
    """Where the lesson stands after the report: the percentage never falls, the time no faster than the clock."""
    seconds, position = known["time_spent_seconds"] or 0, known["last_position_seconds"] or 0
    if "time_spent_seconds" in changes:
        others = int(known["others"])
        started = held["started_at"] or at
        room = room_for_time(started=started, at=at, lessons_touched=known["other_lessons"] + 1, spent=others + seconds)
        reported = min(changes["time_spent_seconds"], TIME_MAX_SECONDS)
        seconds = credited_time(reported, seconds, first_report=known["started_at"] or at, at=at, enrollment_room=room)
    return {
        "p_seconds": seconds,
        "p_position": changes.get("last_position_seconds", position),
        "p_percentage": max(known["completion_percentage"] or 0, changes.get("completion_percentage", 0)),
    }


async def _write(steps: Steps, known: Record, moved: dict[str, Any], names: dict[str, UUID], at: datetime) -> None:
    if known["id"] is None:
        await steps.one(_BEGIN, p_id=new_id(), **names, **moved, at=at)
    else:
        await steps.one(_MOVE, p_id=known["id"], **moved, at=at)
    total = int(known["others"]) + moved["p_seconds"]
    await steps.one(_COUNT, p_enrollment=names["p_enrollment"], p_total=total, at=at)


def _out(held: Record, known: Record, moved: dict[str, Any], names: dict[str, UUID], at: datetime) -> LessonProgressOut:
    is_new = known["id"] is None
    return LessonProgressOut.as_is(
        enrollment_id=names["p_enrollment"],
        lesson_id=names["p_lesson"],
        status=ProgressStatus.IN_PROGRESS if is_new else ProgressStatus(known["status"]),
        started_at=at if is_new else known["started_at"],
        completed_at=None,
        time_spent_seconds=moved["p_seconds"],
        last_position_seconds=moved["p_position"],
        completion_percentage=moved["p_percentage"],
        attempts_count=known["attempts_count"] or 0,
        metadata=known["metadata"],
        enrollment=EnrollmentCounters.as_is(
            status=EnrollmentStatus.ACTIVE,
            progress_percentage=held["progress_percentage"],
            completed_lessons_count=held["completed_lessons_count"],
            total_lessons_count=held["total_lessons_count"],
        ),
    )
