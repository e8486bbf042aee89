"""Analytics: figures for learners, instructors and admins."""

from typing import Annotated

from fastapi import Depends

from studium.access.actor import Admin, CurrentUser
from studium.access.permissions import EditableCourse, OverviewInstructor
from studium.kit.db import SessionDep
from studium.kit.routing import Router
from studium.modules.analytics import queries_course, queries_learner, queries_overview
from studium.modules.analytics.periods import Period
from studium.modules.analytics.routes_trend import period_query
from studium.modules.analytics.schemas import (
    CourseAnalyticsOut,
    DashboardOut,
    InstructorOverviewOut,
    ProgressOut,
    SystemOverviewOut,
)

router = Router("/analytics", tag="analytics")
PeriodDep = Annotated[Period, Depends(period_query)]


@router.get("/my-progress")
async def my_progress(actor: CurrentUser, session: SessionDep) -> ProgressOut:
    """What the caller has done in all."""
    return await queries_learner.progress_of(session, actor)


@router.get("/my-dashboard")
async def my_dashboard(actor: CurrentUser, session: SessionDep) -> DashboardOut:
    """The caller's home: where to go on, what happened lately, what might be next."""
    return await queries_learner.dashboard_of(session, actor)


@router.get("/courses/{course_id}")
async def course_analytics(course: EditableCourse, session: SessionDep, period: PeriodDep) -> CourseAnalyticsOut:
    """One course, for its staff."""
    return await queries_course.course_analytics(session, course, period)


@router.get("/instructors/{instructor_id}/overview")
async def instructor_overview(
    instructor_id: OverviewInstructor, session: SessionDep, period: PeriodDep
) -> InstructorOverviewOut:
    """What an instructor's courses add up to."""
    return await queries_overview.instructor_overview(session, instructor_id, period)


@router.get("/system/overview")
async def system_overview(_: Admin, session: SessionDep, period: PeriodDep) -> SystemOverviewOut:
    """The whole school."""
    return await queries_overview.system_overview(session, period)
