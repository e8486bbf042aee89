"""Quizzes of a course."""

from typing import Annotated

from fastapi import Depends

from studium.access.actor import CurrentUser
from studium.access.permissions import EditableCourse, EditableQuiz, ReadableCourse, VisibleQuiz
from studium.kit.http.dependencies import SessionDep
from studium.kit.http.pagination import Page, PageQuery, bounded_query
from studium.kit.http.routing import IfMatch, Router
from studium.modules.quizzes.authoring import actions, queries
from studium.modules.quizzes.schemas import QuizCreate, QuizOut, QuizUpdate

router = Router("/courses/{course_id}/quizzes", tag="quizzes")
QuizzesPage = Annotated[PageQuery, Depends(bounded_query(1_000))]


@router.get("")
async def list_quizzes(
    actor: CurrentUser, course: ReadableCourse, session: SessionDep, page: QuizzesPage
) -> Page[QuizOut]:
    """The quizzes of a course; learners see the published ones."""
    return await queries.quiz_page(session, actor, course.id, page)


@router.post("", status_code=201)
async def create_quiz(actor: CurrentUser, course: EditableCourse, session: SessionDep, payload: QuizCreate) -> QuizOut:
    """Hang a quiz on a quiz lesson."""
    quiz = await actions.create_quiz(session, actor, course, payload)
    return await queries.quiz_out(session, quiz.id)


@router.get("/{quiz_id}")
async def read_quiz(quiz: VisibleQuiz, session: SessionDep) -> QuizOut:
    """A quiz, without its questions."""
    return await queries.quiz_out(session, quiz.id)


@router.patch("/{quiz_id}")
async def update_quiz(quiz: EditableQuiz, session: SessionDep, if_match: IfMatch, patch: QuizUpdate) -> QuizOut:
    """Change a quiz."""
    await actions.update_quiz(session, quiz, patch, if_match)
    return await queries.quiz_out(session, quiz.id)


@router.delete("/{quiz_id}", status_code=204)
async def delete_quiz(
    actor: CurrentUser, course: EditableCourse, quiz: EditableQuiz, session: SessionDep, if_match: IfMatch
) -> None:
    """Put a quiz that nobody has taken into the course's trash."""
    await actions.delete_quiz(session, actor, course, quiz, if_match)


@router.post("/{quiz_id}/publish")
async def publish_quiz(actor: CurrentUser, quiz: EditableQuiz, session: SessionDep, if_match: IfMatch) -> QuizOut:
    """Show a quiz to learners."""
    await actions.publish_quiz(session, actor, quiz, if_match)
    return await queries.quiz_out(session, quiz.id)


@router.post("/{quiz_id}/unpublish")
async def unpublish_quiz(actor: CurrentUser, quiz: EditableQuiz, session: SessionDep, if_match: IfMatch) -> QuizOut:
    """Hide a quiz from learners."""
    await actions.unpublish_quiz(session, actor, quiz, if_match)
    return await queries.quiz_out(session, quiz.id)
