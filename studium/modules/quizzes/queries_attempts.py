"""Attempts as their learner and the course's staff see them."""

from uuid import UUID

from sqlalchemy import case, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from studium.access.actor import Actor
from studium.kit.clock import now
from studium.kit.pages import Order, PageQuery, paginate
from studium.kit.problems import NotFound
from studium.models import Enrollment, Lesson, Quiz, QuizAttempt
from studium.modules.quizzes.schemas_attempts import AttemptBrief, AttemptOut, AttemptPage, AttemptSummary
from studium.modules.quizzes.views import attempt_view


async def course_quiz(session: AsyncSession, actor: Actor, enrollment: Enrollment, quiz_id: UUID) -> Quiz:
    """A quiz of the enrollment's course; the learner does not know of unpublished ones never taken. Raises NotFound."""
    taken = select(QuizAttempt.id).where(QuizAttempt.enrollment_id == enrollment.id, QuizAttempt.quiz_id == Quiz.id)
    statement = (
        select(Quiz)
        .join(Lesson, Lesson.id == Quiz.lesson_id)
        .where(Quiz.id == quiz_id, Lesson.course_id == enrollment.course_id)
    )
    if actor.id == enrollment.student_id:
        statement = statement.where(Quiz.is_published.is_(True) | taken.exists())
    quiz = (await session.execute(statement)).scalar_one_or_none()
    if quiz is None:
        message = "There is no such quiz in this course."
        raise NotFound(message)
    return quiz


async def summary_of(session: AsyncSession, enrollment_id: UUID, quiz_id: UUID) -> AttemptSummary:
    """Where the learner stands with a quiz, in one statement."""
    passed = func.max(case((QuizAttempt.is_passed.is_(True), 1), else_=0))
    statement = (
        select(
            Quiz.max_attempts,
            func.count(QuizAttempt.id).label("used"),
            func.max(QuizAttempt.score).label("score"),
            func.max(QuizAttempt.percentage).label("percentage"),
            passed.label("passed"),
        )
        .outerjoin(QuizAttempt, (QuizAttempt.quiz_id == Quiz.id) & (QuizAttempt.enrollment_id == enrollment_id))
        .where(Quiz.id == quiz_id)
        .group_by(Quiz.id, Quiz.max_attempts)
    )
    row = (await session.execute(statement)).one()
    return AttemptSummary(
        attempts_used=row.used,
        attempts_left=None if row.max_attempts is None else max(0, row.max_attempts - row.used),
        best_score=row.score,
        best_percentage=row.percentage,
        is_passed=bool(row.passed),
    )


async def attempt_page(session: AsyncSession, enrollment: Enrollment, quiz: Quiz, page: PageQuery) -> AttemptPage:
    """The attempts of one learner at one quiz, newest first, with the summary. Two statements."""
    statement = select(QuizAttempt).where(QuizAttempt.enrollment_id == enrollment.id, QuizAttempt.quiz_id == quiz.id)
    found = await paginate(
        session,
        statement,
        order=(Order(QuizAttempt.attempt_number), Order(QuizAttempt.id)),
        page=page,
        name="attempts",
        item=lambda row: AttemptBrief.model_validate(row[0]),
    )
    return AttemptPage(**dict(found), summary=await summary_of(session, enrollment.id, quiz.id))


async def attempt_out(session: AsyncSession, actor: Actor, attempt_id: UUID) -> AttemptOut:
    """One attempt as the caller may see it: its learner, or staff."""
    statement = (
        select(QuizAttempt, Enrollment.student_id)
        .join(Enrollment, Enrollment.id == QuizAttempt.enrollment_id)
        .where(QuizAttempt.id == attempt_id)
    )
    attempt, student_id = (await session.execute(statement)).one()
    summary = await summary_of(session, attempt.enrollment_id, attempt.quiz_id)
    return attempt_view(attempt, summary, now(), is_staff=actor.id != student_id)
