"""Regrading: the quiz's present key and points for the attempts that are finished, batch by batch."""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import Integer, Uuid, bindparam, func, select, update

from studium.access.actor import Actor
from studium.access.audit import record_audit
from studium.events import RegradeRequested
from studium.kit.base.clock import now
from studium.kit.base.ids import new_id
from studium.kit.db.prepared import PreparedStatement, Record, bound, insertion
from studium.kit.db.transaction import Transaction
from studium.kit.jobs.events import publish
from studium.models import AttemptStatus, JsonObject, QuizAttempt, QuizQuestion, Regrade, RegradeEntry
from studium.modules.quizzes.attempts.actions import GRADE, grade_columns
from studium.modules.quizzes.attempts.contexts import AttemptContext, locked_attempts, updating
from studium.modules.quizzes.authoring.locking import lock_live_marks, lock_marks
from studium.modules.quizzes.errors import RegradeRunning
from studium.modules.quizzes.grading.actions import grade_of, publish_grade, remember_grading, results_of
from studium.modules.quizzes.grading.regrading import Present, outcome, rekeyed
from studium.modules.quizzes.marking import Grade, Result
from studium.modules.quizzes.question_types.base import KeyQuestion
from studium.modules.quizzes.schemas_staff import RegradeIn
from studium.modules.quizzes.snapshot import AnswerKey, key_of, paper_by

AT_ONCE = 50
BATCH = 50

_QUIZ, _REGRADE_ID = bindparam("p_quiz", type_=Uuid()), bindparam("p_regrade", type_=Uuid())
_COLUMNS = Regrade.__table__.c
_FINISHED = QuizAttempt.quiz_id == _QUIZ, QuizAttempt.status != AttemptStatus.IN_PROGRESS
_STEP = ("attempts_total", "attempts_done", "attempts_changed", "last_attempt_id", "finished_at")

_QUESTIONS = PreparedStatement(
    select(*QuizQuestion.__table__.c).where(QuizQuestion.quiz_id == _QUIZ).order_by(QuizQuestion.order_index)
)
_COUNT = PreparedStatement(select(func.count(QuizAttempt.id).label("attempts")).where(*_FINISHED))
_RUNNING = PreparedStatement(select(Regrade.id).where(Regrade.quiz_id == _QUIZ, Regrade.finished_at.is_(None)))
_QUIZ_OF = PreparedStatement(select(Regrade.quiz_id).where(Regrade.id == _REGRADE_ID))
_LOCK = PreparedStatement(select(*_COLUMNS).where(Regrade.id == _REGRADE_ID).with_for_update())


_BEGIN = PreparedStatement(
    lambda insert: insert(Regrade.__table__).values(bound(_COLUMNS)).on_conflict_do_nothing().returning(*_COLUMNS)
)
_STEP_ON = PreparedStatement(
    update(Regrade.__table__)  # type: ignore[arg-type]  # mapped tables are typed as any FROM clause.
    .where(_COLUMNS.id == _REGRADE_ID)
    .values(bound(_COLUMNS[name] for name in _STEP))
    .returning(*_COLUMNS)
)
_REPORT = insertion(RegradeEntry.__table__.c)
_NEXT = PreparedStatement(
    locked_attempts(
        QuizAttempt.id.in_(
            select(QuizAttempt.id)
            .where(
                *_FINISHED,
                QuizAttempt.submitted_at <= bindparam("p_until", type_=QuizAttempt.submitted_at.type),
                QuizAttempt.id > bindparam("p_after", type_=Uuid()),
            )
            .order_by(QuizAttempt.id)
            .limit(bindparam("p_batch", type_=Integer()))
        )
    )
)
_APPLY = updating("paper", "key", *GRADE)


async def start_regrade(tx: Transaction, actor: Actor, quiz_id: UUID, payload: RegradeIn) -> Record:
    """Regrade the finished attempts by the key of this moment: at once where they are few, else by a job.

    Raises NotFound for a quiz that is in the trash, RegradeRunning while another one of this quiz is at work.
    """
    await lock_live_marks(tx, quiz_id)
    regrade = await _new_regrade(tx, actor, quiz_id, payload)
    await record_audit(
        tx,
        "quiz.regrade",
        actor_id=actor.id,
        target=("quiz", quiz_id),
        regrade_id=str(regrade["id"]),
        attempts=regrade["attempts_total"],
        **payload.model_dump(),
    )
    if regrade["attempts_total"] <= AT_ONCE:
        while regrade["finished_at"] is None:
            regrade = await _next_batch(tx, regrade["id"])
    else:
        await publish(tx, RegradeRequested(regrade_id=regrade["id"]))
    return regrade


async def _new_regrade(tx: Transaction, actor: Actor, quiz_id: UUID, payload: RegradeIn) -> Record:
    questions = await tx.all(_QUESTIONS, p_quiz=quiz_id)
    counted, running = await tx.first(_COUNT, p_quiz=quiz_id), await tx.first(_RUNNING, p_quiz=quiz_id)
    if running is not None:
        raise _running(running["id"])
    regrade = {
        "id": new_id(),
        "quiz_id": quiz_id,
        "requested_by": actor.id,
        "created_at": now(),
        "finished_at": None,
        "key": [key_of(question, question["options"] or ()).to_json() for question in questions],
        "attempts_total": 0 if counted is None else counted["attempts"],
        "attempts_done": 0,
        "attempts_changed": 0,
        "last_attempt_id": None,
        **payload.model_dump(),
    }
    begun = await tx.first(_BEGIN, **{f"p_{name}": value for name, value in regrade.items()})
    if begun is None:
        raise _running(None)
    return begun


