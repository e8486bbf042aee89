"""What a learner has done, and what comes next."""

from collections import Counter
from datetime import timedelta
from typing import Any

from sqlalchemy import case, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from studium.access.actor import Actor
from studium.kit.clock import now
from studium.models import (
    AttemptStatus,
    Certificate,
    Course,
    CourseCounts,
    Enrollment,
    EnrollmentStatus,
    Lesson,
    LessonProgress,
    ProgressStatus,
    QuizAttempt,
)
from studium.modules.analytics.figures import LEARNING, EnrollmentFigures, ratio
from studium.modules.analytics.schemas import (
    ActivityOut,
    ContinueOut,
    DashboardOut,
    ProgressOut,
    QuizFigures,
    RecommendationOut,
)

RECENT = timedelta(days=30)
_SHOWN = 5


async def progress_of(session: AsyncSession, actor: Actor) -> ProgressOut:
    """Everything a learner has done, in four statements."""
    at = now()
    figures = EnrollmentFigures(await _added(session, actor))
    done = (
        select(func.count(LessonProgress.id))
        .join(Enrollment, Enrollment.id == LessonProgress.enrollment_id)
        .where(Enrollment.student_id == actor.id, LessonProgress.status == ProgressStatus.COMPLETED)
    )
    certificates = select(func.count(Certificate.id)).where(
        Certificate.student_id == actor.id, Certificate.is_revoked.is_(False)
    )
    return ProgressOut(
        as_of=at,
        enrollments=figures.by_status,
        average_progress=figures.average_progress,
        completion_rate=figures.completion_rate,
        lessons_completed=int(await session.scalar(done) or 0),
        time_spent_seconds=figures.amounts["seconds"],
        quizzes=await _quizzes(session, actor),
        certificates=int(await session.scalar(certificates) or 0),
    )


async def _added(session: AsyncSession, actor: Actor) -> Counter[str]:
    """The learner's enrollments by status, with the sums that averages are made of."""
    statement = (
        select(
            Enrollment.status,
            func.count(),
            func.sum(Enrollment.progress_percentage),
            func.sum(Enrollment.total_time_spent_seconds),
        )
        .where(Enrollment.student_id == actor.id)
        .group_by(Enrollment.status)
    )
    amounts: Counter[str] = Counter()
    for status, people, progress, seconds in (await session.execute(statement)).all():
        amounts[status] = people
        amounts["seconds"] += seconds
        amounts["progress"] += round(progress * 100) if status in LEARNING else 0
    return amounts


async def _quizzes(session: AsyncSession, actor: Actor) -> QuizFigures:
    """Per quiz the best counts: it is the grade of record."""
    best = (
        select(
            func.max(QuizAttempt.percentage).label("percentage"),
            func.max(case((QuizAttempt.is_passed.is_(True), 1), else_=0)).label("passed"),
        )
        .join(Enrollment, Enrollment.id == QuizAttempt.enrollment_id)
        .where(Enrollment.student_id == actor.id, QuizAttempt.status != AttemptStatus.IN_PROGRESS)
        .group_by(QuizAttempt.quiz_id)
        .subquery()
    )
    statement = select(
        func.count(), func.sum(best.c.passed), func.sum(best.c.percentage), func.count(best.c.percentage)
    ).select_from(best)
    attempted, passed, total, graded = (await session.execute(statement)).one()
    return QuizFigures(attempted=attempted, passed=passed or 0, average_percentage=ratio(total, graded))


async def dashboard_of(session: AsyncSession, actor: Actor) -> DashboardOut:
    """A learner's home."""
    return DashboardOut(
        as_of=now(),
        summary=await progress_of(session, actor),
        continue_learning=await _to_continue(session, actor),
        recent_activity=await _recent(session, actor),
        recommendations=await _recommended(session, actor),
    )


async def _to_continue(session: AsyncSession, actor: Actor) -> list[ContinueOut]:
    """The active courses, last visited first, each with the first lesson not yet done. One statement."""
    done = (
        select(LessonProgress.id)
        .where(
            LessonProgress.enrollment_id == Enrollment.id,
            LessonProgress.lesson_id == Lesson.id,
            LessonProgress.status == ProgressStatus.COMPLETED,
        )
        # In an ON clause the enclosing tables are not found by themselves.
        .correlate(Enrollment, Lesson)
    )
    following = (
        select(Lesson.id)
        .where(Lesson.course_id == Enrollment.course_id, Lesson.archived_at.is_(None), ~done.exists())
        .order_by(Lesson.order_index)
        .limit(1)
        .correlate(Enrollment)
        .scalar_subquery()
    )
    visited = func.coalesce(Enrollment.last_accessed_at, Enrollment.enrolled_at)
    statement = (
        select(
            Enrollment.id.label("enrollment_id"),
            Course.id.label("course_id"),
            Course.title,
            Enrollment.progress_percentage,
            Lesson.id.label("next_lesson_id"),
            Lesson.title.label("next_lesson_title"),
            Enrollment.last_accessed_at,
        )
        .join(Course, Course.id == Enrollment.course_id)
        .outerjoin(Lesson, Lesson.id == following)
        .where(Enrollment.student_id == actor.id, Enrollment.status == EnrollmentStatus.ACTIVE)
        .order_by(visited.desc(), Enrollment.id)
        .limit(_SHOWN)
    )
    return [ContinueOut.model_validate(row) for row in (await session.execute(statement)).all()]


async def _recent(session: AsyncSession, actor: Actor) -> ActivityOut:
    """What happened in the last 30 days; the seconds are those of lessons that were worked on then. Two statements."""
    since = now() - RECENT
    worked: Any = (
        select(
            func.sum(case((LessonProgress.completed_at >= since, 1), else_=0)).label("lessons"),
            func.sum(case((LessonProgress.updated_at >= since, LessonProgress.time_spent_seconds), else_=0)),
        )
        .join(Enrollment, Enrollment.id == LessonProgress.enrollment_id)
        .where(Enrollment.student_id == actor.id)
    )
    lessons, seconds = (await session.execute(worked)).one()
    attempts = (
        select(func.count(QuizAttempt.id))
        .join(Enrollment, Enrollment.id == QuizAttempt.enrollment_id)
        .where(Enrollment.student_id == actor.id, QuizAttempt.started_at >= since)
    )
    return ActivityOut(
        lessons_completed=lessons or 0, seconds=seconds or 0, attempts=int(await session.scalar(attempts) or 0)
    )


async def _recommended(session: AsyncSession, actor: Actor) -> list[RecommendationOut]:
    """Published courses that the learner is not in: those of the same categories first, then the popular ones."""
    mine = select(Enrollment.course_id).where(Enrollment.student_id == actor.id)
    liked = Course.category.in_(select(Course.category).where(Course.id.in_(mine), Course.category.is_not(None)))
    statement = (
        select(
            Course.id.label("course_id"),
            Course.title,
            Course.slug,
            Course.category,
            CourseCounts.enrollments.label("enrollments_count"),
        )
        .join(CourseCounts, CourseCounts.course_id == Course.id)
        .where(Course.is_published, Course.id.not_in(mine))
        .order_by(CourseCounts.enrollments.desc(), CourseCounts.course_id.desc())
    )
    rows = (await session.execute(statement.where(liked).limit(_SHOWN))).all()
    if len(rows) < _SHOWN:
        others = statement.where(Course.id.not_in([row.course_id for row in rows])).limit(_SHOWN - len(rows))
        rows = [*rows, *(await session.execute(others)).all()]
    return [RecommendationOut.model_validate(row) for row in rows]
