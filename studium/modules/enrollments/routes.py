"""Enrollments: the learner's way through a course."""

from uuid import UUID

from fastapi import Response

from studium.access.actor import CurrentUser, Student
from studium.access.permissions import AdvancingEnrollment, OwnEnrollment, VisibleEnrollment
from studium.kit.http.dependencies import ReadsDep, SessionDep, TransactionDep
from studium.kit.http.pagination import Page, PageDep
from studium.kit.http.routing import IfMatch, Router
from studium.models import EnrollmentStatus
from studium.modules.enrollments import actions, actions_progress, queries
from studium.modules.enrollments.deps import ShownEnrollment, ShownLessons
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


@router.post("", status_code=201, responses={200: {"model": EnrollmentOut, "description": "Back in a dropped course."}})
async def enroll(actor: Student, tx: TransactionDep, response: Response, payload: EnrollmentCreate) -> EnrollmentOut:
    """Enrol in a course; a dropped enrollment comes back with its progress (200)."""
    enrollment, is_new = await actions.enroll(tx, actor, payload.course_id)
    response.status_code = 201 if is_new else 200
    return enrollment


@router.get("/my-courses")
async def list_my_courses(
    actor: CurrentUser, reads: ReadsDep, page: PageDep, status: EnrollmentStatus | None = None
) -> Page[MyCourseOut]:
    """The caller's courses, each with its progress and the next lesson."""
    return await queries.my_courses(reads, actor, status, page)


@router.get("/{enrollment_id}")
async def read_enrollment(enrollment: ShownEnrollment) -> EnrollmentOut:
    """An enrollment."""
    return enrollment


@router.get("/{enrollment_id}/lessons")
async def list_enrollment_lessons(lessons: ShownLessons) -> Page[EnrollmentLessonOut]:
    """Each live lesson with the learner's progress."""
    return lessons


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
async def complete_lesson(
    actor: CurrentUser, enrollment: AdvancingEnrollment, tx: TransactionDep, lesson_id: UUID
) -> LessonProgressOut:
    """Mark a lesson as done; the last one completes the course."""
    return await actions_progress.complete_lesson(tx, actor, enrollment, lesson_id)


@router.patch("/{enrollment_id}/lessons/{lesson_id}/progress")
async def record_progress(
    actor: CurrentUser, enrollment: AdvancingEnrollment, tx: TransactionDep, lesson_id: UUID, patch: ProgressUpdate
) -> LessonProgressOut:
    """Report position, time and percentage; answers with what was credited."""
    return await actions_progress.record_progress(tx, actor, enrollment, lesson_id, patch)


@router.post(
    "/{enrollment_id}/review",
    status_code=201,
    responses={200: {"model": EnrollmentOut, "description": "The review was changed."}},
)
async def review_course(
    enrollment: OwnEnrollment, session: SessionDep, if_match: IfMatch, response: Response, payload: ReviewIn
) -> EnrollmentOut:
    """Rate the course; again changes the review."""
    is_first = await actions.review(session, enrollment, payload, if_match)
    response.status_code = 201 if is_first else 200
    return await queries.enrollment_out(session, enrollment.id)


@router.delete("/{enrollment_id}/review", status_code=204)
async def delete_review(enrollment: OwnEnrollment, session: SessionDep, if_match: IfMatch) -> None:
    """Take one's review back; again is no harm."""
    await actions.take_review_back(session, enrollment, if_match)
