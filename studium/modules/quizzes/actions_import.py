"""Quizzes that come whole, with all of their questions: written in a few statements, by the rules of single ones."""

from collections.abc import Sequence
from decimal import Decimal

from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncSession

from studium.kit.ids import new_id
from studium.kit.tables import Base
from studium.kit.versions import ANY_VERSION
from studium.models import Quiz, QuizQuestion, bump
from studium.modules.quizzes.actions import DEFAULT_PASSING_SCORE, fit_attempts, update_quiz
from studium.modules.quizzes.actions_questions import check_room, new_question
from studium.modules.quizzes.schemas import QuestionCreate, QuizCreate, QuizUpdate


def new_quiz(wish: QuizCreate, questions: Sequence[QuestionCreate]) -> list[Base]:
    """The rows of a quiz, published where it has a question; raises InvalidQuestion, TooManyQuestions."""
    quiz = Quiz(id=new_id(), **wish.model_dump(), is_published=bool(questions))
    quiz.passing_score = DEFAULT_PASSING_SCORE if wish.passing_score is None else wish.passing_score
    fit_attempts(quiz)
    return [quiz, *_questions(quiz, questions)]


def _questions(quiz: Quiz, wishes: Sequence[QuestionCreate]) -> list[QuizQuestion]:
    questions = [new_question(quiz, wish, place) for place, wish in enumerate(wishes, 1)]
    check_room(len(questions), sum((each.points for each in questions), Decimal(0)))
    return questions


async def replace_quiz(
    session: AsyncSession, quiz: Quiz, wish: QuizCreate, questions: Sequence[QuestionCreate] | None
) -> None:
    """Make the quiz as wished, with other questions unless None; attempts keep what they began with.

    Raises QuizTypeFixed, InvalidQuestion, TooManyQuestions.
    """
    fields = wish.model_dump(exclude={"lesson_id"})
    await update_quiz(session, quiz, QuizUpdate.model_validate(fields), ANY_VERSION)
    if questions is None:
        return
    rows = _questions(quiz, questions)
    old = delete(QuizQuestion).where(QuizQuestion.quiz_id == quiz.id)
    await session.execute(old.execution_options(synchronize_session=False))
    session.add_all(rows)
    quiz.is_published = quiz.is_published and bool(rows)
    bump(quiz)
    await session.flush()
