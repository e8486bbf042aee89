"""A course in figures: who came and got through by week, where learners stop, how its quizzes went."""

from dataclasses import replace
from datetime import timedelta
from typing import Annotated, Literal
from uuid import UUID

from fastapi import Query
from starlette.responses import Response

from studium.access.actor import Actor, CurrentUser
from studium.kit.base.clock import now
from studium.kit.base.problems import NotFound
from studium.kit.db.prepared import QueryExecutor
from studium.kit.http.dependencies import ReplicaReadsDep
from studium.kit.text.csv_text import MEDIA_TYPE, Csv, csv_of
from studium.modules.analytics import queries_course
from studium.modules.analytics.periods import Bucket, Period, start_of
from studium.modules.analytics.routes_exports import answer
from studium.modules.courses.deps import ManagedCourse
from studium.modules.courses.schemas import CourseOut
from studium.modules.enrollments.queries_courses import course_stats, under_way
from studium.modules.quizzes.authoring.queries import find_quiz
from studium.modules.quizzes.statistics.queries import quiz_statistics
from studium.web.render import Page
from studium.web.routing import Pages
from studium.web.teacher.figures.views import WEEKS, CourseFigures
from studium.web.visitor import Visitor, VisitorDep

router = Pages()
_PLACE = "/teach/courses/{course_id}/figures"
_COLUMNS = ("question", "text", "attempts", "facility", "discrimination_index")
Weeks = Annotated[int, Query(ge=1, le=max(WEEKS))]
Table = Literal["trend", "lessons", "quizzes", "questions"]


def _period(visitor: Visitor, weeks: int) -> Period:
    """So many weeks and as many before them, to today, in the time of whoever looks."""
    today = now().astimezone(visitor.zone).date()
    first = start_of(today, Bucket.WEEK) - timedelta(weeks=2 * weeks - 1)
    return Period(first, today, Bucket.WEEK, visitor.zone)


async def _figures(
    course: CourseOut, actor: Actor, reads: QueryExecutor, visitor: Visitor, weeks: int, quiz_id: UUID | None
) -> CourseFigures:
    """The figures, and those of one quiz: the one asked for, else the one that was taken most."""
    figures = await queries_course.course_analytics(reads, actor, course.id, _period(visitor, weeks))
    stats = await course_stats(reads, actor, course.id)
    taken = [row for row in figures.quizzes if row.quiz_id == quiz_id or (quiz_id is None and row.attempts)]
    if quiz_id is not None and not taken:
        message = "There is no such quiz in this course."
        raise NotFound(message)
    view = CourseFigures(course, figures, stats, weeks, visitor.language, under_way=await under_way(reads, course.id))
    if not taken:
        return view
    chosen = max(taken, key=lambda row: row.attempts).quiz_id
    quiz = await find_quiz(reads, actor, chosen)
    return replace(view, quiz=quiz, marks=await quiz_statistics(reads, chosen))


@router.get(_PLACE)
async def figures_page(
    course: ManagedCourse,
    actor: CurrentUser,
    reads: ReplicaReadsDep,
    visitor: VisitorDep,
    weeks: Weeks = WEEKS[0],
    quiz: UUID | None = None,
) -> Page:
    """The course in figures."""
    return Page("teacher/figures/course.html", await _figures(course, actor, reads, visitor, weeks, quiz))


@router.get(f"{_PLACE}.csv")
async def figures_csv(
    course: ManagedCourse,
    actor: CurrentUser,
    reads: ReplicaReadsDep,
    visitor: VisitorDep,
    table: Table = "lessons",
    weeks: Weeks = WEEKS[0],
    quiz: UUID | None = None,
) -> Response:
    """One of the tables as a file to save."""
    view = await _figures(course, actor, reads, visitor, weeks, quiz)
    if table != "questions":
        found = answer(view.figures, table, as_csv=Csv.MARKED)
        assert isinstance(found, Response)  # noqa: S101 -- a CSV was asked for.
        return found
    items = [] if view.marks is None else view.marks.questions
    rows = [(i.order_index, i.question_text, i.attempts, i.facility, i.discrimination_index) for i in items]
    headers = {"Content-Disposition": 'attachment; filename="questions.csv"'}
    return Response(csv_of(_COLUMNS, rows), media_type=f"{MEDIA_TYPE}; charset=utf-8", headers=headers)
