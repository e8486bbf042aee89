"""Quizzes and questions that come back from the trash."""

from sqlalchemy.ext.asyncio import AsyncSession

from studium.access.locking import lock_row
from studium.access.trash import position
from studium.kit.db.database import raise_on_conflict
from studium.kit.db.ordering import inserted, renumber
from studium.models import Lesson, Quiz, QuizQuestion, TrashItem, increment_version
from studium.modules.quizzes.authoring.actions import check_holds_quiz
from studium.modules.quizzes.authoring.actions_questions import check_room, locked_questions
from studium.modules.quizzes.errors import LessonHasQuiz


async def restore_quiz(session: AsyncSession, item: TrashItem, lesson: Lesson) -> None:
    """Hang a quiz on its lesson again; raises NotAQuizLesson, LessonHasQuiz. Hold the course's row."""
    check_holds_quiz(lesson.lesson_type)
    quiz = await session.get_one(Quiz, item.item_id)
    await lock_row(session, quiz)
    async with raise_on_conflict(session, LessonHasQuiz("This lesson has a quiz already.")):
        quiz.lesson_id = lesson.id
        increment_version(quiz)


async def restore_question(session: AsyncSession, item: TrashItem) -> None:
    """Put a question where it was in its quiz; raises TooManyQuestions. Hold the course's row."""
    quiz = await session.get_one(Quiz, item.home_id)
    question = await session.get_one(QuizQuestion, item.item_id)
    order, points = await locked_questions(session, quiz)
    check_room(len(order) + 1, points + question.points)
    question.quiz_id, question.order_index = quiz.id, len(order) + 1
    increment_version(question)
    increment_version(quiz)
    await session.flush()
    places = {each: place for place, each in enumerate([*order, question.id], 1)}
    await renumber(session, QuizQuestion, places, inserted(order, question.id, position(item, order)))
