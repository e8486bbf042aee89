"""What several courses, or the whole school, add up to."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, case, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from studium.kit.clock import now
from studium.models import SCHOOL, Course, CourseCounts, EnrollmentStatus, Gauge, Lesson, Quiz, Role, UserSession
from studium.modules.analytics.figures import EnrollmentFigures, ratio
from studium.modules.analytics.periods import Period
from studium.modules.analytics.schemas import CourseRow, InstructorOverviewOut, SystemOverviewOut
from studium.modules.analytics.tallies import amount_of, totals, trend

ACTIVE = timedelta(days=30)
ACTIVE_USERS = "active_users"
GAUGE_KEPT = timedelta(minutes=15)
"""How old a gauge may be. An older one means that no worker runs: then the figure is counted for this one answer."""

_POPULAR = 10
_LISTED = 1_000
_COMPLETED = amount_of(Course.id, EnrollmentStatus.COMPLETED)


async def instructor_overview(session: AsyncSession, instructor_id: UUID, period: Period) -> InstructorOverviewOut:
    """What an instructor's courses add up to; `courses` lists the newest thousand. Four statements."""
    at = now()
    mine = Course.instructor_id == instructor_id
    added = await _added(session, mine)
    return InstructorOverviewOut(
        as_of=at,
        instructor_id=instructor_id,
        courses_count=added.courses,
        enrollments=added.enrollments,
        completions=added.completions,
        completion_rate=ratio(added.completions * 100, added.enrollments),
        average_rating=ratio(added.stars, added.ratings),
        quiz_completion_rate=await _quiz_completion(session, mine),
        courses=await _course_rows(session, mine, Course.created_at.desc(), _LISTED),
        trend=await trend(session, period, select(Course.id).where(mine)),
    )


async def _added(session: AsyncSession, mine: ColumnElement[bool]) -> Any:  # noqa: ANN401 -- a row of integers.
    """How many courses there are, and the sums of their counts."""
    columns = {
        "enrollments": CourseCounts.enrollments,
        "completions": _COMPLETED,
        "stars": CourseCounts.rating_sum,
        "ratings": CourseCounts.ratings,
    }
    each = (
        select(*(column.label(name) for name, column in columns.items()))
        .select_from(Course)
        .join(CourseCounts, CourseCounts.course_id == Course.id)
        .where(mine)
        .subquery()
    )
    sums = (func.coalesce(func.sum(each.c[name]), 0).label(name) for name in columns)
    return (await session.execute(select(func.count().label("courses"), *sums).select_from(each))).one()


async def _quiz_completion(session: AsyncSession, mine: ColumnElement[bool]) -> Decimal | None:
    """Of the quizzes that learners tried, those that are done: passed, or handed in where they are for practice."""
    each = (
        select(amount_of(Quiz.id, "learners").label("tried"), amount_of(Lesson.id, "done").label("done"))
        .select_from(Quiz)
        .join(Lesson, Lesson.id == Quiz.lesson_id)
        .join(Course, Course.id == Lesson.course_id)
        .where(mine, Lesson.archived_at.is_(None))
        .subquery()
    )
    tried, done = (await session.execute(select(func.sum(each.c.tried), func.sum(each.c.done)))).one()
    return ratio((done or 0) * 100, tried)


async def _course_rows(
    session: AsyncSession, where: ColumnElement[bool], order: ColumnElement[Any], limit: int
) -> list[CourseRow]:
    """A row for each course, in one statement."""
    statement = (
        select(
            Course.id,
            Course.title,
            Course.is_published,
            CourseCounts.enrollments,
            CourseCounts.ratings,
            CourseCounts.rating_sum,
            _COMPLETED.label("completions"),
        )
        .join(CourseCounts, CourseCounts.course_id == Course.id)
        .where(where)
        .order_by(order, Course.id.desc())
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
            average_rating=ratio(row.rating_sum, row.ratings),
        )
        for row in (await session.execute(statement)).all()
    ]


async def system_overview(session: AsyncSession, period: Period) -> SystemOverviewOut:
    """The whole school; `as_of` is the moment of its oldest figure. Five statements."""
    amounts = await totals(session, SCHOOL)
    figures = EnrollmentFigures(amounts)
    active_users, at = await _active_users(session)
    published = func.count(case((Course.is_published.is_(True), 1)))
    courses, published_courses = (await session.execute(select(func.count(Course.id), published))).one()
    return SystemOverviewOut(
        as_of=at,
        users={role: amounts[role] for role in Role},
        active_users=active_users,
        courses=courses,
        published_courses=published_courses,
        enrollments=figures.by_status,
        completions=amounts[EnrollmentStatus.COMPLETED],
        completion_rate=figures.completion_rate,
        certificates=amounts["certificates"],
        popular_courses=await _course_rows(
            session, Course.is_published.is_(True), CourseCounts.enrollments.desc(), _POPULAR
        ),
        trend=await trend(session, period, SCHOOL),
    )


async def _active_users(session: AsyncSession) -> tuple[int, datetime]:
    """The people who used a session in the last 30 days, and when they were counted."""
    at = now()
    gauge = await session.get(Gauge, ACTIVE_USERS)
    if gauge is not None and at - GAUGE_KEPT < gauge.read_at <= at:
        return gauge.amount, gauge.read_at
    return await count_active_users(session, at), at


async def count_active_users(session: AsyncSession, at: datetime) -> int:
    """The people who used a session in the 30 days before `at`."""
    seen = select(func.count(UserSession.user_id.distinct())).where(UserSession.last_seen_at >= at - ACTIVE)
    return int(await session.scalar(seen) or 0)
