"""Questions of a quiz: with keys for staff, without them for a learner whose attempt is open."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends

from studium.access.actor import CurrentUser
from studium.access.permissions import EditableCourse, EditableQuestion, EditableQuiz, ReadableCourse, VisibleQuiz
from studium.kit.http.dependencies import SessionDep
from studium.kit.http.pagination import Page, PageQuery, bounded_query
from studium.kit.http.routing import IfMatch, Router
from studium.kit.runtime import get_runtime
from studium.modules.quizzes.authoring import actions_questions, queries
from studium.modules.quizzes.schemas import (
    MAX_QUESTIONS,
    LearnerQuestionOut,
    QuestionCreate,
    QuestionOrder,
    QuestionOut,
    QuestionUpdate,
)

router = Router("/courses/{course_id}/quizzes/{quiz_id}/questions", tag="questions")
QuestionsPage = Annotated[PageQuery, Depends(bounded_query(MAX_QUESTIONS))]


@router.get("")
async def list_questions(
    actor: CurrentUser, course: ReadableCourse, quiz: VisibleQuiz, session: SessionDep, page: QuestionsPage
) -> Page[QuestionOut] | Page[LearnerQuestionOut]:
    """The questions: staff get the keys, a learner the questions of their open attempt."""
    if await queries.edits_course(session, actor, course):
        return await queries.question_page(session, quiz, page)
    return Page[LearnerQuestionOut](
        items=(await queries.open_questions(get_runtime(session).database, actor, quiz.id))[: page.limit]
    )


@router.post("", status_code=201)
async def create_question(quiz: EditableQuiz, session: SessionDep, payload: QuestionCreate) -> QuestionOut:
    """Add a question: inserted at `order_index`, or at the end."""
    question = await actions_questions.create_question(session, quiz, payload)
    return QuestionOut.model_validate(question)


@router.patch("/reorder")
async def reorder_questions(
    quiz: EditableQuiz, session: SessionDep, page: QuestionsPage, payload: QuestionOrder
) -> Page[QuestionOut]:
    """Put the questions into another order; answers with all of them."""
    await actions_questions.reorder_questions(session, quiz, payload)
    return await queries.question_page(session, quiz, page)


@router.get("/{question_id}")
async def read_question(
    actor: CurrentUser, course: ReadableCourse, quiz: VisibleQuiz, question_id: UUID, session: SessionDep
) -> QuestionOut | LearnerQuestionOut:
    """A question: with its key for staff, without it for a learner whose attempt is open."""
    if await queries.edits_course(session, actor, course):
        return await queries.question_out(session, quiz, question_id)
    return await queries.open_question(get_runtime(session).database, actor, quiz.id, question_id)


@router.patch("/{question_id}")
async def update_question(
    quiz: EditableQuiz, question: EditableQuestion, session: SessionDep, if_match: IfMatch, patch: QuestionUpdate
) -> QuestionOut:
    """Change a question, or move it."""
    await actions_questions.update_question(session, quiz, question, patch, if_match)
    return QuestionOut.model_validate(question)


@router.delete("/{question_id}", status_code=204)
async def delete_question(
    actor: CurrentUser,
    course: EditableCourse,
    quiz: EditableQuiz,
    question: EditableQuestion,
    session: SessionDep,
    if_match: IfMatch,
) -> None:
    """Put a question into the course's trash."""
    await actions_questions.delete_question(session, actor, course, quiz, question, if_match)
