"""One course in figures."""

from sqlalchemy import Uuid, bindparam, select
from sqlalchemy.ext.asyncio import AsyncSession

from studium.kit.clock import now
from studium.kit.reads import Read, Reads
from studium.models import Course, Lesson, Quiz
from studium.modules.analytics.figures import EnrollmentFigures, ratio
from studium.modules.analytics.periods import Period
from studium.modules.analytics.schemas import CourseAnalyticsOut, LessonFunnel, QuizRow
from studium.modules.analytics.tallies import amount_of, totals, trend

_NAMES = ("attempts", "learners", "graded", "passed", "percent")
_OF_COURSE = (Lesson.course_id == bindparam("course_id", type_=Uuid()), Lesson.archived_at.is_(None))
_FUNNEL = Read(
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
_QUIZZES = Read(
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


async def course_analytics(session: AsyncSession, reads: Reads, course: Course, period: Period) -> CourseAnalyticsOut:
    """Everything about one course, in four statements, however many learners it has. The large ones are hot reads."""
    at = now()
    figures = EnrollmentFigures(await totals(session, course.id))
    return CourseAnalyticsOut(
        as_of=at,
        course_id=course.id,
        title=course.title,
        enrollments=figures.by_status,
        completion_rate=figures.completion_rate,
        average_progress=figures.average_progress,
        average_time_spent_seconds=figures.average_seconds,
        average_rating=figures.average_rating,
        ratings=figures.ratings,
        lessons=await _funnel(reads, course),
        quizzes=await _quizzes(reads, course, figures.people),
        trend=await trend(session, period, course.id),
    )


async def _funnel(reads: Reads, course: Course) -> list[LessonFunnel]:
    """How far learners get, lesson by lesson."""
    rows = await reads.all(_FUNNEL, course_id=course.id)
    return [LessonFunnel(**{name: row[name] for name in LessonFunnel.model_fields}) for row in rows]


async def _quizzes(reads: Reads, course: Course, people: int) -> list[QuizRow]:
    """Per quiz: attempts handed in, how they went, and how many learners its lesson is done for."""
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
        for row in await reads.all(_QUIZZES, course_id=course.id)
    ]
