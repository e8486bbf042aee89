"""The counters of an enrollment, recomputed from the rows under its lock."""

from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from studium.events import EnrollmentCompleted
from studium.kit.clock import now
from studium.kit.events import publish
from studium.models import Enrollment, EnrollmentStatus, Lesson, LessonProgress, ProgressStatus, bump
from studium.modules.enrollments.progress import percentage


async def recount(session: AsyncSession, enrollment: Enrollment) -> None:
    """Make the counters of a locked enrollment equal its rows; an active one with every lesson done is completed.

    A completed enrollment is final and left alone. Publishes EnrollmentCompleted once, in this transaction.
    """
    if enrollment.status is EnrollmentStatus.COMPLETED:
        return
    total, done = await _lesson_counts(session, enrollment.course_id, enrollment.id)
    before = (enrollment.total_lessons_count, enrollment.completed_lessons_count)
    enrollment.total_lessons_count = total
    enrollment.completed_lessons_count = done
    enrollment.progress_percentage = percentage(done, total)
    if enrollment.status is EnrollmentStatus.ACTIVE and total > 0 and done == total:
        enrollment.status = EnrollmentStatus.COMPLETED
        enrollment.completed_at = now()
        await publish(session, EnrollmentCompleted(enrollment_id=enrollment.id))
    if before != (total, done):
        bump(enrollment)
    await session.flush()


async def _lesson_counts(session: AsyncSession, course_id: UUID, enrollment_id: UUID) -> tuple[int, int]:
    """Live lessons of the course, and how many of them the learner has completed. One statement."""
    statement = (
        select(func.count(Lesson.id), func.count(LessonProgress.id))
        .outerjoin(
            LessonProgress,
            (LessonProgress.lesson_id == Lesson.id)
            & (LessonProgress.enrollment_id == enrollment_id)
            & (LessonProgress.status == ProgressStatus.COMPLETED),
        )
        .where(Lesson.course_id == course_id, Lesson.archived_at.is_(None))
    )
    total, done = (await session.execute(statement)).one()
    return total, done
