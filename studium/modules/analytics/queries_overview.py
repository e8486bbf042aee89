"""What several courses, or the whole school, add up to."""

from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, case, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from studium.kit.clock import now
from studium.models import (
    AttemptStatus,
    Certificate,
    Course,
    Enrollment,
    EnrollmentStatus,
    Lesson,
    Quiz,
    QuizAttempt,
    Role,
    User,
    UserSession,
)
from studium.modules.analytics.figures import added, by_status, completion_rate, ratio, status_rows, trend
from studium.modules.analytics.periods import Period
from studium.modules.analytics.schemas import CourseRow, InstructorOverviewOut, SystemOverviewOut

ACTIVE = timedelta(days=30)
_POPULAR = 10
_LISTED = 1_000


async def instructor_overview(session: AsyncSession, instructor_id: UUID, period: Period) -> InstructorOverviewOut:
    """What an instructor's courses add up to; `courses` lists the newest thousand."""
    mine = Course.instructor_id == instructor_id
    rows = await status_rows(session, mine)
    counts = by_status(rows)
    courses = select(func.count(Course.id)).where(mine)
    return InstructorOverviewOut(
        as_of=now(),
        instructor_id=instructor_id,
        courses_count=int(await session.scalar(courses) or 0),
        enrollments=sum(counts.values()),
        completions=counts[EnrollmentStatus.COMPLETED],
        completion_rate=completion_rate(rows),
        average_rating=ratio(added(rows, "stars"), added(rows, "ratings")),
        quiz_completion_rate=await _quiz_completion(session, mine),
        courses=await _course_rows(session, mine, Course.created_at.desc(), _LISTED),
        trend=await trend(session, period, mine),
    )


async def _quiz_completion(session: AsyncSession, *where: ColumnElement[bool]) -> Decimal | None:
    """Of the quizzes that learners tried, those that they passed, in percent."""
    tried = (
        select(func.max(case((QuizAttempt.is_passed.is_(True), 1), else_=0)).label("passed"))
        .join(Quiz, Quiz.id == QuizAttempt.quiz_id)
        .join(Lesson, Lesson.id == Quiz.lesson_id)
        .join(Course, Course.id == Lesson.course_id)
        .where(QuizAttempt.status != AttemptStatus.IN_PROGRESS, *where)
        .group_by(QuizAttempt.enrollment_id, QuizAttempt.quiz_id)
        .subquery()
    )
    count, passed = (await session.execute(select(func.count(), func.sum(tried.c.passed)).select_from(tried))).one()
    return ratio((passed or 0) * 100, count)


async def _course_rows(
    session: AsyncSession, where: ColumnElement[bool], order: ColumnElement[Any], limit: int
) -> list[CourseRow]:
    """A row for each course, in one statement."""
    completed = func.count(case((Enrollment.status == EnrollmentStatus.COMPLETED, 1)))
    statement = (
        select(
            Course.id,
            Course.title,
            Course.is_published,
            func.count(Enrollment.id).label("enrollments"),
            completed.label("completions"),
            func.sum(Enrollment.rating).label("stars"),
            func.count(Enrollment.rating).label("ratings"),
        )
        .outerjoin(Enrollment, Enrollment.course_id == Course.id)
        .where(where)
        .group_by(Course.id, Course.title, Course.is_published, Course.created_at)
        .order_by(order, Course.id)
        .limit(limit)
    )
    return [
        CourseRow(
            course_id=row.id,
            title=row.title,
            is_published=row.is_published,
            enrollments=row.enrollments,
            completions=row.completions,
            completion_rate=ratio(row.completions * 100, row.enrollments),
            average_rating=ratio(row.stars, row.ratings),
        )
        for row in (await session.execute(statement)).all()
    ]


async def system_overview(session: AsyncSession, period: Period) -> SystemOverviewOut:
    """The whole school; active users are those who used a session in the last 30 days."""
    rows = await status_rows(session)
    counts = by_status(rows)
    users = await session.execute(select(User.role, func.count()).group_by(User.role))
    roles = {row[0]: row[1] for row in users.all()}
    seen = select(func.count(UserSession.user_id.distinct())).where(UserSession.last_seen_at >= now() - ACTIVE)
    published = func.count(case((Course.is_published.is_(True), 1)))
    courses, published_courses = (await session.execute(select(func.count(Course.id), published))).one()
    return SystemOverviewOut(
        as_of=now(),
        users={role: roles.get(role, 0) for role in Role},
        active_users=int(await session.scalar(seen) or 0),
        courses=courses,
        published_courses=published_courses,
        enrollments=counts,
        completions=counts[EnrollmentStatus.COMPLETED],
        certificates=int(await session.scalar(select(func.count(Certificate.id))) or 0),
        popular_courses=await _course_rows(
            session, Course.is_published.is_(True), func.count(Enrollment.id).desc(), _POPULAR
        ),
        trend=await trend(session, period),
    )
