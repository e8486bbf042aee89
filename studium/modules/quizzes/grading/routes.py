"""What staff see of a quiz that learners have taken, and what they do about it."""

from typing import Annotated
from uuid import UUID

from fastapi import Query, Request, Response

from studium.access.actor import CurrentUser
from studium.access.permissions import EditableCourse, EditableQuiz
from studium.kit.db.transaction import SessionTransaction
from studium.kit.http.dependencies import ReadsDep, SessionDep, TransactionDep, request_runtime
from studium.kit.http.pagination import Page, PageDep
from studium.kit.http.routing import IfMatch, Router
from studium.models import AttemptStatus
from studium.modules.quizzes.attempts import queries as queries_attempts
from studium.modules.quizzes.attempts.deps import ManagedQuiz
from studium.modules.quizzes.attempts.reading import submit_overdue_at
from studium.modules.quizzes.attempts.schemas import StaffAttemptOut
from studium.modules.quizzes.grading import actions_accommodations, actions_regrade, actions_release
from studium.modules.quizzes.grading import queries as queries_staff
from studium.modules.quizzes.schemas_staff import (
    AccommodationIn,
    AccommodationOut,
    QuizStatistics,
    RegradeEntryOut,
    RegradeIn,
    RegradeOut,
    ReleaseOut,
)
from studium.modules.quizzes.statistics import queries as queries_statistics

router = Router("/courses/{course_id}/quizzes/{quiz_id}", tag="quizzes")
_Status = Annotated[AttemptStatus | None, Query(description="`submitted` are those that wait for a grader.")]
_Changed = Annotated[bool | None, Query(description="Only attempts whose marks changed, or only the others.")]
_CREATED, _ACCEPTED = 201, 202


@router.get("/attempts")
async def list_quiz_attempts(
    request: Request, quiz_id: ManagedQuiz, reads: ReadsDep, page: PageDep, status: _Status = None
) -> Page[StaffAttemptOut]:
    """Everybody's attempts, newest first."""
    await submit_overdue_at(request_runtime(request).database, quiz_id)
    return await queries_attempts.staff_page(reads, quiz_id, page, status)


@router.get("/statistics")
async def read_quiz_statistics(quiz: EditableQuiz, reads: ReadsDep) -> QuizStatistics:
    """How the quiz and its questions fared over the graded attempts."""
    return await queries_statistics.quiz_statistics(reads, quiz.id)


@router.get("/accommodations")
async def list_accommodations(quiz_id: ManagedQuiz, reads: ReadsDep, page: PageDep) -> Page[AccommodationOut]:
    """Which learners are allowed more than the rule."""
    return await queries_staff.accommodation_page(reads, quiz_id, page)


@router.get("/accommodations/{student_id}")
async def read_accommodation(quiz_id: ManagedQuiz, student_id: UUID, reads: ReadsDep) -> AccommodationOut:
    """What one learner is allowed beyond the rule."""
    return await queries_staff.accommodation_out(reads, quiz_id, student_id)


@router.put(
    "/accommodations/{student_id}",
    responses={_CREATED: {"model": AccommodationOut, "description": "The learner had none before."}},
)
async def set_accommodation(
    actor: CurrentUser,
    course: EditableCourse,
    quiz: EditableQuiz,
    student_id: UUID,
    session: SessionDep,
    if_match: IfMatch,
    response: Response,
    payload: AccommodationIn,
) -> AccommodationOut:
    """Allow a learner more time or attempts, from the next attempt on."""
    is_new = await actions_accommodations.put_accommodation(session, actor, course, quiz, student_id, payload, if_match)
    if is_new:
        response.status_code = _CREATED
    return await queries_staff.accommodation_out(SessionTransaction(session), quiz.id, student_id)


@router.delete("/accommodations/{student_id}", status_code=204)
async def delete_accommodation(actor: CurrentUser, quiz: EditableQuiz, student_id: UUID, session: SessionDep) -> None:
    """Let the rule for everybody apply again, from the next attempt on."""
    await actions_accommodations.delete_accommodation(session, actor, quiz, student_id)


@router.post(
    "/regrade",
    responses={_ACCEPTED: {"model": RegradeOut, "description": "A job does it; `GET` the regrade for its progress."}},
)
async def start_regrade(
    actor: CurrentUser, quiz: EditableQuiz, session: SessionDep, response: Response, payload: RegradeIn
) -> RegradeOut:
    """Apply the present key and points to the finished attempts: at once, or (202) by a job where they are many."""
    tx = SessionTransaction(session)
    regrade = await actions_regrade.start_regrade(tx, actor, quiz.id, payload)
    if regrade["finished_at"] is None:
        response.status_code = _ACCEPTED
        return queries_staff.regrade_out(regrade)
    return queries_staff.regrade_out(regrade, await queries_staff.whole_report(tx, regrade["id"]))


@router.post(
    "/release",
    responses={_ACCEPTED: {"model": ReleaseOut, "description": "A job does what is left."}},
)
async def release_marks(actor: CurrentUser, quiz_id: ManagedQuiz, tx: TransactionDep, response: Response) -> ReleaseOut:
    """Show learners every mark that is complete and held, one mail each; what is many, (202) a job goes on with."""
    released = await actions_release.release_marks(tx, actor, quiz_id)
    if released.left:
        response.status_code = _ACCEPTED
    return released


@router.get("/regrades")
async def list_regrades(quiz_id: ManagedQuiz, reads: ReadsDep, page: PageDep) -> Page[RegradeOut]:
    """The regrades of the quiz, newest first."""
    return await queries_staff.regrade_page(reads, quiz_id, page)


@router.get("/regrades/{regrade_id}")
async def read_regrade(quiz_id: ManagedQuiz, regrade_id: UUID, reads: ReadsDep) -> RegradeOut:
    """A regrade and how far it is."""
    return queries_staff.regrade_out(await queries_staff.find_regrade(reads, quiz_id, regrade_id))


@router.get("/regrades/{regrade_id}/report")
async def read_regrade_report(
    quiz_id: ManagedQuiz, regrade_id: UUID, reads: ReadsDep, page: PageDep, changed: _Changed = None
) -> Page[RegradeEntryOut]:
    """What the regrade did to each learner's attempts: before and after."""
    await queries_staff.find_regrade(reads, quiz_id, regrade_id)
    return await queries_staff.report_page(reads, regrade_id, page, is_changed=changed)
