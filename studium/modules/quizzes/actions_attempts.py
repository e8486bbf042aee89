"""What a learner does with a quiz: start, save, submit. The enrollment's row is the mutex; then comes the attempt's."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from studium.access.errors import EnrollmentNotActive
from studium.access.rules import LEARNING
from studium.events import AttemptGraded, AttemptSubmitted
from studium.kit.clock import now
from studium.kit.events import publish
from studium.kit.ids import new_id
from studium.kit.problems import NotFound
from studium.kit.versions import IfMatchHeader
from studium.models import (
    AttemptStatus,
    Enrollment,
    Lesson,
    Quiz,
    QuizAccommodation,
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
from studium.modules.quizzes.sittings import Sitting, held_sitting
from studium.modules.quizzes.snapshot import Rules, Snapshot, snapshot_of, take_snapshot

LATE_GRACE = timedelta(seconds=5)


def is_overdue(attempt: QuizAttempt, at: datetime) -> bool:
    """Whether an open attempt is past its deadline and the grace of five seconds."""
    return (
        attempt.status is AttemptStatus.IN_PROGRESS
        and attempt.deadline_at is not None
        and at > attempt.deadline_at + LATE_GRACE
    )


async def start_attempt(session: AsyncSession, enrollment: Enrollment, quiz_id: UUID) -> QuizAttempt:
    """Begin an attempt with a snapshot of the quiz, under the enrollment's lock.

    Raises NotFound (no such published quiz in the course), EnrollmentNotActive, AttemptInProgress, NoAttemptsLeft.
    """
    offer = await _offer(session, enrollment, quiz_id)
    _require_learning(enrollment)
    if offer.open_attempt_id is not None:
        await _close_open_attempt(session, offer.open_attempt_id)
    if offer.rules.attempts is not None and offer.used >= offer.rules.attempts:
        message = f"All {offer.rules.attempts} attempts are used."
        raise NoAttemptsLeft(message, attempts_used=offer.used)
    attempt = _new_attempt(enrollment, offer)
    session.add(attempt)
    await session.flush()
    await record_attempt(session, enrollment, offer.quiz.lesson_id)
    return attempt


@dataclass(frozen=True, slots=True)
class _Offer:
    """A quiz as one learner may take it now."""

    quiz: Quiz
    questions: Sequence[QuizQuestion]
    rules: Rules
    used: int
    open_attempt_id: UUID | None


async def _offer(session: AsyncSession, enrollment: Enrollment, quiz_id: UUID) -> _Offer:
    """Everything that a start needs to know, in one statement; the quiz is shared until the commit.

    Nobody may turn a graded quiz into practice, or delete it, between this look and the attempt.
    """
    taken = QuizAttempt.enrollment_id == enrollment.id, QuizAttempt.quiz_id == Quiz.id
    used = select(func.count(QuizAttempt.id)).where(*taken).correlate(Quiz).scalar_subquery()
    is_open = QuizAttempt.status == AttemptStatus.IN_PROGRESS
    open_id = select(QuizAttempt.id).where(*taken, is_open).correlate(Quiz).scalar_subquery()
    allowed = (QuizAccommodation.quiz_id == Quiz.id) & (QuizAccommodation.student_id == enrollment.student_id)
    statement = (
        select(Quiz, QuizQuestion, used, open_id, QuizAccommodation)
        .join(Lesson, Lesson.id == Quiz.lesson_id)
        .outerjoin(QuizAccommodation, allowed)
        .outerjoin(QuizQuestion, QuizQuestion.quiz_id == Quiz.id)
        .where(
            Quiz.id == quiz_id,
            Quiz.is_published,
            Lesson.course_id == enrollment.course_id,
            Lesson.archived_at.is_(None),
        )
        .order_by(QuizQuestion.order_index)
        .with_for_update(read=True, of=Quiz)
    )
    rows = (await session.execute(statement)).all()
    if not rows:
        message = "There is no such quiz in this course."
        raise NotFound(message)
    quiz, _, count, open_attempt_id, allowance = rows[0]
    questions = [row[1] for row in rows if row[1] is not None]
    return _Offer(quiz, questions, _rules(quiz, allowance), count, open_attempt_id)


def _rules(quiz: Quiz, allowance: QuizAccommodation | None) -> Rules:
    return Rules(
        time_limit_minutes=quiz.time_limit_minutes,
        extra_time_percent=allowance.extra_time_percent if allowance else 0,
        max_attempts=quiz.max_attempts,
        extra_attempts=allowance.extra_attempts if allowance else 0,
    )


def _require_learning(enrollment: Enrollment) -> None:
    if enrollment.status not in LEARNING:
        message = f"The enrollment is {enrollment.status}; resume it first."
        raise EnrollmentNotActive(message)


async def _close_open_attempt(session: AsyncSession, attempt_id: UUID) -> None:
    """Hand in an overdue attempt; one that is still running stands in the way."""
    if not await finalize_overdue(session, attempt_id):
        message = "An attempt is open already; go on with it."
        raise AttemptInProgress(message, attempt_id=str(attempt_id))


def _new_attempt(enrollment: Enrollment, offer: _Offer) -> QuizAttempt:
    snapshot = take_snapshot(offer.quiz, offer.questions, offer.rules)
    at = now()
    limit = offer.rules.time_limit
    return QuizAttempt(
        id=new_id(),
        enrollment_id=enrollment.id,
        quiz_id=offer.quiz.id,
        attempt_number=offer.used + 1,
        status=AttemptStatus.IN_PROGRESS,
        started_at=at,
        deadline_at=None if limit is None else at + limit,
        max_score=snapshot.max_score,
        snapshot=snapshot.to_json(),
        answers=[],
        version=1,
    )


async def save_answers(
    session: AsyncSession, sitting: Sitting, answers: Sequence[Answer], if_match: IfMatchHeader
) -> None:
    """Keep answers as they are given; none change nothing. Raises as `submit_attempt` does."""
    attempt = sitting.attempt
    await _require_open(session, sitting, if_match)
    if not answers:
        return
    attempt.answers = _dumped(_checked(snapshot_of(attempt), attempt, answers))
    bump(attempt)
    await session.flush()


async def submit_attempt(
    session: AsyncSession, sitting: Sitting, answers: Sequence[Answer], if_match: IfMatchHeader
) -> None:
    """Hand in, once.

    Raises AttemptAlreadySubmitted, TimeLimitExceeded, EnrollmentNotActive, PreconditionFailed, InvalidAnswers; but for
    the first two the attempt stays open with what was saved.
    """
    await _require_open(session, sitting, if_match)
    snapshot = snapshot_of(sitting.attempt)
    await _hand_in(session, sitting, snapshot, _checked(snapshot, sitting.attempt, answers), now())


async def _require_open(session: AsyncSession, sitting: Sitting, if_match: IfMatchHeader) -> None:
    """See that the attempt is open and in time; one that is late is handed in."""
    attempt = sitting.attempt
    if attempt.status is not AttemptStatus.IN_PROGRESS:
        message = "This attempt was submitted already."
        raise AttemptAlreadySubmitted(message, attempt_id=str(attempt.id))
    if await hand_in_if_overdue(session, sitting):
        message = "The time is up; what was saved until then was handed in."
        raise TimeLimitExceeded(message, attempt_id=str(attempt.id))
    _require_learning(sitting.enrollment)
    if_match.require(attempt.version)


def _checked(snapshot: Snapshot, attempt: QuizAttempt, answers: Sequence[Answer]) -> list[Answer]:
    reasons = answer_faults(snapshot, answers)
    if reasons:
        raise InvalidAnswers(reasons[0], reasons=reasons[:20])
    return merged(saved_answers(attempt), answers)


def _dumped(answers: Sequence[Answer]) -> list[dict[str, object]]:
    return [answer.model_dump(mode="json") for answer in answers]


async def finalize_overdue(session: AsyncSession, attempt_id: UUID) -> bool:
    """Hand in an attempt whose time is up, with what was saved; return whether that was so."""
    return await hand_in_if_overdue(session, await held_sitting(session, attempt_id))


async def hand_in_if_overdue(session: AsyncSession, sitting: Sitting) -> bool:
    """The same for an attempt that is locked; it counts as handed in at its deadline."""
    attempt = sitting.attempt
    if attempt.deadline_at is None or not is_overdue(attempt, now()):
        return False
    await _hand_in(session, sitting, snapshot_of(attempt), saved_answers(attempt), attempt.deadline_at)
    return True


async def _hand_in(
    session: AsyncSession, sitting: Sitting, snapshot: Snapshot, answers: Sequence[Answer], at: datetime
) -> None:
    """Close the attempt as of `at`, mark what a machine can mark, and let a pass complete the lesson."""
    attempt = sitting.attempt
    attempt.answers = _dumped(answers)
    attempt.submitted_at = at
    attempt.time_taken_seconds = max(0, int((at - attempt.started_at).total_seconds()))
    apply_grade(attempt, total(snapshot, mark(snapshot, answers)))
    bump(attempt)
    if snapshot.quiz_type is QuizType.PRACTICE or attempt.is_passed:
        await record_completion(session, sitting.enrollment, sitting.lesson_id)
    await session.flush()
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
