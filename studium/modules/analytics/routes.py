"""Analytics: figures for learners, instructors and admins, as JSON or, table by table, as CSV."""

from typing import Annotated, Literal

from fastapi import Query, Response

from studium.access.actor import Admin, CurrentUser
from studium.access.permissions import EditableCourse, OverviewInstructor
from studium.kit.db import ReadsDep, SessionDep
from studium.kit.routing import Router
from studium.modules.analytics import queries_course, queries_learner, queries_overview
from studium.modules.analytics.routes_exports import EXPORTS, WantsCsv, answer
from studium.modules.analytics.routes_trend import PeriodDep
from studium.modules.analytics.schemas import (
    CourseAnalyticsOut,
    DashboardOut,
    InstructorOverviewOut,
    ProgressOut,
    SystemOverviewOut,
)

router = Router("/analytics", tag="analytics")
_TABLE = Query(description="Which table a CSV holds; JSON holds them all.")
ProgressTable = Annotated[Literal["totals", "enrollments", "quizzes"], _TABLE]
DashboardTable = Annotated[Literal["continue_learning", "recent_activity", "recommendations"], _TABLE]
CourseTable = Annotated[Literal["lessons", "quizzes", "trend", "totals", "enrollments", "ratings"], _TABLE]
InstructorTable = Annotated[Literal["courses", "trend", "totals"], _TABLE]
SystemTable = Annotated[Literal["popular_courses", "trend", "totals", "users", "enrollments"], _TABLE]


@router.get("/my-progress", response_model=ProgressOut, responses=EXPORTS)
async def my_progress(
    actor: CurrentUser, session: SessionDep, as_csv: WantsCsv, table: ProgressTable = "totals"
) -> ProgressOut | Response:
    """What the caller has done in all."""
    return answer(await queries_learner.progress_of(session, actor), table, as_csv=as_csv)


@router.get("/my-dashboard", response_model=DashboardOut, responses=EXPORTS)
async def my_dashboard(
    actor: CurrentUser, session: SessionDep, as_csv: WantsCsv, table: DashboardTable = "continue_learning"
) -> DashboardOut | Response:
    """The caller's home: where to go on, what happened lately, what might be next."""
    return answer(await queries_learner.dashboard_of(session, actor), table, as_csv=as_csv)


@router.get("/courses/{course_id}", response_model=CourseAnalyticsOut, responses=EXPORTS)
async def course_analytics(
    course: EditableCourse,
    session: SessionDep,
    reads: ReadsDep,
    period: PeriodDep,
    as_csv: WantsCsv,
    table: CourseTable = "lessons",
) -> CourseAnalyticsOut | Response:
    """One course, for its staff."""
    figures = await queries_course.course_analytics(session, reads, course, period)
    return answer(figures, table, as_csv=as_csv)


@router.get("/instructors/{instructor_id}/overview", response_model=InstructorOverviewOut, responses=EXPORTS)
async def instructor_overview(
    instructor_id: OverviewInstructor,
    session: SessionDep,
    period: PeriodDep,
    as_csv: WantsCsv,
    table: InstructorTable = "courses",
) -> InstructorOverviewOut | Response:
    """What an instructor's courses add up to."""
    figures = await queries_overview.instructor_overview(session, instructor_id, period)
    return answer(figures, table, as_csv=as_csv)


@router.get("/system/overview", response_model=SystemOverviewOut, responses=EXPORTS)
async def system_overview(
    _: Admin, session: SessionDep, period: PeriodDep, as_csv: WantsCsv, table: SystemTable = "popular_courses"
) -> SystemOverviewOut | Response:
    """The whole school."""
    return answer(await queries_overview.system_overview(session, period), table, as_csv=as_csv)
