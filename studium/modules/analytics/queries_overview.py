"""What several courses, or the whole school, add up to."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Uuid, bindparam, case, func, select

from studium.kit.base.clock import now
from studium.kit.db.prepared import PreparedStatement, QueryExecutor, Record
from studium.models import SCHOOL, Course, CourseCounts, EnrollmentStatus, Gauge, Lesson, Quiz, Role, UserSession
from studium.modules.analytics.figures import EnrollmentFigures, ratio
from studium.modules.analytics.periods import Period
from studium.modules.analytics.schemas import CourseRow, InstructorOverviewOut, SystemOverviewOut, TrendPoint
from studium.modules.analytics.tallies import Trend, Trends, amount_of, amounts_of, totals_of

ACTIVE = timedelta(days=30)
ACTIVE_USERS = "active_users"
GAUGE_KEPT = timedelta(minutes=15)
"""How old a gauge may be. An older one means that no worker runs: then the figure is counted for this one answer."""

_POPULAR = 10
_LISTED = 1_000
_COMPLETED = amount_of(Course.id, EnrollmentStatus.COMPLETED)


_MINE = Course.instructor_id == bindparam("p_instructor", type_=Uuid())
_NEWEST = (Course.created_at.desc(), Course.id.desc())
_POPULAR_FIRST = (CourseCounts.enrollments.desc(), CourseCounts.course_id.desc())


def _rows(where: ColumnElement[bool], order: tuple[ColumnElement[Any], ...], limit: int) -> PreparedStatement:
    """A row for each course."""
    counts = CourseCounts.enrollments, CourseCounts.ratings, CourseCounts.rating_sum, _COMPLETED.label("completions")
    statement = select(Course.id, Course.title, Course.is_published, *counts)
    counted = statement.join(CourseCounts, CourseCounts.course_id == Course.id)
    return PreparedStatement(counted.where(where).order_by(*order).limit(limit))


def _added() -> PreparedStatement:
    """How many courses an instructor has, and the sums of their counts."""
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
        .where(_MINE)
        .subquery()
    )
    sums = (func.coalesce(func.sum(each.c[name]), 0).label(name) for name in columns)
    return PreparedStatement(select(func.count().label("courses"), *sums).select_from(each))


def _quiz_completion() -> PreparedStatement:
    """Of the quizzes that learners tried, those that are done: passed, or handed in where they are for practice."""
    each = (
        select(amount_of(Quiz.id, "learners").label("tried"), amount_of(Lesson.id, "done").label("done"))
        .select_from(Quiz)
        .join(Lesson, Lesson.id == Quiz.lesson_id)
        .join(Course, Course.id == Lesson.course_id)
        .where(_MINE, Lesson.archived_at.is_(None))
        .subquery()
    )
    return PreparedStatement(select(func.sum(each.c.tried).label("tried"), func.sum(each.c.done).label("done")))


_ADDED, _QUIZZES = _added(), _quiz_completion()
_COURSES, _TREND = _rows(_MINE, _NEWEST, _LISTED), Trend(select(Course.id).where(_MINE))


_EACH = Trends(select(Course.id).where(_MINE))


async def own_trends(reads: QueryExecutor, instructor_id: UUID, period: Period) -> dict[UUID, list[TrendPoint]]:
    """The trend of each of an instructor's courses in which anything happened. One hot read."""
    return await _EACH.of_each(reads, period, p_instructor=instructor_id)


async def instructor_overview(reads: QueryExecutor, instructor_id: UUID, period: Period) -> InstructorOverviewOut:
    """What an instructor's courses add up to; `courses` lists the newest thousand. Four statements."""
    return await reads.shared(("instructor", instructor_id, period), lambda: _overview(reads, instructor_id, period))


async def _overview(reads: QueryExecutor, instructor_id: UUID, period: Period) -> InstructorOverviewOut:
    at, mine = now(), {"p_instructor": instructor_id}
    added, quizzes = await reads.one(_ADDED, **mine), await reads.one(_QUIZZES, **mine)
    assert added is not None and quizzes is not None  # noqa: PT018, S101 -- sums have one row.
    return InstructorOverviewOut(
        as_of=at,
        instructor_id=instructor_id,
        courses_count=added["courses"],
        enrollments=added["enrollments"],
        completions=added["completions"],
        completion_rate=ratio(added["completions"] * 100, added["enrollments"]),
        average_rating=ratio(added["stars"], added["ratings"]),
        quiz_completion_rate=ratio((quizzes["done"] or 0) * 100, quizzes["tried"]),
        courses=[_course_row(row) for row in await reads.all(_COURSES, **mine)],
        trend=await _TREND.points(reads, period, **mine),
    )


def _course_row(row: Record) -> CourseRow:
    return CourseRow(
        course_id=row["id"],
        title=row["title"],
        is_published=row["is_published"],
        enrollments=row["enrollments"],
        completions=row["completions"],
        completion_rate=ratio(row["completions"] * 100, row["enrollments"]),
        average_rating=ratio(row["rating_sum"], row["ratings"]),
    )


_SCHOOL, _SCHOOL_TREND = totals_of(SCHOOL), Trend(SCHOOL)
_POPULAR_COURSES = _rows(Course.is_published.is_(True), _POPULAR_FIRST, _POPULAR)
_COURSE_COUNTS = PreparedStatement(
    select(func.count(Course.id).label("courses"), func.count(case((Course.is_published, 1))).label("published"))
)
_GAUGE = PreparedStatement(select(Gauge.amount, Gauge.read_at).where(Gauge.name == ACTIVE_USERS))
_SEEN = PreparedStatement(
    select(func.count(UserSession.user_id.distinct()).label("active")).where(
        UserSession.last_seen_at >= bindparam("since", type_=UserSession.last_seen_at.type)
    )
)


async def system_overview(reads: QueryExecutor, period: Period) -> SystemOverviewOut:
    """The whole school; `as_of` is the moment of its oldest figure. Five statements."""
    return await reads.shared(("system", period), lambda: _system(reads, period))


async def _system(reads: QueryExecutor, period: Period) -> SystemOverviewOut:
    amounts = amounts_of(await reads.all(_SCHOOL))
    figures = EnrollmentFigures(amounts)
    active_users, at = await _active_users(reads)
    counted = await reads.one(_COURSE_COUNTS)
    assert counted is not None  # noqa: S101 -- counts have one row.
    return SystemOverviewOut(
        as_of=at,
        users={role: amounts[role] for role in Role},
        active_users=active_users,
        courses=counted["courses"],
        published_courses=counted["published"],
        enrollments=figures.by_status,
        completions=amounts[EnrollmentStatus.COMPLETED],
        completion_rate=figures.completion_rate,
        certificates=amounts["certificates"],
        popular_courses=[_course_row(row) for row in await reads.all(_POPULAR_COURSES)],
        trend=await _SCHOOL_TREND.points(reads, period),
    )


async def _active_users(reads: QueryExecutor) -> tuple[int, datetime]:
    """The people who used a session in the last 30 days, and when they were counted."""
    at = now()
    gauge = await reads.one(_GAUGE)
    if gauge is not None and at - GAUGE_KEPT < gauge["read_at"] <= at:
        return gauge["amount"], gauge["read_at"]
    return await count_active_users(reads, at), at


async def count_active_users(reads: QueryExecutor, at: datetime) -> int:
    """The people who used a session in the 30 days before `at`."""
    seen = await reads.one(_SEEN, since=at - ACTIVE)
    assert seen is not None  # noqa: S101 -- a count has one row.
    return int(seen["active"])
