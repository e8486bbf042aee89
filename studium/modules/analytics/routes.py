"""Analytics: figures for learners, instructors and admins, as JSON or, table by table, as CSV."""

from typing import Annotated, Literal
from uuid import UUID

from fastapi import Depends, Query, Response

from studium.access.actor import Admin, CurrentUser
from studium.access.permissions import OverviewInstructor
from studium.kit.http.dependencies import ReplicaReadsDep
from studium.kit.http.routing import Router, permission
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
async def read_my_progress(
    actor: CurrentUser, reads: ReplicaReadsDep, as_csv: WantsCsv, table: ProgressTable = "totals"
) -> ProgressOut | Response:
    """What the caller has done in all."""
    return answer(await queries_learner.progress_of(reads, actor), table, as_csv=as_csv)


@router.get("/my-dashboard", response_model=DashboardOut, responses=EXPORTS)
async def read_my_dashboard(
    actor: CurrentUser, reads: ReplicaReadsDep, as_csv: WantsCsv, table: DashboardTable = "continue_learning"
) -> DashboardOut | Response:
    """The caller's home: where to go on, what happened lately, what might be next."""
    return answer(await queries_learner.dashboard_of(reads, actor), table, as_csv=as_csv)


@permission("course: owner or admin")
async def shown_analytics(
    course_id: UUID, actor: CurrentUser, reads: ReplicaReadsDep, period: PeriodDep
) -> CourseAnalyticsOut:
    """The figures of a course that the caller runs; 404 or 403 otherwise."""
    return await queries_course.course_analytics(reads, actor, course_id, period)


ShownAnalytics = Annotated[CourseAnalyticsOut, Depends(shown_analytics)]


@router.get("/courses/{course_id}", response_model=CourseAnalyticsOut, responses=EXPORTS)
async def read_course_analytics(
    figures: ShownAnalytics, as_csv: WantsCsv, table: CourseTable = "lessons"
) -> CourseAnalyticsOut | Response:
    """One course, for its staff."""
    return answer(figures, table, as_csv=as_csv)


@router.get("/instructors/{instructor_id}/overview", response_model=InstructorOverviewOut, responses=EXPORTS)
async def read_instructor_overview(
    instructor_id: OverviewInstructor,
    reads: ReplicaReadsDep,
    period: PeriodDep,
    as_csv: WantsCsv,
    table: InstructorTable = "courses",
) -> InstructorOverviewOut | Response:
    """What an instructor's courses add up to."""
    figures = await queries_overview.instructor_overview(reads, instructor_id, period)
    return answer(figures, table, as_csv=as_csv)


@router.get("/system/overview", response_model=SystemOverviewOut, responses=EXPORTS)
async def read_system_overview(
    _: Admin, reads: ReplicaReadsDep, period: PeriodDep, as_csv: WantsCsv, table: SystemTable = "popular_courses"
) -> SystemOverviewOut | Response:
    """The whole school."""
    return answer(await queries_overview.system_overview(reads, period), table, as_csv=as_csv)
