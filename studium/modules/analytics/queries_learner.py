"""What a learner has done, and what comes next: hot reads, because a whole class opens its home at once."""

from collections import Counter
from datetime import datetime, timedelta
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Subquery, Uuid, bindparam, case, func, select, true

from studium.access.actor import Actor
from studium.kit.base.clock import now
from studium.kit.db.prepared import PreparedStatement, QueryExecutor, Record
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
Shape = TypeVar("Shape", ContinueOut, RecommendationOut)
_LEARNER: Any = bindparam("learner", type_=Uuid())
_SINCE: Any = bindparam("since", type_=LessonProgress.updated_at.type)


def _sum_if(condition: ColumnElement[bool], amount: Any = 1) -> ColumnElement[Any]:  # noqa: ANN401 -- a column or a number.
    return func.coalesce(func.sum(case((condition, amount), else_=0)), 0)


def _enrolled() -> Subquery:
    """The learner's enrollments by status, with the sums that averages are made of."""
    counts = [_sum_if(Enrollment.status == status).label(f"n_{status}") for status in EnrollmentStatus]
    progress = _sum_if(Enrollment.status.in_(LEARNING), Enrollment.progress_percentage)
    seconds = func.coalesce(func.sum(Enrollment.total_time_spent_seconds), 0)
    statement = select(*counts, progress.label("progress"), seconds.label("seconds"))
    return statement.where(Enrollment.student_id == _LEARNER).subquery()


def _worked() -> Subquery:
    """Lessons that are done, in all and lately; the seconds are those of lessons that were worked on lately."""
    statement = select(
        _sum_if(LessonProgress.status == ProgressStatus.COMPLETED).label("lessons"),
        _sum_if(LessonProgress.completed_at >= _SINCE).label("recent_lessons"),
        _sum_if(LessonProgress.updated_at >= _SINCE, LessonProgress.time_spent_seconds).label("recent_seconds"),
    )
    mine = statement.join(Enrollment, Enrollment.id == LessonProgress.enrollment_id)
    return mine.where(Enrollment.student_id == _LEARNER).subquery()


def _attempted() -> Subquery:
    """Per quiz the best counts: it is the grade of record."""
    is_over = QuizAttempt.status != AttemptStatus.IN_PROGRESS
    best = (
        select(
            func.max(QuizAttempt.percentage).label("percentage"),
            func.max(case((QuizAttempt.is_passed.is_(True), 1), else_=0)).label("passed"),
        )
        .join(Enrollment, Enrollment.id == QuizAttempt.enrollment_id)
        .where(Enrollment.student_id == _LEARNER, is_over)
        .group_by(QuizAttempt.quiz_id)
        .subquery()
    )
    return select(
        func.count().label("quizzes"),
        func.coalesce(func.sum(best.c.passed), 0).label("passed"),
        func.sum(best.c.percentage).label("percentages"),
        func.count(best.c.percentage).label("graded"),
    ).subquery()


def _summary() -> PreparedStatement:
    """Everything that is counted, in one row of one statement."""
    enrolled, worked, attempted = _enrolled(), _worked(), _attempted()
    attempts = (
        select(func.count(QuizAttempt.id))
        .join(Enrollment, Enrollment.id == QuizAttempt.enrollment_id)
        .where(Enrollment.student_id == _LEARNER, QuizAttempt.started_at >= _SINCE)
    )
    certificates = select(func.count(Certificate.id)).where(
        Certificate.student_id == _LEARNER, Certificate.is_revoked.is_(False)
    )
    counted = attempts.scalar_subquery().label("attempts"), certificates.scalar_subquery().label("certificates")
    sources = enrolled.join(worked, true()).join(attempted, true())
    return PreparedStatement(select(*enrolled.c, *worked.c, *attempted.c, *counted).select_from(sources))


_SUMMARY = _summary()


