"""Enrolling in three prepared statements: a student enters a published course with lessons for the first time.

`quick_enrollment` does what `actions.enroll` would do. It says None to everything else, having changed nothing.
"""

from datetime import datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import Uuid, bindparam, func, insert, select

from studium.access.actor import Actor
from studium.events import EnrollmentCreated
from studium.kit.clock import now
from studium.kit.events import publish_step
from studium.kit.ids import new_id
from studium.kit.reads import Read, Record
from studium.kit.runtime import Runtime
from studium.kit.schema import PersonOut
from studium.kit.steps import AlreadyThere, Steps
from studium.models import Course, Enrollment, EnrollmentStatus, Lesson, User
from studium.modules.enrollments.schemas import EnrollmentOut

_STUDENT, _COURSE = bindparam("p_student", type_=Uuid()), bindparam("p_course", type_=Uuid())
_ENTERED_AND_COUNTED = 2
"""The version of a new enrollment: it is entered, then its lessons are counted."""

# Until the commit nobody changes the outline. What it is by then only the next statement is sure to see.
_HOLD = Read(
    select(
        Course.id,
        select(User.full_name).where(User.id == _STUDENT).scalar_subquery().label("student_name"),
    )
    .where(
        Course.id == _COURSE,
        Course.is_published,
        ~select(Enrollment.id)
        .where(Enrollment.course_id == _COURSE, Enrollment.student_id == _STUDENT)
        .correlate(None)
        .exists(),
    )
    .with_for_update(read=True)
)
_ENTER = Read(
    insert(Enrollment)
    .values(
        id=bindparam("p_id", type_=Uuid()),
        student_id=_STUDENT,
        course_id=_COURSE,
        enrolled_at=bindparam("at", type_=Enrollment.enrolled_at.type),
        status=EnrollmentStatus.ACTIVE,
        progress_percentage=0,
        completed_lessons_count=0,
        total_lessons_count=select(func.count(Lesson.id))
        .where(Lesson.course_id == _COURSE, Lesson.archived_at.is_(None))
        .scalar_subquery(),
        total_time_spent_seconds=0,
        version=_ENTERED_AND_COUNTED,
    )
    .returning(Enrollment.total_lessons_count)
)


class _NotSoSimple(Exception):
    """This enrolment needs the whole set of rules."""


async def quick_enrollment(runtime: Runtime, actor: Actor, course_id: UUID) -> EnrollmentOut | None:
    """Enter the course and publish EnrollmentCreated; None where there is more to it."""
    enrollment_id, at = new_id(), now()
    try:
        async with runtime.database.steps() as steps:
            held = await steps.one(_HOLD, p_course=course_id, p_student=actor.id)
            total = await _enter(steps, held, enrollment_id, actor, course_id, at)
            await publish_step(runtime.jobs, steps, EnrollmentCreated(enrollment_id=enrollment_id))
    except (_NotSoSimple, AlreadyThere):
        return None
    assert held is not None  # noqa: S101 -- _enter has seen to it.
    return _out(enrollment_id, PersonOut(id=actor.id, full_name=held["student_name"]), course_id, at, total)


async def _enter(
    steps: Steps, held: Record | None, enrollment_id: UUID, actor: Actor, course_id: UUID, at: datetime
) -> int:
    """The new row's number of lessons; raise _NotSoSimple where the course is not open, known already, or empty."""
    if held is None:
        raise _NotSoSimple
    entered = await steps.one(_ENTER, p_id=enrollment_id, p_student=actor.id, p_course=course_id, at=at)
    if entered is None or entered["total_lessons_count"] == 0:
        raise _NotSoSimple
    return int(entered["total_lessons_count"])


def _out(enrollment_id: UUID, student: PersonOut, course_id: UUID, at: datetime, total: int) -> EnrollmentOut:
    return EnrollmentOut.as_is(
        id=enrollment_id,
        student_id=student.id,
        course_id=course_id,
        student=student,
        status=EnrollmentStatus.ACTIVE,
        enrolled_at=at,
        started_at=None,
        completed_at=None,
        progress_percentage=Decimal(0),
        completed_lessons_count=0,
        total_lessons_count=total,
        total_time_spent_seconds=0,
        last_accessed_at=None,
        certificate_issued_at=None,
        rating=None,
        review=None,
        reviewed_at=None,
        version=_ENTERED_AND_COUNTED,
    )
