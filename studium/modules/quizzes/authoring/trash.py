"""Quizzes and questions that are removed: they hang on a hidden lesson, which the course's trash knows."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import and_
from sqlalchemy.ext.asyncio import AsyncSession

from studium.access.trash import TITLE_MAX, before, hidden_lesson
from studium.kit.base.ids import new_id
from studium.models import Course, Quiz, QuizQuestion, TrashItem, TrashKind


async def put_quiz_in_trash(session: AsyncSession, course: Course, quiz: Quiz) -> None:
    """Take a quiz from its lesson, with all that belongs to it. Hold the course's row and the quiz's."""
    hidden = await hidden_lesson(session, course.id, quiz.title)
    ids = {"course_id": course.id, "lesson_id": hidden.id, "item_id": quiz.id, "home_id": quiz.lesson_id}
    session.add(TrashItem(**ids, kind=TrashKind.QUIZ, title=quiz.title, place={"before": []}))
    quiz.lesson_id = hidden.id
    await session.flush()


async def put_question_in_trash(
    session: AsyncSession, course: Course, quiz: Quiz, question: QuizQuestion, order: Sequence[UUID]
) -> None:
    """Take a question from its quiz, which had this order. Hold the course's row and the quiz's."""
    title = " ".join(question.question_text.split())[:TITLE_MAX]
    removed = and_(TrashItem.home_id == quiz.id, TrashItem.kind == TrashKind.QUESTION)
    ahead = await before(session, question.id, removed, order)
    hidden = await hidden_lesson(session, course.id, title)
    holder = Quiz(id=new_id(), lesson_id=hidden.id, title=hidden.title)
    ids = {"course_id": course.id, "lesson_id": hidden.id, "item_id": question.id, "home_id": quiz.id}
    session.add_all([holder, TrashItem(**ids, kind=TrashKind.QUESTION, title=title, place={"before": ahead})])
    await session.flush()
    question.quiz_id, question.order_index = holder.id, 1
    await session.flush()
