"""Quizzes and questions as staff and learners see them: two different models."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Uuid, bindparam, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from studium.access import rules
from studium.access.actor import Actor, parameter_actor
from studium.access.errors import EnrollmentRequired
from studium.access.reading import NOTHING
from studium.kit.base.problems import NotFound
from studium.kit.db.database import Database
from studium.kit.db.prepared import PreparedStatement, QueryExecutor, Record
from studium.kit.http.pagination import AnySelect, Order, Page, PageQuery, paginate
from studium.models import (
    AttemptStatus,
    Course,
    Enrollment,
    Lesson,
    Quiz,
    QuizAttempt,
    QuizQuestion,
    Role,
)
from studium.modules.quizzes.attempts.reading import submit_overdue_at
from studium.modules.quizzes.attempts.schemas import AttemptPaper
from studium.modules.quizzes.errors import AttemptRequired
from studium.modules.quizzes.question_types import GRADED_BY_HAND
from studium.modules.quizzes.schemas import LearnerQuestionOut, QuestionOut, QuizOut

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


async def quiz_page(session: AsyncSession, actor: Actor, course_id: UUID, page: PageQuery) -> Page[QuizOut]:
    """The quizzes of a course that the caller may know of, in the order of their lessons."""
    statement = _quizzes().where(Lesson.course_id == course_id, rules.may_see_quiz(actor))
    order = (Order(Lesson.order_index, descending=False), Order(Quiz.id, descending=False))
    return await paginate(session, statement, order=order, page=page, name="quizzes", item=_quiz_out)


async def quiz_out(session: AsyncSession, quiz_id: UUID) -> QuizOut:
    """One quiz."""
    return _quiz_out((await session.execute(_quizzes().where(Quiz.id == quiz_id))).one())


_COLUMNS = [Quiz.__table__.c[name] for name in QuizOut.model_fields if name in Quiz.__table__.c]


def _by_id(role: Role) -> PreparedStatement:
    actor = parameter_actor(role)
    shown = select(*_COLUMNS, Lesson.course_id, _COUNT.label("questions_count"), _POINTS.label("total_points"))
    seen = rules.may_see_course(actor), rules.may_see_quiz(actor)
    return PreparedStatement(
        shown.add_columns(rules.may_read_lessons(actor).label("may"))
        .select_from(Quiz)
        .join(Lesson, Lesson.id == Quiz.lesson_id)
        .join(Course, Course.id == Lesson.course_id)
        .where(Quiz.id == bindparam("p_quiz", type_=Uuid()), Lesson.archived_at.is_(None), *seen)
    )


_BY_ID = {role: _by_id(role) for role in Role}


async def find_quiz(reads: QueryExecutor, actor: Actor, quiz_id: UUID) -> QuizOut:
    """A quiz that the caller may read, by itself; raise NotFound, EnrollmentRequired. One hot read."""
    row = await reads.one(_BY_ID[actor.role], p_quiz=quiz_id, actor_id=actor.id)
    if row is None:
        raise NotFound(NOTHING)
    if not row["may"]:
        message = "Enroll in the course first."
        raise EnrollmentRequired(message)
    return QuizOut(**{name: row[name] for name in QuizOut.model_fields})


async def edits_course(session: AsyncSession, actor: Actor, course: Course) -> bool:
    """Whether the caller sees keys here."""
    statement = select(Course.id).where(Course.id == course.id, rules.may_edit_course(actor))
    return await session.scalar(statement) is not None


async def question_page(session: AsyncSession, quiz: Quiz, page: PageQuery) -> Page[QuestionOut]:
    """The questions with their keys, in order."""
    statement = select(QuizQuestion).where(QuizQuestion.quiz_id == quiz.id)
    order = (Order(QuizQuestion.order_index, descending=False), Order(QuizQuestion.id, descending=False))
    return await paginate(session, statement, order=order, page=page, name="questions", item=_question_out)


_QUESTIONS = PreparedStatement(
    select(*QuizQuestion.__table__.c)
    .where(QuizQuestion.quiz_id == bindparam("p_quiz", type_=Uuid()))
    .order_by(QuizQuestion.order_index)
)


async def all_questions(reads: QueryExecutor, quiz_id: UUID) -> Sequence[Record]:
    """Every question of a quiz with its key, in order, as rows. One hot read."""
    return await reads.all(_QUESTIONS, p_quiz=quiz_id)


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


def _essays(role: Role) -> PreparedStatement:
    return PreparedStatement(
        select(QuizQuestion.id, QuizQuestion.order_index, QuizQuestion.question_text)
        .join(Quiz, Quiz.id == QuizQuestion.quiz_id)
        .join(Lesson, Lesson.id == Quiz.lesson_id)
        .join(Course, Course.id == Lesson.course_id)
        .where(QuizQuestion.quiz_id == bindparam("p_quiz", type_=Uuid()), rules.may_edit_course(parameter_actor(role)))
        .where(QuizQuestion.question_type.in_(GRADED_BY_HAND))
        .order_by(QuizQuestion.order_index)
    )


_ESSAYS = {role: _essays(role) for role in Role}


async def essays_of(reads: QueryExecutor, actor: Actor, quiz_id: UUID) -> Sequence[Record]:
    """The essays of a quiz that the caller may edit, in order: `id`, `order_index`, `question_text`. One hot read."""
    return await reads.all(_ESSAYS[actor.role], p_quiz=quiz_id, actor_id=actor.id)


_HAS_ESSAY = PreparedStatement(
    select(QuizQuestion.id)
    .where(QuizQuestion.quiz_id == bindparam("p_quiz", type_=Uuid()), QuizQuestion.question_type.in_(GRADED_BY_HAND))
    .limit(1)
)


async def has_essays(reads: QueryExecutor, quiz_id: UUID) -> bool:
    """Whether a person grades part of a quiz that the caller may read. One hot read."""
    return await reads.one(_HAS_ESSAY, p_quiz=quiz_id) is not None


_PAPER = PreparedStatement(
    select(QuizAttempt.paper)
    .join(Enrollment, Enrollment.id == QuizAttempt.enrollment_id)
    .where(
        QuizAttempt.quiz_id == bindparam("p_quiz", type_=Uuid()),
        QuizAttempt.status == AttemptStatus.IN_PROGRESS,
        Enrollment.student_id == bindparam("p_student", type_=Uuid()),
    )
)


async def open_questions(database: Database, actor: Actor, quiz_id: UUID) -> list[LearnerQuestionOut]:
    """The questions of the caller's open attempt, in its order, without keys; raises AttemptRequired without one."""
    await submit_overdue_at(database, quiz_id, actor.id)
    attempt = await database.reads.one(_PAPER, p_quiz=quiz_id, p_student=actor.id)
    if attempt is None:
        message = "Start an attempt to see the questions."
        raise AttemptRequired(message)
    return AttemptPaper.model_validate_json(attempt["paper"]).questions


async def open_question(database: Database, actor: Actor, quiz_id: UUID, question_id: UUID) -> LearnerQuestionOut:
    """One question of the caller's open attempt; raises AttemptRequired, NotFound."""
    for question in await open_questions(database, actor, quiz_id):
        if question.id == question_id:
            return question
    message = "There is no such question in your attempt."
    raise NotFound(message)
