"""One course in figures."""

from sqlalchemy import case, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from studium.kit.clock import now
from studium.models import (
    AttemptStatus,
    Course,
    Enrollment,
    Lesson,
    LessonProgress,
    ProgressStatus,
    Quiz,
    QuizAttempt,
)
from studium.modules.analytics.figures import (
    added,
    average_progress,
    by_status,
    completion_rate,
    ratio,
    status_rows,
    trend,
)
from studium.modules.analytics.periods import Period
from studium.modules.analytics.schemas import CourseAnalyticsOut, LessonFunnel, QuizRow


async def course_analytics(session: AsyncSession, course: Course, period: Period) -> CourseAnalyticsOut:
    """Everything about one course, in six statements."""
    mine = Enrollment.course_id == course.id
    rows = await status_rows(session, mine)
    people = sum(by_status(rows).values())
    return CourseAnalyticsOut(
        as_of=now(),
        course_id=course.id,
        title=course.title,
        enrollments=by_status(rows),
        completion_rate=completion_rate(rows),
        average_progress=average_progress(rows),
        average_time_spent_seconds=round(added(rows, "seconds") / people) if people else None,
        average_rating=ratio(added(rows, "stars"), added(rows, "ratings")),
        ratings=await _ratings(session, course),
        lessons=await _funnel(session, course),
        quizzes=await _quizzes(session, course),
        trend=await trend(session, period, mine),
    )


async def _ratings(session: AsyncSession, course: Course) -> dict[int, int]:
    """How often each number of stars was given."""
    statement = (
        select(Enrollment.rating, func.count())
        .where(Enrollment.course_id == course.id, Enrollment.rating.is_not(None))
        .group_by(Enrollment.rating)
    )
    given = {row[0]: row[1] for row in (await session.execute(statement)).all()}
    return {stars: given.get(stars, 0) for stars in range(1, 6)}


async def _funnel(session: AsyncSession, course: Course) -> list[LessonFunnel]:
    """How far learners get, lesson by lesson."""
    statement = (
        select(
            Lesson.id.label("lesson_id"),
            Lesson.title,
            Lesson.lesson_type,
            Lesson.order_index,
            func.count(LessonProgress.id).label("started"),
            func.count(case((LessonProgress.status == ProgressStatus.COMPLETED, 1))).label("completed"),
        )
        .outerjoin(LessonProgress, LessonProgress.lesson_id == Lesson.id)
        .where(Lesson.course_id == course.id, Lesson.archived_at.is_(None))
        .group_by(Lesson.id, Lesson.title, Lesson.lesson_type, Lesson.order_index)
        .order_by(Lesson.order_index)
    )
    return [LessonFunnel.model_validate(row) for row in (await session.execute(statement)).all()]


async def _quizzes(session: AsyncSession, course: Course) -> list[QuizRow]:
    """Per quiz: attempts handed in, learners, and among the learners those who passed."""
    handed_in = QuizAttempt.status != AttemptStatus.IN_PROGRESS
    passed = case((QuizAttempt.is_passed.is_(True), QuizAttempt.enrollment_id))
    begun = select(func.count(Enrollment.id)).where(Enrollment.course_id == course.id).scalar_subquery()
    statement = (
        select(
            Quiz.id,
            Quiz.title,
            func.count(QuizAttempt.id).label("attempts"),
            func.count(QuizAttempt.enrollment_id.distinct()).label("learners"),
            func.count(passed.distinct()).label("passed"),
            func.sum(QuizAttempt.percentage).label("total"),
            func.count(QuizAttempt.percentage).label("graded"),
            begun.label("enrollments"),
        )
        .join(Lesson, Lesson.id == Quiz.lesson_id)
        .outerjoin(QuizAttempt, (QuizAttempt.quiz_id == Quiz.id) & handed_in)
        .where(Lesson.course_id == course.id, Lesson.archived_at.is_(None))
        .group_by(Quiz.id, Quiz.title, Lesson.order_index)
        .order_by(Lesson.order_index)
    )
    return [
        QuizRow(
            quiz_id=row.id,
            title=row.title,
            attempts=row.attempts,
            learners=row.learners,
            pass_rate=ratio(row.passed * 100, row.learners),
            average_percentage=ratio(row.total, row.graded),
            completion_rate=ratio(row.passed * 100, row.enrollments),
        )
        for row in (await session.execute(statement)).all()
    ]
