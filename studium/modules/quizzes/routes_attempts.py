"""Attempts of a learner at a quiz."""

from uuid import UUID

from studium.access.actor import CurrentUser
from studium.kit.base.clock import now
from studium.kit.http.dependencies import ReadsDep, TransactionDep
from studium.kit.http.json_text import JsonText
from studium.kit.http.pagination import Page, PageDep
from studium.kit.http.routing import IfMatch, Router
from studium.modules.quizzes.attempts import actions, queries
from studium.modules.quizzes.attempts.answers import GivenAnswer
from studium.modules.quizzes.attempts.deps import (
    GradedAttempt,
    LockedEnrollment,
    ManagedAttempt,
    OwnAttempt,
    ShownAttempt,
    Summary,
)
from studium.modules.quizzes.attempts.schemas import (
    AnswerIn,
    AnswersIn,
    AttemptOut,
    AttemptPage,
    GradeChangeOut,
    GradeIn,
    SubmitIn,
)
from studium.modules.quizzes.attempts.views import open_view
from studium.modules.quizzes.grading import actions as actions_grading
from studium.modules.quizzes.question_types.base import Answer

router = Router("/enrollments/{enrollment_id}/quizzes/{quiz_id}/attempts", tag="attempts")


def given_answers(answers: list[AnswerIn] | None) -> list[GivenAnswer]:
    """The answers of a request, as the actions take them."""
    return [
        GivenAnswer(
            Answer(str(answer.question_id), answer.selected_option_ids or [], answer.answer_text or ""),
            answer.if_version,
        )
        for answer in answers or ()
    ]


@router.get("")
async def list_attempts(
    summary: Summary, enrollment_id: UUID, quiz_id: UUID, reads: ReadsDep, page: PageDep
) -> AttemptPage:
    """The attempts, newest first, with what is used, left and best."""
    return await queries.attempt_page(reads, enrollment_id, quiz_id, page, summary)


@router.post("", status_code=201, response_model=AttemptOut)
async def start_attempt(enrollment: LockedEnrollment, quiz_id: UUID, tx: TransactionDep) -> JsonText:
    """Start an attempt; answers with the questions and the deadline."""
    return open_view(await actions.start_attempt(tx, enrollment, quiz_id), now(), status=201)


@router.get("/{attempt_id}", response_model=AttemptOut)
async def read_attempt(attempt: ShownAttempt) -> JsonText:
    """An attempt: questions and saved answers while it is open, the result afterwards."""
    return attempt


@router.patch("/{attempt_id}", response_model=AttemptOut)
async def save_answers(
    actor: CurrentUser, attempt: OwnAttempt, tx: TransactionDep, if_match: IfMatch, patch: AnswersIn
) -> JsonText:
    """Save answers as they are given."""
    flagged = None if patch.flagged_question_ids is None else {str(each) for each in patch.flagged_question_ids}
    await actions.save_answers(tx, attempt, given_answers(patch.answers), if_match, flagged=flagged)
    return await queries.changed_view(tx, actor, attempt)


@router.post("/{attempt_id}/submit", response_model=AttemptOut)
async def submit_attempt(
    actor: CurrentUser, attempt: OwnAttempt, tx: TransactionDep, if_match: IfMatch, payload: SubmitIn | None = None
) -> JsonText:
    """Hand in."""
    await actions.submit_attempt(tx, attempt, given_answers(payload.answers if payload else None), if_match)
    return await queries.changed_view(tx, actor, attempt)


@router.post("/{attempt_id}/grade", response_model=AttemptOut)
async def grade_attempt(
    actor: CurrentUser, attempt: ManagedAttempt, tx: TransactionDep, if_match: IfMatch, payload: GradeIn
) -> JsonText:
    """Mark by hand; again marks anew, with history."""
    await actions_grading.grade_attempt(tx, actor, attempt, payload, if_match)
    return await queries.changed_view(tx, actor, attempt)


@router.get("/{attempt_id}/grades")
async def list_grade_changes(attempt_id: GradedAttempt, reads: ReadsDep, page: PageDep) -> Page[GradeChangeOut]:
    """Who marked the attempt, when, and what it was before and after."""
    return await queries.grade_page(reads, attempt_id, page)
