"""Attempts of a learner at a quiz."""

from uuid import UUID

from studium.access.actor import CurrentUser
from studium.access.permissions import (
    GradableAttempt,
    OwnAttempt,
    OwnEnrollment,
    VisibleAttempt,
    VisibleEnrollment,
)
from studium.kit.db import SessionDep
from studium.kit.pages import PageDep
from studium.kit.routing import IfMatch, Router
from studium.modules.quizzes import actions_attempts, actions_grading, queries_attempts
from studium.modules.quizzes.grading import Answer
from studium.modules.quizzes.reading import settled
from studium.modules.quizzes.schemas_attempts import AnswerIn, AnswersIn, AttemptOut, AttemptPage, GradeIn, SubmitIn

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
    async with settled(session, enrollment, quiz_id) as reader:
        return await queries_attempts.attempt_page(reader, enrollment, quiz, page)


@router.post("", status_code=201)
async def start_attempt(
    actor: CurrentUser, enrollment: OwnEnrollment, quiz_id: UUID, session: SessionDep
) -> AttemptOut:
    """Start an attempt; answers with the questions and the deadline."""
    attempt = await actions_attempts.start_attempt(session, enrollment, quiz_id)
    return await queries_attempts.attempt_out(session, actor, attempt.id)


@router.get("/{attempt_id}")
async def read_attempt(
    actor: CurrentUser, enrollment: VisibleEnrollment, attempt: VisibleAttempt, session: SessionDep
) -> AttemptOut:
    """An attempt: questions and saved answers while it is open, the result afterwards."""
    async with settled(session, enrollment, attempt.quiz_id) as reader:
        return await queries_attempts.attempt_out(reader, actor, attempt.id)


@router.patch("/{attempt_id}")
async def save_answers(
    actor: CurrentUser,
    enrollment: OwnEnrollment,
    attempt: OwnAttempt,
    session: SessionDep,
    if_match: IfMatch,
    patch: AnswersIn,
) -> AttemptOut:
    """Save answers as they are given."""
    await actions_attempts.save_answers(session, enrollment, attempt, _given(patch.answers), if_match)
    return await queries_attempts.attempt_out(session, actor, attempt.id)


@router.post("/{attempt_id}/submit")
async def submit_attempt(
    actor: CurrentUser,
    enrollment: OwnEnrollment,
    attempt: OwnAttempt,
    session: SessionDep,
    if_match: IfMatch,
    wish: SubmitIn | None = None,
) -> AttemptOut:
    """Hand in."""
    given = _given(wish.answers if wish else None)
    await actions_attempts.submit_attempt(session, enrollment, attempt, given, if_match)
    return await queries_attempts.attempt_out(session, actor, attempt.id)


@router.post("/{attempt_id}/grade")
async def grade_attempt(
    actor: CurrentUser, attempt: GradableAttempt, session: SessionDep, if_match: IfMatch, wish: GradeIn
) -> AttemptOut:
    """Mark by hand; again marks anew, with history."""
    await actions_grading.grade_attempt(session, actor, attempt, wish, if_match)
    return await queries_attempts.attempt_out(session, actor, attempt.id)