def _running(regrade_id: UUID | None) -> RegradeRunning:
    message = "A regrade of this quiz is still at work; wait until it is done."
    return RegradeRunning(message) if regrade_id is None else RegradeRunning(message, regrade_id=str(regrade_id))


async def regrade_batch(tx: Transaction, regrade_id: UUID) -> Record:
    """Regrade the next attempts in the order of their ids; return the regrade, with `finished_at` when it is done.

    It remembers in the same transaction how far it is, so that a crash repeats nothing. What has begun is brought to
    its end also when the quiz is in the trash by now.
    """
    of = await tx.first(_QUIZ_OF, p_regrade=regrade_id)
    assert of is not None  # noqa: S101 -- regrades are never deleted.
    await lock_marks(tx, of["quiz_id"])
    return await _next_batch(tx, regrade_id)


async def _next_batch(tx: Transaction, regrade_id: UUID) -> Record:
    regrade = await tx.first(_LOCK, p_regrade=regrade_id)
    assert regrade is not None  # noqa: S101 -- regrades are never deleted.
    if regrade["finished_at"] is not None:
        return regrade
    present = {question["question_id"]: KeyQuestion.from_json(question) for question in regrade["key"]}
    rows = await tx.all(
        _NEXT,
        p_quiz=regrade["quiz_id"],
        p_until=regrade["created_at"],
        p_after=regrade["last_attempt_id"] or UUID(int=0),
        p_batch=BATCH,
    )
    contexts = [AttemptContext.of(row) for row in rows]
    changed = [await _regrade_one(tx, regrade, present, context) for context in contexts]
    done = regrade["attempts_done"] + len(contexts)
    stepped = await tx.first(
        _STEP_ON,
        p_regrade=regrade_id,
        # An attempt that was overdue when the regrade began may have been handed in since.
        p_attempts_total=max(regrade["attempts_total"], done),
        p_attempts_done=done,
        p_attempts_changed=regrade["attempts_changed"] + sum(changed),
        p_last_attempt_id=max((context.attempt["id"] for context in contexts), default=regrade["last_attempt_id"]),
        p_finished_at=now() if len(contexts) < BATCH else None,
    )
    assert stepped is not None  # noqa: S101 -- the row is locked.
    return stepped


async def _regrade_one(tx: Transaction, regrade: Record, present: Present, context: AttemptContext) -> bool:
    """Mark one attempt anew, note before and after, write it unless this is a dry run; return whether it changes."""
    attempt = context.attempt
    key, had = rekeyed(context.key, present), results_of(attempt)
    grade = outcome(key, context.answers, had, never_lower=regrade["never_lower"])
    stays = regrade["never_lower"] and _is_lower(grade, attempt)
    is_changed = not stays and _marks(grade.results) != _marks(had)
    before = grade_of(attempt)
    await tx.first(
        _REPORT,
        p_regrade_id=regrade["id"],
        p_attempt_id=attempt["id"],
        p_is_changed=is_changed,
        p_before=_figures(before),
        p_after=_figures(grade_of({**_columns(attempt, grade), "feedback": None}) if is_changed else before),
    )
    if not regrade["dry_run"] and not stays:
        await _write(tx, regrade, context, key, grade if is_changed else None)
    return is_changed


def _columns(attempt: Record, grade: Grade) -> Mapping[str, Any]:
    """What the attempt stores of the outcome. Marks that are held stay so, and drafted ones stand beside it."""
    is_held = attempt["status"] is AttemptStatus.SUBMITTED and attempt["marked_at"] is not None
    return {**grade_columns(grade, is_held=is_held), "marked_at": attempt["marked_at"]}


def _marks(results: Iterable[Result]) -> dict[str, tuple[Decimal | None, Decimal]]:
    return {result.question_id: (result.points_awarded, result.points) for result in results}


def _is_lower(grade: Grade, attempt: Record) -> bool:
    """Whether the learner would stand worse: questions may weigh another share of the whole than before."""
    had, got = attempt["percentage"], grade.percentage
    return had is not None and got is not None and (got < had or (attempt["is_passed"] is True and not grade.is_passed))


def _figures(grade: JsonObject) -> JsonObject:
    return {name: grade[name] for name in ("status", "score", "max_score", "percentage", "is_passed")}


async def _write(
    tx: Transaction, regrade: Record, context: AttemptContext, key: AnswerKey, grade: Grade | None
) -> None:
    """Put the key into the attempt; with a grade that is another one now also that, with history and consequences."""
    attempt, kept = context.attempt, key.to_json()
    if grade is None and kept == attempt["key"]:
        return
    before = grade_of(attempt)
    columns = {name: attempt[name] for name in GRADE} if grade is None else _columns(attempt, grade)
    await context.write(tx, _APPLY, paper=paper_by(attempt["paper"], key), key=kept, **columns)
    if grade is None:
        return
    await remember_grading(tx, regrade["requested_by"], context, before, reason=f"regrade {regrade['id']}")
    if context.attempt["status"] is AttemptStatus.GRADED:
        await publish_grade(tx, context)
