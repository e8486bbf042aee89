"""Regrading: the quiz's present key and points for the attempts that are finished, batch by batch."""

from collections.abc import Iterable
from decimal import Decimal
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from studium.access.actor import Actor
from studium.access.audit import audit
from studium.access.rules import Rule
from studium.events import RegradeRequested
from studium.kit.clock import now
from studium.kit.db import unique_or
from studium.kit.events import publish
from studium.kit.ids import new_id
from studium.models import (
    AttemptStatus,
    JsonObject,
    Quiz,
    QuizAttempt,
    QuizQuestion,
    Regrade,
    RegradeEntry,
    bump,
)
from studium.modules.quizzes.actions_attempts import apply_grade
from studium.modules.quizzes.actions_grading import grade_of, publish_grade, remember_grading, results_of
from studium.modules.quizzes.answers import saved_answers
from studium.modules.quizzes.errors import RegradeRunning
from studium.modules.quizzes.grading import Grade, Result
from studium.modules.quizzes.regrading import Key, outcome, rekeyed
from studium.modules.quizzes.schemas_staff import RegradeIn
from studium.modules.quizzes.sittings import Sitting, held_sittings, sitting_of
from studium.modules.quizzes.snapshot import SnapQuestion, Snapshot, copy_of, snapshot_of

AT_ONCE = 50
BATCH = 50


async def start_regrade(session: AsyncSession, actor: Actor, quiz: Quiz, wish: RegradeIn) -> Regrade:
    """Regrade the finished attempts by the key of this moment: at once where they are few, else by a job.

    Raises RegradeRunning while another one of this quiz is at work.
    """
    regrade = await _new_regrade(session, actor, quiz, wish)
    audit(
        session,
        "quiz.regrade",
        actor_id=actor.id,
        target=("quiz", quiz.id),
        regrade_id=str(regrade.id),
        attempts=regrade.attempts_total,
        **wish.model_dump(),
    )
    if regrade.attempts_total <= AT_ONCE:
        while not await regrade_batch(session, regrade.id):
            pass
    else:
        await publish(session, RegradeRequested(regrade_id=regrade.id))
    return regrade


async def _new_regrade(session: AsyncSession, actor: Actor, quiz: Quiz, wish: RegradeIn) -> Regrade:
    at = now()
    questions = select(QuizQuestion).where(QuizQuestion.quiz_id == quiz.id).order_by(QuizQuestion.order_index)
    key = [copy_of(question).model_dump(mode="json") for question in (await session.execute(questions)).scalars()]
    counted = select(func.count(QuizAttempt.id)).where(*_finished(quiz.id))
    regrade = Regrade(
        id=new_id(),
        quiz_id=quiz.id,
        requested_by=actor.id,
        created_at=at,
        key=key,
        attempts_total=int(await session.scalar(counted) or 0),
        attempts_done=0,
        attempts_changed=0,
        **wish.model_dump(),
    )
    running = select(Regrade.id).where(Regrade.quiz_id == quiz.id, Regrade.finished_at.is_(None))
    found = await session.scalar(running)
    if found is not None:
        raise _running(found)
    async with unique_or(session, _running(None)):
        session.add(regrade)
    return regrade


def _running(regrade_id: UUID | None) -> RegradeRunning:
    message = "A regrade of this quiz is still at work; wait until it is done."
    return RegradeRunning(message) if regrade_id is None else RegradeRunning(message, regrade_id=str(regrade_id))


def _finished(quiz_id: UUID) -> tuple[Rule, ...]:
    return QuizAttempt.quiz_id == quiz_id, QuizAttempt.status != AttemptStatus.IN_PROGRESS


