"""What staff do with quizzes: create, change, publish, delete."""

from decimal import Decimal

from sqlalchemy import exists, select
from sqlalchemy.ext.asyncio import AsyncSession

from studium.access.actor import Actor
from studium.access.audit import record_audit
from studium.access.locking import lock_course
from studium.kit.base.ids import new_id
from studium.kit.base.versions import IfMatchHeader
from studium.kit.db.database import raise_on_conflict
from studium.kit.db.tables import apply_changes
from studium.models import (
    Course,
    Lesson,
    LessonType,
    MarksRelease,
    Quiz,
    QuizAttempt,
    QuizQuestion,
    QuizType,
    increment_version,
)
from studium.modules.quizzes.authoring.locking import lock_quiz
from studium.modules.quizzes.authoring.trash import put_quiz_in_trash
from studium.modules.quizzes.errors import (
    LessonHasQuiz,
    NotAQuizLesson,
    QuizHasAttempts,
    QuizNotPublishable,
    QuizTypeFixed,
)
from studium.modules.quizzes.question_types import key_errors
from studium.modules.quizzes.schemas import QuizCreate, QuizUpdate

DEFAULT_PASSING_SCORE = Decimal(70)
DEFAULT_MAX_ATTEMPTS = 3


async def create_quiz(session: AsyncSession, actor: Actor, course: Course, payload: QuizCreate) -> Quiz:
    """Hang an unpublished quiz on a quiz lesson; raises NotFound, NotAQuizLesson, LessonHasQuiz.

    It holds the course, so that nobody removes the lesson, or changes its type, at the same moment.
    """
    await lock_course(session, course)
    lesson = select(Lesson.lesson_type).where(
        Lesson.id == payload.lesson_id, Lesson.course_id == course.id, Lesson.archived_at.is_(None)
    )
    check_holds_quiz(await session.scalar(lesson))
    fields = payload.model_dump()
    quiz = Quiz(id=new_id(), **fields)
    quiz.passing_score = DEFAULT_PASSING_SCORE if payload.passing_score is None else payload.passing_score
    fit_to_type(quiz)
    async with raise_on_conflict(session, LessonHasQuiz("This lesson has a quiz already.")):
        session.add(quiz)
    await _remember(session, actor, quiz, "quiz.created")
    return quiz


async def _remember(session: AsyncSession, actor: Actor, quiz: Quiz, action: str, **details: str) -> None:
    await record_audit(session, action, actor_id=actor.id, target=("quiz", quiz.id), **details)


def check_holds_quiz(lesson_type: LessonType | None) -> None:
    """Raise NotAQuizLesson for another type of lesson, or none."""
    if lesson_type is not LessonType.QUIZ:
        message = "A quiz hangs on a lesson of this course whose type is quiz."
        raise NotAQuizLesson(message)


def fit_to_type(quiz: Quiz) -> None:
    """Give a quiz what its kind has: graded ones are limited, practice is not, and shows its marks at once."""
    if quiz.quiz_type is QuizType.PRACTICE:
        quiz.max_attempts = None
        quiz.release = MarksRelease.AT_ONCE
    elif quiz.max_attempts is None:
        quiz.max_attempts = DEFAULT_MAX_ATTEMPTS


async def update_quiz(session: AsyncSession, quiz: Quiz, patch: QuizUpdate, if_match: IfMatchHeader) -> Quiz:
    """Write the fields that were sent; raises NotFound, PreconditionFailed, QuizTypeFixed."""
    await _lock(session, quiz, if_match)
    changes = patch.changes()
    if changes.get("quiz_type", quiz.quiz_type) is not quiz.quiz_type and await _has_attempts(session, quiz):
        message = "Somebody has taken this quiz, so it stays practice or graded."
        raise QuizTypeFixed(message)
    if apply_changes(quiz, changes):
        fit_to_type(quiz)
        increment_version(quiz)
        await session.flush()
    return quiz


async def publish_quiz(session: AsyncSession, actor: Actor, quiz: Quiz, if_match: IfMatchHeader) -> Quiz:
    """Show the quiz to learners; raises NotFound, QuizNotPublishable with the reasons. Again: no change."""
    await _lock(session, quiz, if_match)
    if quiz.is_published:
        return quiz
    reasons = await reasons_not_to_publish(session, quiz)
    if reasons:
        raise QuizNotPublishable(" ".join(reasons[:3]), reasons=reasons)
    return await _set_published(session, actor, quiz, published=True)


async def reasons_not_to_publish(session: AsyncSession, quiz: Quiz) -> list[str]:
    """What is missing: a question, or a key that works. Empty where the quiz is ready."""
    statement = select(QuizQuestion).where(QuizQuestion.quiz_id == quiz.id).order_by(QuizQuestion.order_index)
    questions = (await session.execute(statement)).scalars().all()
    if not questions:
        return ["The quiz has no question."]
    return [f"Question {question.order_index}: {error}" for question in questions for error in key_errors(question)]


async def unpublish_quiz(session: AsyncSession, actor: Actor, quiz: Quiz, if_match: IfMatchHeader) -> Quiz:
    """Hide the quiz from learners; attempts that are under way go on. Again: no change. Raises NotFound."""
    await _lock(session, quiz, if_match)
    return await _set_published(session, actor, quiz, published=False)


async def _set_published(session: AsyncSession, actor: Actor, quiz: Quiz, *, published: bool) -> Quiz:
    if apply_changes(quiz, {"is_published": published}):
        increment_version(quiz)
        await session.flush()
        await _remember(session, actor, quiz, "quiz.published" if published else "quiz.unpublished")
    return quiz


async def delete_quiz(
    session: AsyncSession, actor: Actor | None, course: Course, quiz: Quiz, if_match: IfMatchHeader
) -> None:
    """Put a quiz that nobody has taken into the trash; raises QuizHasAttempts otherwise, NotFound where it is there.

    Without an actor an import does it.
    """
    await lock_course(session, course)
    await _lock(session, quiz, if_match)
    if await _has_attempts(session, quiz):
        message = "Somebody has taken this quiz; unpublish it instead."
        raise QuizHasAttempts(message)
    await put_quiz_in_trash(session, course, quiz)
    if actor is not None:
        await _remember(session, actor, quiz, "quiz.removed", title=quiz.title)


async def _has_attempts(session: AsyncSession, quiz: Quiz) -> bool:
    return bool(await session.scalar(select(exists().where(QuizAttempt.quiz_id == quiz.id))))


async def _lock(session: AsyncSession, quiz: Quiz, if_match: IfMatchHeader) -> None:
    """Take the row's lock, and hold it against `If-Match`."""
    await lock_quiz(session, quiz)
    if_match.require(quiz.version)
