"""Quizzes and attempts by their own ids alone, for who comes by a link."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends

from studium.access.actor import CurrentUser
from studium.kit.http.dependencies import ReadsDep
from studium.kit.http.json_text import JsonText
from studium.kit.http.routing import Router, permission
from studium.modules.quizzes.attempts.deps import AttemptById
from studium.modules.quizzes.attempts.schemas import AttemptOut
from studium.modules.quizzes.authoring import queries
from studium.modules.quizzes.schemas import QuizOut

router = Router("", tag="quizzes")


@permission("quiz: learner (published), owner or admin")
async def quiz_by_id(quiz_id: UUID, actor: CurrentUser, reads: ReadsDep) -> QuizOut:
    """A quiz of a course whose lessons the caller may read."""
    return await queries.find_quiz(reads, actor, quiz_id)


QuizById = Annotated[QuizOut, Depends(quiz_by_id)]


@router.get("/quizzes/{quiz_id}")
async def find_quiz(quiz: QuizById) -> QuizOut:
    """A quiz by its id alone, without its questions."""
    return quiz


@router.get("/attempts/{attempt_id}", response_model=AttemptOut)
async def find_attempt(attempt: AttemptById) -> JsonText:
    """An attempt by its id alone."""
    return attempt.shown
