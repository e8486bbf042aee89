"""Quizzes and questions as staff and learners see them: two different models."""

from typing import Any
from uuid import UUID

from sqlalchemy import Row, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from studium.access import rules
from studium.access.actor import Actor
from studium.kit.pages import AnySelect, Order, Page, PageQuery, paginate
from studium.kit.problems import NotFound
from studium.models import (
    AttemptStatus,
    Course,
    Enrollment,
    Lesson,
    Quiz,
    QuizAttempt,
    QuizQuestion,
)
from studium.modules.quizzes.errors import AttemptRequired
from studium.modules.quizzes.reading import settled
from studium.modules.quizzes.schemas import LearnerQuestionOut, QuestionOut, QuizOut
from studium.modules.quizzes.snapshot import snapshot_of
from studium.modules.quizzes.views import learner_questions

_COUNT = select(func.count(QuizQuestion.id)).where(QuizQuestion.quiz_id == Quiz.id).correlate(Quiz).scalar_subquery()
_POINTS = (
    select(func.coalesce(func.sum(QuizQuestion.points), 0))
    .where(QuizQuestion.quiz_id == Quiz.id)
    .correlate(Quiz)
    .scalar_subquery()
)


def _quizzes() -> AnySelect:
    return (
        select(Quiz, Lesson.course_id, Lesson.order_index, _COUNT.label("questions"), _POINTS.label("points"))
        .join(Lesson, Lesson.id == Quiz.lesson_id)
        .join(Course, Course.id == Lesson.course_id)
        .where(Lesson.archived_at.is_(None))
    )


def _quiz_out(row: Row[Any]) -> QuizOut:
    quiz: Quiz = row[0]
    own = QuizOut.model_fields.keys() - {"course_id", "questions_count", "total_points"}
    fields = {name: getattr(quiz, name) for name in own}
    return QuizOut(**fields, course_id=row.course_id, questions_count=row.questions, total_points=row.points)


async def quiz_page(session: AsyncSession, actor: Actor, course: Course, page: PageQuery) -> Page[QuizOut]:
    """The quizzes of a course that the caller may know of, in the order of their lessons."""
    statement = _quizzes().where(Lesson.course_id == course.id, rules.may_see_quiz(actor))
    order = (Order(Lesson.order_index, descending=False), Order(Quiz.id, descending=False))
    return await paginate(session, statement, order=order, page=page, name="quizzes", item=_quiz_out)


async def quiz_out(session: AsyncSession, quiz_id: UUID) -> QuizOut:
    """One quiz."""
    return _quiz_out((await session.execute(_quizzes().where(Quiz.id == quiz_id))).one())


async def edits_course(session: AsyncSession, actor: Actor, course: Course) -> bool:
    """Whether the caller sees keys here."""
    statement = select(Course.id).where(Course.id == course.id, rules.may_edit_course(actor))
    return await session.scalar(statement) is not None


async def question_page(session: AsyncSession, quiz: Quiz, page: PageQuery) -> Page[QuestionOut]:
    """The questions with their keys, in order."""
    statement = select(QuizQuestion).where(QuizQuestion.quiz_id == quiz.id)
    order = (Order(QuizQuestion.order_index, descending=False), Order(QuizQuestion.id, descending=False))
    return await paginate(session, statement, order=order, page=page, name="questions", item=_question_out)


def _question_out(row: Row[Any]) -> QuestionOut:
    return QuestionOut.model_validate(row[0])


async def question_out(session: AsyncSession, quiz: Quiz, question_id: UUID) -> QuestionOut:
    """One question with its key; raises NotFound."""
    statement = select(QuizQuestion).where(QuizQuestion.id == question_id, QuizQuestion.quiz_id == quiz.id)
    question = (await session.execute(statement)).scalar_one_or_none()
    if question is None:
        message = "There is no such question in this quiz."
        raise NotFound(message)
    return QuestionOut.model_validate(question)


async def open_questions(session: AsyncSession, actor: Actor, quiz: Quiz) -> list[LearnerQuestionOut]:
    """The questions of the caller's open attempt, in its order, without keys; raises AttemptRequired without one."""
    statement = (
        select(QuizAttempt)
        .join(Enrollment, Enrollment.id == QuizAttempt.enrollment_id)
        .where(
            QuizAttempt.quiz_id == quiz.id,
            QuizAttempt.status == AttemptStatus.IN_PROGRESS,
            rules.is_own_enrollment(actor),
        )
    )
    mine = QuizAttempt.quiz_id == quiz.id, rules.is_own_enrollment(actor)
    async with settled(session, *mine) as reader:
        attempt = (await reader.execute(statement)).scalar_one_or_none()
    if attempt is None:
        message = "Start an attempt to see the questions."
        raise AttemptRequired(message)
    return learner_questions(snapshot_of(attempt))


async def open_question(session: AsyncSession, actor: Actor, quiz: Quiz, question_id: UUID) -> LearnerQuestionOut:
    """One question of the caller's open attempt; raises AttemptRequired, NotFound."""
    for question in await open_questions(session, actor, quiz):
        if question.id == question_id:
            return question
    message = "There is no such question in your attempt."
    raise NotFound(message)
