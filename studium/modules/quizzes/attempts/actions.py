"""What a learner does with a quiz: start, save, submit. The enrollment's row is the mutex; then comes the attempt's."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Uuid, bindparam, func, select
from sqlalchemy.orm import aliased

from studium.access.errors import EnrollmentNotActive
from studium.access.rules import LEARNING
from studium.events import AttemptGraded, AttemptSubmitted
from studium.kit.base.clock import now
from studium.kit.base.ids import new_id
from studium.kit.base.problems import NotFound
from studium.kit.base.versions import IfMatchHeader
from studium.kit.db.prepared import PreparedStatement, Record, insertion
from studium.kit.db.transaction import Transaction
from studium.kit.jobs.events import publish
from studium.models import AttemptStatus, Lesson, Quiz, QuizAccommodation, QuizAttempt, QuizQuestion, QuizType
from studium.modules.enrollments.actions_progress import record_attempt, record_completion
from studium.modules.quizzes.attempts.answers import GivenAnswer, SavedAnswers, answer_faults
from studium.modules.quizzes.attempts.contexts import COLUMNS, AttemptContext, lock_attempt, updating
from studium.modules.quizzes.errors import (
    AttemptAlreadySubmitted,
    AttemptInProgress,
    InvalidAnswers,
    NoAttemptsLeft,
    TimeLimitExceeded,
)
from studium.modules.quizzes.marking import Grade, mark, total
from studium.modules.quizzes.question_types.base import Answer
from studium.modules.quizzes.snapshot import Rules, take_snapshot

LATE_GRACE = timedelta(seconds=5)
MAX_FAULTS = 20
"""Answers of one request that a refusal names."""

GRADE = ("status", "graded_at", "marked_at", "results", "max_score", "score", "percentage", "is_passed")
"""The columns that `grade_columns` gives."""

_STARTED = (
    *("id", "enrollment_id", "quiz_id", "attempt_number", "status", "started_at", "deadline_at"),
    *("max_score", "answers", "paper", "key", "version"),
)
_BEGIN = insertion(COLUMNS[name] for name in _STARTED)
_QUIZ = (
    *("lesson_id", "quiz_type", "passing_score", "time_limit_minutes", "max_attempts"),
    *("shuffle_questions", "shuffle_options", "show_correct_answers"),
)
_SAVE = updating("answers", "answer_versions", "flagged")
_FLAG = updating("flagged")
_SUBMIT = updating("answers", "answer_versions", "submitted_at", "time_taken_seconds", *GRADE)


def _offer() -> PreparedStatement:
    """A quiz as one learner may take it, a row for each question; the quiz is shared until the commit.

    Nobody may turn a graded quiz into practice, or delete it, between this look and the attempt. Where the statement
    waits for a change of the quiz, PostgreSQL gives the changed quiz with the questions of before: `quiz_version` is
    that of the quiz after the wait then, and `seen_version` the one that the questions belong to. The key share does
    not wait for whoever regrades the quiz, who holds it, too, and wants the enrollments next.
    """
    ids = {name: bindparam(f"p_{name}", type_=Uuid()) for name in ("enrollment", "student", "course", "quiz")}
    taken = QuizAttempt.enrollment_id == ids["enrollment"], QuizAttempt.quiz_id == Quiz.id
    used = select(func.count(QuizAttempt.id)).where(*taken).correlate(Quiz).scalar_subquery()
    is_open = QuizAttempt.status == AttemptStatus.IN_PROGRESS
    open_id = select(QuizAttempt.id).where(*taken, is_open).correlate(Quiz).scalar_subquery()
    before = aliased(Quiz)
    seen = select(before.version).where(before.id == ids["quiz"]).scalar_subquery()
    allowed = (QuizAccommodation.quiz_id == Quiz.id) & (QuizAccommodation.student_id == ids["student"])
    return PreparedStatement(
        select(
            *(Quiz.__table__.c[name] for name in _QUIZ),
            *(column for column in QuizQuestion.__table__.c if column.name not in ("quiz_id", "version")),
            func.coalesce(QuizAccommodation.extra_time_percent, 0).label("extra_time_percent"),
            func.coalesce(QuizAccommodation.extra_attempts, 0).label("extra_attempts"),
            used.label("used"),
            open_id.label("open_id"),
            Quiz.version.label("quiz_version"),
            seen.label("seen_version"),
        )
        .select_from(Quiz)
        .join(Lesson, Lesson.id == Quiz.lesson_id)
        .outerjoin(QuizAccommodation, allowed)
        .outerjoin(QuizQuestion, QuizQuestion.quiz_id == Quiz.id)
        .where(
            Quiz.id == ids["quiz"], Quiz.is_published, Lesson.course_id == ids["course"], Lesson.archived_at.is_(None)
        )
        .order_by(QuizQuestion.order_index)
        .with_for_update(read=True, key_share=True, of=Quiz)
    )


_OFFER = _offer()


async def start_attempt(tx: Transaction, enrollment: Record, quiz_id: UUID) -> dict[str, Any]:
    """Begin an attempt with a snapshot of the quiz, under the enrollment's lock; return its row.

    Raises NotFound (no such published quiz in the course), EnrollmentNotActive, AttemptInProgress, NoAttemptsLeft.
    """
    place = {
        "p_enrollment": enrollment["id"],
        "p_student": enrollment["student_id"],
        "p_course": enrollment["course_id"],
    }
    offer = await tx.all(_OFFER, p_quiz=quiz_id, **place)
    if offer and offer[0]["quiz_version"] != offer[0]["seen_version"]:
        offer = await tx.all(_OFFER, p_quiz=quiz_id, **place)
    if not offer:
        message = "There is no such quiz in this course."
        raise NotFound(message)
    _require_learning(enrollment["status"])
    quiz = offer[0]
    if quiz["open_id"] is not None and not await submit_if_overdue(tx, await lock_attempt(tx, quiz["open_id"])):
        message = "An attempt is open already; go on with it."
        raise AttemptInProgress(message, attempt_id=str(quiz["open_id"]))
    rules = Rules(*(quiz[name] for name in Rules._fields))
    if rules.attempts is not None and quiz["used"] >= rules.attempts:
        message = f"All {rules.attempts} attempts are used."
        raise NoAttemptsLeft(message, attempts_used=quiz["used"])
    paper, key = take_snapshot(quiz, [row for row in offer if row["id"] is not None], rules)
    at = now()
    attempt = {
        "id": new_id(),
        "enrollment_id": enrollment["id"],
        "quiz_id": quiz_id,
        "attempt_number": quiz["used"] + 1,
        "status": AttemptStatus.IN_PROGRESS,
        "started_at": at,
        "deadline_at": None if rules.time_limit is None else at + rules.time_limit,
        "max_score": key.max_score,
        "answers": [],
        "paper": paper,
        "key": key.to_json(),
        "version": 1,
    }
    await tx.first(_BEGIN, **{f"p_{name}": attempt[name] for name in attempt})
    await record_attempt(tx, enrollment["id"], quiz["lesson_id"])
    return {**dict.fromkeys(COLUMNS.keys()), **attempt}


async def save_answers(
    tx: Transaction,
    context: AttemptContext,
    answers: Sequence[GivenAnswer],
    if_match: IfMatchHeader,
    *,
    flagged: Collection[str] | None = None,
) -> None:
    """Keep answers as they are given; none change nothing.

    With `flagged` these are the questions to look at again, in place of those before. Raises as `submit_attempt` does.
    """
    await _require_open(tx, context, if_match)
    flags = context.attempt["flagged"] or [] if flagged is None else _flags(context, flagged)
    if answers:
        saved = _merged(context, answers)
        await context.write(tx, _SAVE, answers=saved.answers, answer_versions=saved.versions, flagged=flags)
    elif flags != (context.attempt["flagged"] or []):
        await context.write(tx, _FLAG, flagged=flags)


def _flags(context: AttemptContext, flagged: Collection[str]) -> list[str]:
    """The questions of the attempt that are among these, in its order; raise InvalidAnswers for one that is not its."""
    there = [question.question_id for question in context.key.questions]
    foreign = sorted(set(flagged).difference(there))[:MAX_FAULTS]
    if foreign:
        reason = "flagged_question_ids names a question that is not part of this attempt."
        raise InvalidAnswers(reason, reasons=[reason], question_ids=foreign)
    return [question_id for question_id in there if question_id in set(flagged)]


async def submit_attempt(
    tx: Transaction, context: AttemptContext, answers: Sequence[GivenAnswer], if_match: IfMatchHeader
) -> None:
    """Hand in, once.

    Raises AttemptAlreadySubmitted, TimeLimitExceeded, EnrollmentNotActive, PreconditionFailed, InvalidAnswers; but for
    the first two the attempt stays open with what was saved.
    """
    await _require_open(tx, context, if_match)
    await _submit(tx, context, _merged(context, answers), now())


async def _require_open(tx: Transaction, context: AttemptContext, if_match: IfMatchHeader) -> None:
    """See that the attempt is open and in time; one that is late is handed in."""
    attempt_id = str(context.attempt["id"])
    if context.attempt["status"] is not AttemptStatus.IN_PROGRESS:
        message = "This attempt was submitted already."
        raise AttemptAlreadySubmitted(message, attempt_id=attempt_id)
    if await submit_if_overdue(tx, context):
        message = "The time is up; what was saved until then was handed in."
        raise TimeLimitExceeded(message, attempt_id=attempt_id)
    _require_learning(context.enrollment["status"])
    if_match.require(context.attempt["version"])


def _require_learning(status: str) -> None:
    if status not in LEARNING:
        message = f"The enrollment is {status}; resume it first."
        raise EnrollmentNotActive(message)


def _merged(context: AttemptContext, given: Sequence[GivenAnswer]) -> SavedAnswers:
    """What was saved, with these answers in their place; raise InvalidAnswers."""
    faults = answer_faults(context.key, [answer for answer, _ in given])[:MAX_FAULTS] if given else []
    if faults:
        ids, reasons = zip(*faults, strict=True)
        raise InvalidAnswers(reasons[0], reasons=reasons, question_ids=ids)
    return SavedAnswers.of(context.attempt).replaced(given, context.attempt["version"] + 1)


def is_overdue(attempt: Record, at: datetime) -> bool:
    """Whether an open attempt is past its deadline and the grace of five seconds."""
    deadline = attempt["deadline_at"]
    is_open = attempt["status"] is AttemptStatus.IN_PROGRESS
    return is_open and deadline is not None and at > deadline + LATE_GRACE


async def submit_if_overdue(tx: Transaction, context: AttemptContext) -> bool:
    """Hand in an attempt whose time is up, with what was saved, as of its deadline; return whether that was so."""
    if not is_overdue(context.attempt, now()):
        return False
    await _submit(tx, context, SavedAnswers.of(context.attempt), context.attempt["deadline_at"])
    return True


async def _submit(tx: Transaction, context: AttemptContext, saved: SavedAnswers, at: datetime) -> None:
    """Close the attempt as of `at`, mark what a machine can mark, and let a pass that is shown complete the lesson."""
    key = context.key
    grade = total(key, mark(key, [Answer(**answer) for answer in saved.answers]))
    taken = max(0, int((at - context.attempt["started_at"]).total_seconds()))
    values = {"answers": saved.answers, "answer_versions": saved.versions, "submitted_at": at}
    columns = grade_columns(grade, is_held=context.holds_marks)
    await context.write(tx, _SUBMIT, **values, time_taken_seconds=taken, **columns)
    if key.quiz_type is QuizType.PRACTICE or columns["is_passed"]:
        await record_completion(tx, context.enrollment, context.lesson_id)
    event = AttemptGraded if columns["status"] is AttemptStatus.GRADED else AttemptSubmitted
    await publish(tx, event(attempt_id=context.attempt["id"]))


def grade_columns(grade: Grade, *, is_held: bool = False) -> Mapping[str, Any]:
    """What an attempt stores of an outcome: graded when every question has its points, else submitted.

    One whose marks are held stays submitted, without its figures; `marked_at` then says that they are complete.
    """
    is_complete = grade.score is not None
    is_shown = is_complete and not is_held
    return {
        "status": AttemptStatus.GRADED if is_shown else AttemptStatus.SUBMITTED,
        "graded_at": now() if is_shown else None,
        "marked_at": now() if is_complete and is_held else None,
        "results": [result.to_json() for result in grade.results],
        "max_score": grade.max_score,
        "score": grade.score if is_shown else None,
        "percentage": grade.percentage if is_shown else None,
        "is_passed": grade.is_passed if is_shown else None,
    }
