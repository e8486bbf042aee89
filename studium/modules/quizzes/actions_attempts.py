"""What a learner does with a quiz: start, save, submit. The enrollment's row is the mutex; then comes the attempt's."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from studium.access.errors import EnrollmentNotActive
from studium.access.rules import LEARNING
from studium.events import AttemptGraded, AttemptSubmitted
from studium.kit.clock import now
from studium.kit.db import unique_or
from studium.kit.events import publish
from studium.kit.ids import new_id
from studium.kit.problems import NotFound
from studium.kit.versions import IfMatchHeader
from studium.models import (
    AttemptStatus,
    Enrollment,
    Lesson,
    Quiz,
    QuizAttempt,
    QuizQuestion,
    QuizType,
    bump,
)
from studium.modules.enrollments.actions_progress import record_attempt, record_completion
from studium.modules.quizzes.answers import answer_faults, merged, saved_answers
from studium.modules.quizzes.errors import (
    AttemptAlreadySubmitted,
    AttemptInProgress,
    InvalidAnswers,
    NoAttemptsLeft,
    TimeLimitExceeded,
)
from studium.modules.quizzes.grading import Answer, Grade, mark, total
from studium.modules.quizzes.snapshot import Snapshot, snapshot_of, take_snapshot

LATE_GRACE = timedelta(seconds=5)


def is_overdue(attempt: QuizAttempt, at: datetime) -> bool:
    """Whether an open attempt is past its deadline and the grace of five seconds."""
    return (
        attempt.status is AttemptStatus.IN_PROGRESS
        and attempt.deadline_at is not None
        and at > attempt.deadline_at + LATE_GRACE
    )


async def start_attempt(session: AsyncSession, enrollment: Enrollment, quiz_id: UUID) -> QuizAttempt:
    """Begin an attempt with a snapshot of the quiz.

    Raises NotFound (no such published quiz in the course), EnrollmentNotActive, AttemptInProgress, NoAttemptsLeft.
    """
    await session.refresh(enrollment, with_for_update=True)
    quiz = await _quiz_to_take(session, enrollment, quiz_id)
    if enrollment.status not in LEARNING:
        message = f"The enrollment is {enrollment.status}; resume it first."
        raise EnrollmentNotActive(message)
    await _close_open_attempt(session, enrollment, quiz)
    used = await _attempts_used(session, enrollment, quiz)
    if quiz.max_attempts is not None and used >= quiz.max_attempts:
        message = f"All {quiz.max_attempts} attempts are used."
        raise NoAttemptsLeft(message, attempts_used=used)
    attempt = await _new_attempt(session, enrollment, quiz, used + 1)
    await record_attempt(session, enrollment, quiz.lesson_id)
    return attempt


async def _quiz_to_take(session: AsyncSession, enrollment: Enrollment, quiz_id: UUID) -> Quiz:
    statement = (
        select(Quiz)
        .join(Lesson, Lesson.id == Quiz.lesson_id)
        .where(
            Quiz.id == quiz_id,
            Quiz.is_published,
            Lesson.course_id == enrollment.course_id,
            Lesson.archived_at.is_(None),
        )
    )
    quiz = (await session.execute(statement)).scalar_one_or_none()
    if quiz is None:
        message = "There is no such quiz in this course."
        raise NotFound(message)
    return quiz


async def _close_open_attempt(session: AsyncSession, enrollment: Enrollment, quiz: Quiz) -> None:
    """Hand in an overdue attempt; one that is still running stands in the way."""
    statement = select(QuizAttempt).where(
        QuizAttempt.enrollment_id == enrollment.id,
        QuizAttempt.quiz_id == quiz.id,
        QuizAttempt.status == AttemptStatus.IN_PROGRESS,
    )
    attempt = (await session.execute(statement.with_for_update())).scalar_one_or_none()
    if attempt is None:
        return
    if not is_overdue(attempt, now()):
        message = "An attempt is open already; go on with it."
        raise AttemptInProgress(message, attempt_id=str(attempt.id))
    await _hand_in(session, enrollment, attempt, saved_answers(attempt), attempt.deadline_at or now())


async def _attempts_used(session: AsyncSession, enrollment: Enrollment, quiz: Quiz) -> int:
    statement = select(func.coalesce(func.max(QuizAttempt.attempt_number), 0)).where(
        QuizAttempt.enrollment_id == enrollment.id, QuizAttempt.quiz_id == quiz.id
    )
    return int(await session.scalar(statement) or 0)


async def _new_attempt(session: AsyncSession, enrollment: Enrollment, quiz: Quiz, number: int) -> QuizAttempt:
    questions = select(QuizQuestion).where(QuizQuestion.quiz_id == quiz.id).order_by(QuizQuestion.order_index)
    snapshot = take_snapshot(quiz, (await session.execute(questions)).scalars().all())
    at = now()
    limit = quiz.time_limit_minutes
    attempt = QuizAttempt(
        id=new_id(),
        enrollment_id=enrollment.id,
        quiz_id=quiz.id,
        attempt_number=number,
        status=AttemptStatus.IN_PROGRESS,
        started_at=at,
        deadline_at=None if limit is None else at + timedelta(minutes=limit),
        max_score=snapshot.max_score,
        snapshot=snapshot.to_json(),
        answers=[],
    )
    async with unique_or(session, AttemptInProgress("An attempt is open already; go on with it.")):
        session.add(attempt)
    return attempt


async def save_answers(
    session: AsyncSession,
    enrollment: Enrollment,
    attempt: QuizAttempt,
    answers: Sequence[Answer],
    if_match: IfMatchHeader,
) -> QuizAttempt:
    """Keep answers as they are given; raises InvalidAnswers, TimeLimitExceeded, AttemptAlreadySubmitted."""
    await _open_attempt(session, enrollment, attempt, if_match)
    attempt.answers = _dumped(_checked(snapshot_of(attempt), attempt, answers))
    bump(attempt)
    await session.flush()
    return attempt


async def submit_attempt(
    session: AsyncSession,
    enrollment: Enrollment,
    attempt: QuizAttempt,
    answers: Sequence[Answer],
    if_match: IfMatchHeader,
) -> QuizAttempt:
    """Hand in, once; raises InvalidAnswers (the attempt stays open), TimeLimitExceeded, AttemptAlreadySubmitted."""
    await _open_attempt(session, enrollment, attempt, if_match)
    given = _checked(snapshot_of(attempt), attempt, answers)
    await _hand_in(session, enrollment, attempt, given, now())
    return attempt


async def _open_attempt(
    session: AsyncSession, enrollment: Enrollment, attempt: QuizAttempt, if_match: IfMatchHeader
) -> None:
    """Lock enrollment and attempt, and see that the attempt is open and in time."""
    await session.refresh(enrollment, with_for_update=True)
    await session.refresh(attempt, with_for_update=True)
    if attempt.status is not AttemptStatus.IN_PROGRESS:
        message = "This attempt was submitted already."
        raise AttemptAlreadySubmitted(message, attempt_id=str(attempt.id))
    if is_overdue(attempt, now()):
        await _hand_in(session, enrollment, attempt, saved_answers(attempt), attempt.deadline_at or now())
        message = "The time is up; what was saved until then was handed in."
        raise TimeLimitExceeded(message, attempt_id=str(attempt.id))
    if_match.require(attempt.version)


def _checked(snapshot: Snapshot, attempt: QuizAttempt, answers: Sequence[Answer]) -> list[Answer]:
    reasons = answer_faults(snapshot, answers)
    if reasons:
        raise InvalidAnswers(reasons[0], reasons=reasons[:20])
    return merged(saved_answers(attempt), answers)


def _dumped(answers: Sequence[Answer]) -> list[dict[str, object]]:
    return [answer.model_dump(mode="json") for answer in answers]


async def finalize_overdue(session: AsyncSession, attempt_id: UUID) -> bool:
    """Hand in an attempt whose time is up, with what was saved; return whether it was still open."""
    attempt = (await session.execute(select(QuizAttempt).where(QuizAttempt.id == attempt_id))).scalar_one()
    enrollment = (
        await session.execute(select(Enrollment).where(Enrollment.id == attempt.enrollment_id).with_for_update())
    ).scalar_one()
    await session.refresh(attempt, with_for_update=True)
    if not is_overdue(attempt, now()):
        return False
    await _hand_in(session, enrollment, attempt, saved_answers(attempt), attempt.deadline_at or now())
    return True


async def _hand_in(
    session: AsyncSession, enrollment: Enrollment, attempt: QuizAttempt, answers: Sequence[Answer], at: datetime
) -> None:
    """Close the attempt as of `at`, mark what a machine can mark, and let a pass complete the lesson."""
    snapshot = snapshot_of(attempt)
    attempt.answers = _dumped(answers)
    attempt.submitted_at = at
    attempt.time_taken_seconds = max(0, int((at - attempt.started_at).total_seconds()))
    apply_grade(attempt, total(snapshot, mark(snapshot, answers)))
    bump(attempt)
    await session.flush()
    is_practice = snapshot.quiz_type is QuizType.PRACTICE
    if is_practice or attempt.is_passed:
        await complete_quiz_lesson(session, enrollment, attempt)
    done = attempt.status is AttemptStatus.GRADED
    await publish(session, (AttemptGraded if done else AttemptSubmitted)(attempt_id=attempt.id))


def apply_grade(attempt: QuizAttempt, grade: Grade) -> None:
    """Write an outcome to the attempt: graded when every question has its points, else submitted."""
    is_complete = grade.score is not None
    attempt.status = AttemptStatus.GRADED if is_complete else AttemptStatus.SUBMITTED
    attempt.graded_at = now() if is_complete else None
    attempt.results = [result.model_dump(mode="json") for result in grade.results]
    attempt.max_score = grade.max_score
    attempt.score = grade.score
    attempt.percentage = grade.percentage
    attempt.is_passed = grade.is_passed


async def complete_quiz_lesson(session: AsyncSession, enrollment: Enrollment, attempt: QuizAttempt) -> None:
    """The quiz's lesson is done: the enrollments module records it in this transaction."""
    lesson_id = (await session.execute(select(Quiz.lesson_id).where(Quiz.id == attempt.quiz_id))).scalar_one()
    await record_completion(session, enrollment, lesson_id)
