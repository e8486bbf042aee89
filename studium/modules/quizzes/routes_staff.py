"""What staff see of a quiz that learners have taken, and what they do about it."""

from typing import Annotated
from uuid import UUID

from fastapi import Query, Response

from studium.access.actor import CurrentUser
from studium.access.permissions import EditableCourse, EditableQuiz
from studium.kit.db import SessionDep
from studium.kit.pages import Page, PageDep
from studium.kit.routing import IfMatch, Router
from studium.models import AttemptStatus, QuizAttempt
from studium.modules.quizzes import (
    actions_accommodations,
    actions_regrade,
    queries_attempts,
    queries_staff,
    queries_statistics,
)
from studium.modules.quizzes.reading import settled
from studium.modules.quizzes.schemas_attempts import StaffAttemptOut
from studium.modules.quizzes.schemas_staff import (
    AccommodationIn,
    AccommodationOut,
    QuizStatistics,
    RegradeEntryOut,
    RegradeIn,
    RegradeOut,
)

router = Router("/courses/{course_id}/quizzes/{quiz_id}", tag="quizzes")
_Status = Annotated[AttemptStatus | None, Query(description="`submitted` are those that wait for a grader.")]
_Changed = Annotated[bool | None, Query(description="Only attempts whose marks changed, or only the others.")]
_CREATED, _ACCEPTED = 201, 202


@router.get("/attempts")
async def list_all_attempts(
    quiz: EditableQuiz, session: SessionDep, page: PageDep, status: _Status = None
) -> Page[StaffAttemptOut]:
    """Everybody's attempts, newest first."""
    async with settled(session, QuizAttempt.quiz_id == quiz.id) as reader:
        return await queries_attempts.staff_page(reader, quiz, page, status)


@router.get("/statistics")
async def read_statistics(quiz: EditableQuiz, session: SessionDep) -> QuizStatistics:
    """How the quiz and its questions fared over the graded attempts."""
    return await queries_statistics.quiz_statistics(session, quiz)


@router.get("/accommodations")
async def list_accommodations(quiz: EditableQuiz, session: SessionDep, page: PageDep) -> Page[AccommodationOut]:
    """Which learners are allowed more than the rule."""
    return await queries_staff.accommodation_page(session, quiz, page)


@router.get("/accommodations/{student_id}")
async def read_accommodation(quiz: EditableQuiz, student_id: UUID, session: SessionDep) -> AccommodationOut:
    """What one learner is allowed beyond the rule."""
    return await queries_staff.accommodation_out(session, quiz, student_id)


@router.put("/accommodations/{student_id}")
async def put_accommodation(
    actor: CurrentUser,
    course: EditableCourse,
    quiz: EditableQuiz,
    student_id: UUID,
    session: SessionDep,
    if_match: IfMatch,
    response: Response,
    wish: AccommodationIn,
) -> AccommodationOut:
    """Allow a learner more time or attempts, from the next attempt on."""
    is_new = await actions_accommodations.put_accommodation(session, actor, course, quiz, student_id, wish, if_match)
    if is_new:
        response.status_code = _CREATED
    return await queries_staff.accommodation_out(session, quiz, student_id)


@router.delete("/accommodations/{student_id}", status_code=204)
async def delete_accommodation(actor: CurrentUser, quiz: EditableQuiz, student_id: UUID, session: SessionDep) -> None:
    """Let the rule for everybody apply again, from the next attempt on."""
    await actions_accommodations.delete_accommodation(session, actor, quiz, student_id)


@router.post("/regrade")
async def start_regrade(
    actor: CurrentUser, quiz: EditableQuiz, session: SessionDep, response: Response, wish: RegradeIn
) -> RegradeOut:
    """Apply the present key and points to the finished attempts: at once, or (202) by a job where they are many."""
    regrade = await actions_regrade.start_regrade(session, actor, quiz, wish)
    if regrade.finished_at is None:
        response.status_code = _ACCEPTED
        return queries_staff.regrade_out(regrade)
    return queries_staff.regrade_out(regrade, await queries_staff.whole_report(session, regrade))


@router.get("/regrades")
async def list_regrades(quiz: EditableQuiz, session: SessionDep, page: PageDep) -> Page[RegradeOut]:
    """The regrades of the quiz, newest first."""
    return await queries_staff.regrade_page(session, quiz, page)


@router.get("/regrades/{regrade_id}")
async def read_regrade(quiz: EditableQuiz, regrade_id: UUID, session: SessionDep) -> RegradeOut:
    """A regrade and how far it is."""
    return queries_staff.regrade_out(await queries_staff.find_regrade(session, quiz, regrade_id))


@router.get("/regrades/{regrade_id}/report")
async def read_report(
    quiz: EditableQuiz, regrade_id: UUID, session: SessionDep, page: PageDep, changed: _Changed = None
) -> Page[RegradeEntryOut]:
    """What the regrade did to each learner's attempts: before and after."""
    regrade = await queries_staff.find_regrade(session, quiz, regrade_id)
    return await queries_staff.report_page(session, regrade, page, is_changed=changed)
