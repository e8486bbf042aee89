"""Enrollments: the learner's way through a course."""

from typing import Annotated

from fastapi import Depends, Response

from studium.access.actor import CurrentUser
from studium.access.permissions import OwnEnrollment, VisibleEnrollment
from studium.kit.db import ReadsDep, SessionDep
from studium.kit.pages import Page, PageDep, PageQuery, bounded_query
from studium.kit.routing import IfMatch, Router
from studium.models import EnrollmentStatus
from studium.modules.enrollments import actions, queries
from studium.modules.enrollments.deps import EntranceDep, LessonCompletion, LessonReport, ShownEnrollment
from studium.modules.enrollments.schemas import (
    EnrollmentCreate,
    EnrollmentLessonOut,
    EnrollmentOut,
    EnrollmentUpdate,
    LessonProgressOut,
    MyCourseOut,
    ProgressUpdate,
    ReviewIn,
)

router = Router("/enrollments", tag="enrollments")
LESSONS_MAX = 1_000
LessonsPage = Annotated[PageQuery, Depends(bounded_query(LESSONS_MAX))]


@router.post("", status_code=201, responses={200: {"model": EnrollmentOut, "description": "Back in a dropped course."}})
async def enroll(enter: EntranceDep, response: Response, wish: EnrollmentCreate) -> EnrollmentOut:
    """Enrol in a course; a dropped enrollment comes back with its progress (200)."""
    enrollment, is_new = await enter(wish.course_id)
    response.status_code = 201 if is_new else 200
    return enrollment


@router.get("/my-courses")
async def my_courses(
    actor: CurrentUser, reads: ReadsDep, page: PageDep, status: EnrollmentStatus | None = None
) -> Page[MyCourseOut]:
    """The caller's courses, each with its progress and the next lesson."""
    return await queries.my_courses(reads, actor, status, page)


@router.get("/{enrollment_id}")
async def read_enrollment(enrollment: ShownEnrollment) -> EnrollmentOut:
    """An enrollment."""
    return enrollment


@router.get("/{enrollment_id}/lessons")
async def list_lessons(
    enrollment: VisibleEnrollment, session: SessionDep, page: LessonsPage
) -> Page[EnrollmentLessonOut]:
    """Each live lesson with the learner's progress."""
    return await queries.lessons_page(session, enrollment, page)


@router.patch("/{enrollment_id}")
async def update_enrollment(
    actor: CurrentUser, enrollment: VisibleEnrollment, session: SessionDep, if_match: IfMatch, patch: EnrollmentUpdate
) -> EnrollmentOut:
    """Drop or resume; the course's staff also expire and restore."""
    await actions.change_status(session, actor, enrollment, patch.status, if_match)
    return await queries.enrollment_out(session, enrollment.id)


@router.delete("/{enrollment_id}", status_code=204)
async def drop_enrollment(
    actor: CurrentUser, enrollment: VisibleEnrollment, session: SessionDep, if_match: IfMatch
) -> None:
    """Drop out; progress is kept."""
    await actions.drop(session, actor, enrollment, if_match)


@router.post("/{enrollment_id}/lessons/{lesson_id}/complete")
async def complete_lesson(complete: LessonCompletion) -> LessonProgressOut:
    """Mark a lesson as done; the last one completes the course."""
    return await complete()


@router.patch("/{enrollment_id}/lessons/{lesson_id}/progress")
async def record_progress(report: LessonReport, patch: ProgressUpdate) -> LessonProgressOut:
    """Report position, time and percentage; answers with what was credited."""
    return await report(patch)


@router.post(
    "/{enrollment_id}/review",
    status_code=201,
    responses={200: {"model": EnrollmentOut, "description": "The review was changed."}},
)
async def review_course(
    enrollment: OwnEnrollment, session: SessionDep, if_match: IfMatch, response: Response, wish: ReviewIn
) -> EnrollmentOut:
    """Rate the course; again changes the review."""
    is_first = await actions.review(session, enrollment, wish, if_match)
    response.status_code = 201 if is_first else 200
    return await queries.enrollment_out(session, enrollment.id)
