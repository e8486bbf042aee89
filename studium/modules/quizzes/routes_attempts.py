"""Attempts of a learner at a quiz."""

from uuid import UUID

from studium.access.actor import CurrentUser
from studium.access.permissions import GradableAttempt, VisibleEnrollment
from studium.kit.db import SessionDep
from studium.kit.pages import Page, PageDep
from studium.kit.routing import IfMatch, Router
from studium.models import Enrollment, QuizAttempt
from studium.modules.quizzes import actions_attempts, actions_grading, queries_attempts
from studium.modules.quizzes.deps import GradableSitting, HeldEnrollment, OwnSitting, ShownAttempt
from studium.modules.quizzes.grading import Answer
from studium.modules.quizzes.reading import settled
from studium.modules.quizzes.schemas_attempts import (
    AnswerIn,
    AnswersIn,
    AttemptOut,
    AttemptPage,
    GradeChangeOut,
    GradeIn,
    SubmitIn,
)

router = Router("/enrollments/{enrollment_id}/quizzes/{quiz_id}/attempts", tag="attempts")


def _given(answers: list[AnswerIn] | None) -> list[Answer]:
    return [
        Answer(
            question_id=answer.question_id,
            selected_option_ids=tuple(answer.selected_option_ids or ()),
            answer_text=answer.answer_text or "",
        )
        for answer in answers or []
    ]


@router.get("")
async def list_attempts(
    actor: CurrentUser, enrollment: VisibleEnrollment, quiz_id: UUID, session: SessionDep, page: PageDep
) -> AttemptPage:
    """The attempts, newest first, with what is used, left and best."""
    quiz = await queries_attempts.course_quiz(session, actor, enrollment, quiz_id)
    async with settled(session, Enrollment.id == enrollment.id, QuizAttempt.quiz_id == quiz_id) as reader:
        return await queries_attempts.attempt_page(reader, enrollment, quiz, page)


@router.post("", status_code=201)
async def start_attempt(
    actor: CurrentUser, enrollment: HeldEnrollment, quiz_id: UUID, session: SessionDep
) -> AttemptOut:
    """Start an attempt; answers with the questions and the deadline."""
    attempt = await actions_attempts.start_attempt(session, enrollment, quiz_id)
    return await queries_attempts.attempt_out(session, actor, attempt, enrollment.student_id)


@router.get("/{attempt_id}")
async def read_attempt(attempt: ShownAttempt) -> AttemptOut:
    """An attempt: questions and saved answers while it is open, the result afterwards."""
    return attempt


@router.patch("/{attempt_id}")
async def save_answers(
    actor: CurrentUser, sitting: OwnSitting, session: SessionDep, if_match: IfMatch, patch: AnswersIn
) -> AttemptOut:
    """Save answers as they are given."""
    await actions_attempts.save_answers(session, sitting, _given(patch.answers), if_match)
    return await queries_attempts.attempt_out(session, actor, sitting.attempt, sitting.enrollment.student_id)


@router.post("/{attempt_id}/submit")
async def submit_attempt(
    actor: CurrentUser, sitting: OwnSitting, session: SessionDep, if_match: IfMatch, wish: SubmitIn | None = None
) -> AttemptOut:
    """Hand in."""
    await actions_attempts.submit_attempt(session, sitting, _given(wish.answers if wish else None), if_match)
    return await queries_attempts.attempt_out(session, actor, sitting.attempt, sitting.enrollment.student_id)


@router.post("/{attempt_id}/grade")
async def grade_attempt(
    actor: CurrentUser, sitting: GradableSitting, session: SessionDep, if_match: IfMatch, wish: GradeIn
) -> AttemptOut:
    """Mark by hand; again marks anew, with history."""
    await actions_grading.grade_attempt(session, actor, sitting, wish, if_match)
    return await queries_attempts.attempt_out(session, actor, sitting.attempt, sitting.enrollment.student_id)


@router.get("/{attempt_id}/grades")
async def list_grades(attempt: GradableAttempt, session: SessionDep, page: PageDep) -> Page[GradeChangeOut]:
    """Who marked the attempt, when, and what it was before and after."""
    return await queries_attempts.grade_page(session, attempt, page)
