"""Putting students into a course: one rule for staff, invitations, join codes and imports."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from studium.events import EnrollmentCreated
from studium.kit.base.clock import now
from studium.kit.base.ids import new_id
from studium.kit.db.database import dialect_insert
from studium.kit.db.transaction import SessionTransaction
from studium.kit.jobs.events import publish_all
from studium.models import Enrollment, EnrollmentStatus, Lesson, Source
from studium.modules.enrollments.actions import SHARE_COURSE, resume

AT_ONCE = 500
"""Students of one statement: both databases bound the number of its parameters."""


class Came(StrEnum):
    """What became of a student who was to be put into a course."""

    ENROLLED = "enrolled"
    ALREADY_ENROLLED = "already_enrolled"
    RESTORED = "restored"
    EXPIRED = "expired"
    """It has expired, and whoever asks may not restore it."""


@dataclass(frozen=True, slots=True)
class Admission:
    """How students come in: by what, whether a mail tells them, and whether expired enrollments are restored too."""

    source: Source
    is_told: bool = True
    restores_expired: bool = False


@dataclass(frozen=True, slots=True)
class Admitted:
    """The outcome for one student, and the enrollment that it is about."""

    came: Came
    enrollment_id: UUID


async def admit(
    session: AsyncSession, course_id: UUID, student_ids: Sequence[UUID], how: Admission
) -> dict[UUID, Admitted]:
    """Enrol students, also in a draft; what became of each, by their ids. Nobody is enrolled twice, under any race.

    A dropped enrollment comes back as it was; a completed one is never touched. The caller has made sure that the
    course is there and that all of them are students.
    """
    tx = SessionTransaction(session)
    # As in `enroll`: nobody changes the outline of this course until the commit.
    await tx.first(SHARE_COURSE, p_course=course_id)
    live = Lesson.course_id == course_id, Lesson.archived_at.is_(None)
    lessons = int(await session.scalar(select(func.count(Lesson.id)).where(*live)) or 0)
    found: dict[UUID, Admitted] = {}
    ordered = sorted(set(student_ids))
    for start in range(0, len(ordered), AT_ONCE):
        some = ordered[start : start + AT_ONCE]
        entered = await _enter(session, course_id, some, lessons, how.source)
        await publish_all(
            session,
            [
                EnrollmentCreated(enrollment_id, mail="yes" if how.is_told else "no")
                for enrollment_id in entered.values()
            ],
        )
        found |= {student_id: Admitted(Came.ENROLLED, own) for student_id, own in entered.items()}
        found |= await _again(session, course_id, [one for one in some if one not in entered], how)
    return found


async def _enter(
    session: AsyncSession, course_id: UUID, student_ids: Sequence[UUID], lessons: int, source: Source
) -> dict[UUID, UUID]:
    """The new enrollments, by student."""
    common = {
        "course_id": course_id,
        "enrolled_at": now(),
        "status": EnrollmentStatus.ACTIVE,
        "progress_percentage": 0,
        "completed_lessons_count": 0,
        "total_lessons_count": lessons,
        "total_time_spent_seconds": 0,
        "version": 1,
        "source": source,
    }
    rows = [{"id": new_id(), "student_id": student_id, **common} for student_id in student_ids]
    own = Enrollment.__table__
    entering = dialect_insert(session)(own).on_conflict_do_nothing(index_elements=("student_id", "course_id"))
    entered = await session.execute(entering.returning(own.c.student_id, own.c.id), rows)
    return {row.student_id: row.id for row in entered}


async def _again(
    session: AsyncSession, course_id: UUID, student_ids: Sequence[UUID], how: Admission
) -> dict[UUID, Admitted]:
    """What becomes of those who were in the course before."""
    if not student_ids:
        return {}
    known = (
        select(Enrollment.id, Enrollment.student_id, Enrollment.status)
        .where(Enrollment.course_id == course_id, Enrollment.student_id.in_(student_ids))
        .order_by(Enrollment.id)
        .with_for_update()
    )
    found = {}
    for row in (await session.execute(known)).all():
        came = Came.ALREADY_ENROLLED
        if row.status is EnrollmentStatus.EXPIRED and not how.restores_expired:
            came = Came.EXPIRED
        elif row.status in {EnrollmentStatus.DROPPED, EnrollmentStatus.EXPIRED}:
            await resume(SessionTransaction(session), row.id)
            came = Came.RESTORED
        found[row.student_id] = Admitted(came, row.id)
    return found