async def regrade_batch(session: AsyncSession, regrade_id: UUID) -> bool:
    """Regrade the next attempts in the order of their ids, and return whether the regrade is done.

    It remembers in the same transaction how far it is, so that a crash repeats nothing.
    """
    statement = select(Regrade).where(Regrade.id == regrade_id).with_for_update()
    regrade = (await session.execute(statement.execution_options(populate_existing=True))).scalar_one()
    if regrade.finished_at is not None:
        return True
    ids = await _next_ids(session, regrade)
    key = {question.question_id: question for question in map(SnapQuestion.model_validate, regrade.key)}
    held = held_sittings().where(QuizAttempt.id.in_(ids))
    sittings = [sitting_of(row) for row in (await session.execute(held)).all()]
    changed = [await _regrade_one(session, regrade, key, sitting) for sitting in sittings]
    regrade.attempts_done += len(ids)
    regrade.attempts_changed += sum(changed)
    # An attempt that was overdue when the regrade began may have been handed in since.
    regrade.attempts_total = max(regrade.attempts_total, regrade.attempts_done)
    regrade.last_attempt_id = ids[-1] if ids else regrade.last_attempt_id
    if len(ids) < BATCH:
        regrade.finished_at = now()
    await session.flush()
    return regrade.finished_at is not None


async def _next_ids(session: AsyncSession, regrade: Regrade) -> list[UUID]:
    statement = select(QuizAttempt.id).where(
        *_finished(regrade.quiz_id), QuizAttempt.submitted_at <= regrade.created_at
    )
    if regrade.last_attempt_id is not None:
        statement = statement.where(QuizAttempt.id > regrade.last_attempt_id)
    found = await session.execute(statement.order_by(QuizAttempt.id).limit(BATCH))
    return list(found.scalars())


async def _regrade_one(session: AsyncSession, regrade: Regrade, key: Key, sitting: Sitting) -> bool:
    """Mark one attempt anew, note before and after, write it unless this is a dry run; return whether it changes."""
    attempt = sitting.attempt
    snapshot = rekeyed(snapshot_of(attempt), key)
    grade = outcome(snapshot, saved_answers(attempt), results_of(attempt), never_lower=regrade.never_lower)
    stays = regrade.never_lower and _is_lower(grade, attempt)
    is_changed = not stays and _marks(grade.results) != _marks(results_of(attempt))
    before = grade_of(attempt)
    session.add(
        RegradeEntry(
            regrade_id=regrade.id,
            attempt_id=attempt.id,
            is_changed=is_changed,
            before=_figures(before),
            after=_figures(_grade_after(grade) if is_changed else before),
        )
    )
    if not regrade.dry_run and not stays:
        await _write(session, regrade, sitting, snapshot, grade if is_changed else None)
    return is_changed


def _marks(results: Iterable[Result]) -> dict[UUID, tuple[Decimal | None, Decimal]]:
    return {result.question_id: (result.points_awarded, result.points) for result in results}


def _is_lower(grade: Grade, attempt: QuizAttempt) -> bool:
    """Whether the learner would stand worse: questions may weigh another share of the whole than before."""
    had, got = attempt.percentage, grade.percentage
    return had is not None and got is not None and (got < had or (attempt.is_passed is True and not grade.is_passed))


def _grade_after(grade: Grade) -> JsonObject:
    """What `grade_of` says once the grade is written."""
    written = QuizAttempt()
    apply_grade(written, grade)
    return grade_of(written)


def _figures(grade: JsonObject) -> JsonObject:
    return {name: grade[name] for name in ("status", "score", "max_score", "percentage", "is_passed")}


async def _write(
    session: AsyncSession, regrade: Regrade, sitting: Sitting, snapshot: Snapshot, grade: Grade | None
) -> None:
    """Put the key into the attempt; with a grade that is another one now also that, with history and consequences."""
    attempt = sitting.attempt
    kept = snapshot.to_json()
    if grade is None and kept == attempt.snapshot:
        return
    attempt.snapshot = kept
    bump(attempt)
    if grade is None:
        return
    before = grade_of(attempt)
    apply_grade(attempt, grade)
    remember_grading(session, regrade.requested_by, attempt, before, reason=f"regrade {regrade.id}")
    if grade.score is not None:
        await publish_grade(session, sitting)