async def _summed(reads: QueryExecutor, actor: Actor, at: datetime) -> Record:
    row = await reads.one(_SUMMARY, learner=actor.id, since=at - RECENT)
    assert row is not None  # noqa: S101 -- sums have one row.
    return row


def _progress_out(row: Record, at: datetime) -> ProgressOut:
    amounts: Counter[str] = Counter({status: row[f"n_{status}"] for status in EnrollmentStatus})
    amounts["progress"] = round(row["progress"] * 100)
    figures = EnrollmentFigures(amounts)
    average = ratio(row["percentages"], row["graded"])
    return ProgressOut(
        as_of=at,
        enrollments=figures.by_status,
        average_progress=figures.average_progress,
        completion_rate=figures.completion_rate,
        lessons_completed=row["lessons"],
        time_spent_seconds=row["seconds"],
        quizzes=QuizFigures(attempted=row["quizzes"], passed=row["passed"], average_percentage=average),
        certificates=row["certificates"],
    )


async def progress_of(reads: QueryExecutor, actor: Actor) -> ProgressOut:
    """Everything a learner has done."""
    at = now()
    return _progress_out(await _summed(reads, actor, at), at)


async def dashboard_of(reads: QueryExecutor, actor: Actor) -> DashboardOut:
    """A learner's home, in four statements at most."""
    at = now()
    row = await _summed(reads, actor, at)
    following = await reads.all(_TO_CONTINUE, learner=actor.id)
    recent = ActivityOut(
        lessons_completed=row["recent_lessons"], seconds=row["recent_seconds"], attempts=row["attempts"]
    )
    return DashboardOut(
        as_of=at,
        summary=_progress_out(row, at),
        continue_learning=[_out(ContinueOut, one) for one in following],
        recent_activity=recent,
        recommendations=await _recommended(reads, actor),
    )


def _out(shape: type[Shape], row: Record) -> Shape:
    return shape(**{name: row[name] for name in shape.model_fields})


def _to_continue() -> PreparedStatement:
    """The active courses, last visited first, each with the first lesson not yet done."""
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
        .where(Enrollment.student_id == _LEARNER, Enrollment.status == EnrollmentStatus.ACTIVE)
        .order_by(visited.desc(), Enrollment.id)
        .limit(_SHOWN)
    )
    return PreparedStatement(statement)


_TO_CONTINUE = _to_continue()


def _suggestions(*where: ColumnElement[bool], most: int) -> PreparedStatement:
    """Published courses that the learner is not in, the popular ones first."""
    statement = (
        select(
            Course.id.label("course_id"),
            Course.title,
            Course.slug,
            Course.category,
            CourseCounts.enrollments.label("enrollments_count"),
        )
        .join(CourseCounts, CourseCounts.course_id == Course.id)
        .where(Course.is_published, Course.id.not_in(_MINE), *where)
        .order_by(CourseCounts.enrollments.desc(), CourseCounts.course_id.desc())
        .limit(most)
    )
    return PreparedStatement(statement)


_MINE = select(Enrollment.course_id).where(Enrollment.student_id == _LEARNER)
_LIKED = _suggestions(
    Course.category.in_(select(Course.category).where(Course.id.in_(_MINE), Course.category.is_not(None))), most=_SHOWN
)
_POPULAR = _suggestions(most=2 * _SHOWN)
"""So many that enough are left without those of the same categories, which are fewer than are shown."""


async def _recommended(reads: QueryExecutor, actor: Actor) -> list[RecommendationOut]:
    """Courses of the same categories as the learner's own first, then the popular ones."""
    rows = list(await reads.all(_LIKED, learner=actor.id))
    if len(rows) < _SHOWN:
        known = {row["course_id"] for row in rows}
        others = await reads.all(_POPULAR, learner=actor.id)
        rows += [row for row in others if row["course_id"] not in known][: _SHOWN - len(rows)]
    return [_out(RecommendationOut, row) for row in rows]
