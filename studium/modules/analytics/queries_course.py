"""One course in figures."""

from functools import cache
from uuid import UUID

from sqlalchemy import Uuid, bindparam, select

from studium.access.actor import Actor, parameter_actor
from studium.access.reading import EDITABLE_COURSE
from studium.kit.base.clock import now
from studium.kit.db.prepared import PreparedStatement, QueryExecutor
from studium.models import Course, Lesson, Quiz, Role
from studium.modules.analytics.figures import EnrollmentFigures, ratio
from studium.modules.analytics.periods import Period
from studium.modules.analytics.schemas import CourseAnalyticsOut, LessonFunnel, QuizRow
from studium.modules.analytics.tallies import Trend, amount_of, amounts_of, totals_of

_NAMES = ("attempts", "learners", "graded", "passed", "percent")
_OF_COURSE = (Lesson.course_id == bindparam("course_id", type_=Uuid()), Lesson.archived_at.is_(None))
_FUNNEL = PreparedStatement(
    select(
        Lesson.id.label("lesson_id"),
        Lesson.title,
        Lesson.lesson_type,
        Lesson.order_index,
        amount_of(Lesson.id, "started").label("started"),
        amount_of(Lesson.id, "done").label("completed"),
    )
    .where(*_OF_COURSE)
    .order_by(Lesson.order_index)
)
_QUIZZES = PreparedStatement(
    select(
        Quiz.id,
        Quiz.title,
        *(amount_of(Quiz.id, name).label(name) for name in _NAMES),
        amount_of(Lesson.id, "done").label("completed"),
    )
    .join(Lesson, Lesson.id == Quiz.lesson_id)
    .where(*_OF_COURSE)
    .order_by(Lesson.order_index)
)


_ID = select(Course.id).where(Course.id == bindparam("course_id", type_=Uuid())).scalar_subquery()
_TOTALS, _TREND = totals_of(_ID), Trend(select(_ID))


@cache
def _course(role: Role) -> PreparedStatement:
    return PreparedStatement(select(Course.title).where(*EDITABLE_COURSE.rule(parameter_actor(role))))


async def course_analytics(reads: QueryExecutor, actor: Actor, course_id: UUID, period: Period) -> CourseAnalyticsOut:
    """Everything about one course, in five statements, however many learners it has; raise NotFound, Forbidden."""
    course = await reads.one(_course(actor.role), course_id=course_id, actor_id=actor.id)
    if course is None:
        await EDITABLE_COURSE.require(reads, actor, course_id)
    assert course is not None  # noqa: S101 -- else it was refused.
    title = course["title"]
    return await reads.shared(("course", course_id, title, period), lambda: _analytics(reads, course_id, title, period))


async def _analytics(reads: QueryExecutor, course_id: UUID, title: str, period: Period) -> CourseAnalyticsOut:
    at = now()
    figures = EnrollmentFigures(amounts_of(await reads.all(_TOTALS, course_id=course_id)))
    return CourseAnalyticsOut(
        as_of=at,
        course_id=course_id,
        title=title,
        enrollments=figures.by_status,
        completion_rate=figures.completion_rate,
        average_progress=figures.average_progress,
        average_time_spent_seconds=figures.average_seconds,
        average_rating=figures.average_rating,
        ratings=figures.ratings,
        lessons=[LessonFunnel.of_record(row) for row in await reads.all(_FUNNEL, course_id=course_id)],
        quizzes=await quiz_rows(reads, course_id, figures.people),
        trend=await _TREND.points(reads, period, course_id=course_id),
    )


async def quiz_rows(reads: QueryExecutor, course_id: UUID, people: int = 0) -> list[QuizRow]:
    """Per quiz: attempts handed in, how they went, and how many of `people` its lesson is done for. One hot read."""
    return [
        QuizRow(
            quiz_id=row["id"],
            title=row["title"],
            attempts=row["attempts"],
            learners=row["learners"],
            completed=row["completed"],
            pass_rate=ratio(row["passed"] * 100, row["graded"]),
            average_percentage=ratio(row["percent"], row["graded"] * 100),
            completion_rate=ratio(row["completed"] * 100, people),
        )
        for row in await reads.all(_QUIZZES, course_id=course_id)
    ]
