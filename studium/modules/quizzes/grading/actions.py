"""What a teacher does with an attempt: mark essays, and mark again, with every change kept.

Marks that are held are a draft beside what the learner may see, so that nothing that reads attempts can show them.
"""

from uuid import UUID

from studium.access.actor import Actor
from studium.access.audit import record_audit
from studium.events import AttemptGraded
from studium.kit.base.clock import now
from studium.kit.base.ids import new_id
from studium.kit.base.versions import IfMatchHeader
from studium.kit.db.prepared import Record, insertion
from studium.kit.db.transaction import Transaction
from studium.kit.jobs.events import publish
from studium.models import AttemptStatus, GradeChange, JsonObject
from studium.modules.desk.actions_comments import count_uses
from studium.modules.enrollments.actions_progress import record_completion
from studium.modules.quizzes.attempts.actions import GRADE, grade_columns, submit_if_overdue
from studium.modules.quizzes.attempts.contexts import AttemptContext, updating
from studium.modules.quizzes.attempts.drafts import Draft
from studium.modules.quizzes.attempts.schemas import GradeIn
from studium.modules.quizzes.errors import AttemptNotSubmitted, InvalidScores
from studium.modules.quizzes.marking import Result
from studium.modules.quizzes.question_types import kind_of
from studium.modules.quizzes.snapshot import AnswerKey

_GRADE = updating("feedback", "draft", *GRADE)
_DRAFT = updating("draft", "marked_at")
_REMEMBER = insertion(GradeChange.__table__.c)


async def grade_attempt(
    tx: Transaction, actor: Actor, context: AttemptContext, payload: GradeIn, if_match: IfMatchHeader
) -> None:
    """Give points by hand, over those that are drafted; other questions than essays may be corrected. Again: anew.

    Held marks change nothing that the learner sees. Else every essay must be covered, and a pass completes the lesson;
    a mark lowered later takes nothing back.

    Raises PreconditionFailed, AttemptNotSubmitted, InvalidScores.
    """
    if_match.require(context.attempt["version"])
    await submit_if_overdue(tx, context)
    if context.attempt["status"] is AttemptStatus.IN_PROGRESS:
        message = "The learner is still working on this attempt."
        raise AttemptNotSubmitted(message)
    draft = Draft.of(context.attempt).over(payload, actor.id)
    is_shown = not context.holds_marks if payload.release is None else payload.release
    reasons = score_errors(context.key, payload, draft if is_shown else None)
    if reasons:
        raise InvalidScores(reasons[0], reasons=reasons[:20])
    await count_uses(tx, actor.id, payload.comment_ids)
    before = grade_of(context.attempt)
    if is_shown:
        await show_marks(tx, actor.id, context, draft)
    else:
        await _keep_draft(tx, context, draft)
    await record_audit(
        tx,
        "attempt.grade" if is_shown else "attempt.draft",
        actor_id=actor.id,
        target=("attempt", context.attempt["id"]),
        before=before["score"],
        after=grade_of(context.attempt)["score"],
    )


async def show_marks(
    tx: Transaction, grader_id: UUID, context: AttemptContext, draft: Draft, *, reason: str | None = None
) -> None:
    """Make drafted marks the grade of the attempt, with history and consequences."""
    before = grade_of(context.attempt)
    grade = draft.applied(context.key, results_of(context.attempt))
    await context.write(tx, _GRADE, feedback=draft.feedback, draft=None, **grade_columns(grade))
    await remember_grading(tx, grader_id, context, before, reason=reason)
    await publish_grade(tx, context)


async def _keep_draft(tx: Transaction, context: AttemptContext, draft: Draft) -> None:
    """Store drafted marks, and whether all are there now: then the attempt waits for its release, not for a grader."""
    attempt, at = context.attempt, now()
    is_complete = draft.applied(context.key, results_of(attempt)).score is not None
    # A grade that is shown already, and has nothing drafted over it, has nothing to be released.
    is_marked = is_complete and not (draft.is_empty and attempt["status"] is AttemptStatus.GRADED)
    await context.write(tx, _DRAFT, draft=draft.to_json(at), marked_at=at if is_marked else None)


async def publish_grade(tx: Transaction, context: AttemptContext) -> None:
    """Let a pass complete the lesson, and say that there are marks."""
    if context.attempt["is_passed"]:
        await record_completion(tx, context.enrollment, context.lesson_id)
    await publish(tx, AttemptGraded(attempt_id=context.attempt["id"]))


def score_errors(key: AnswerKey, payload: GradeIn, shown: Draft | None) -> list[str]:
    """Why scores do not fit: unknown or repeated questions, more points than there are.

    Marks that are to be `shown` must be there for every essay; a draft may lack them.
    """
    questions = {question.question_id: question for question in key.questions}
    found = []
    seen = set()
    for place, score in enumerate(payload.scores):
        question_id = str(score.question_id)
        question = questions.get(question_id)
        if question is None:
            found.append(f"scores/{place} names a question that is not part of this attempt.")
        elif question_id in seen:
            found.append(f"scores/{place} names a question that is there more than once.")
        elif score.points > question.points:
            found.append(f"scores/{place} gives more than the question's {question.points} points.")
        seen.add(question_id)
    if shown is not None:
        by_hand = [q.question_id for q in key.questions if kind_of(q.question_type).is_graded_by_hand]
        found.extend(f"The essay {essay} has no score." for essay in by_hand if essay not in shown.marks)
    return found


def results_of(attempt: Record) -> tuple[Result, ...]:
    """The marks of a finished attempt, question by question."""
    return tuple(map(Result.from_json, attempt["results"] or ()))


def grade_of(attempt: Record) -> JsonObject:
    """The attempt's grade as the history keeps it."""
    figures = {name: attempt[name] for name in ("score", "max_score", "percentage")}
    return {
        "status": attempt["status"].value,
        **{name: None if figure is None else f"{figure:.2f}" for name, figure in figures.items()},
        "is_passed": attempt["is_passed"],
        "results": attempt["results"],
        "feedback": attempt["feedback"],
    }


async def remember_grading(
    tx: Transaction, grader_id: UUID, context: AttemptContext, before: JsonObject, *, reason: str | None = None
) -> None:
    """Keep who changed the grade, when, from what to what it is now."""
    await tx.first(
        _REMEMBER,
        p_id=new_id(),
        p_attempt_id=context.attempt["id"],
        p_grader_id=grader_id,
        p_changed_at=now(),
        p_before=before,
        p_after=grade_of(context.attempt),
        p_reason=reason,
    )
