"""What a teacher does with an attempt: mark essays, and mark again, with every change kept."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from studium.access.actor import Actor
from studium.access.audit import audit
from studium.events import AttemptGraded
from studium.kit.clock import now
from studium.kit.events import publish
from studium.kit.ids import new_id
from studium.kit.versions import IfMatchHeader
from studium.models import AttemptStatus, GradeChange, JsonObject, QuestionType, QuizAttempt, bump
from studium.modules.enrollments.actions_progress import record_completion
from studium.modules.quizzes.actions_attempts import apply_grade, hand_in_if_overdue
from studium.modules.quizzes.errors import AttemptNotSubmitted, InvalidScores
from studium.modules.quizzes.grading import Result, regraded, total
from studium.modules.quizzes.schemas_attempts import GradeIn
from studium.modules.quizzes.sittings import Sitting
from studium.modules.quizzes.snapshot import Snapshot, snapshot_of


async def grade_attempt(
    session: AsyncSession, actor: Actor, sitting: Sitting, wish: GradeIn, if_match: IfMatchHeader
) -> None:
    """Give points by hand; every essay must be covered, other questions may be corrected. Again: marks anew.

    A pass completes the lesson; a mark lowered later takes nothing back.

    Raises PreconditionFailed, AttemptNotSubmitted, InvalidScores.
    """
    attempt = sitting.attempt
    if_match.require(attempt.version)
    await hand_in_if_overdue(session, sitting)
    if attempt.status is AttemptStatus.IN_PROGRESS:
        message = "The learner is still working on this attempt."
        raise AttemptNotSubmitted(message)
    snapshot = snapshot_of(attempt)
    reasons = score_faults(snapshot, wish)
    if reasons:
        raise InvalidScores(reasons[0], reasons=reasons[:20])
    before = grade_of(attempt)
    points = {score.question_id: score.points for score in wish.scores}
    words = {score.question_id: score.feedback for score in wish.scores}
    apply_grade(attempt, total(snapshot, regraded(results_of(attempt), points, words)))
    attempt.feedback = wish.feedback
    bump(attempt)
    remember_grading(session, actor.id, attempt, before)
    audit(
        session,
        "attempt.grade",
        actor_id=actor.id,
        target=("attempt", attempt.id),
        before=before["score"],
        after=grade_of(attempt)["score"],
    )
    await publish_grade(session, sitting)


async def publish_grade(session: AsyncSession, sitting: Sitting) -> None:
    """Let a pass complete the lesson, and say that there are marks."""
    if sitting.attempt.is_passed:
        await record_completion(session, sitting.enrollment, sitting.lesson_id)
    await session.flush()
    await publish(session, AttemptGraded(attempt_id=sitting.attempt.id))


def score_faults(snapshot: Snapshot, wish: GradeIn) -> list[str]:
    """Why scores do not fit: unknown or repeated questions, more points than there are, an essay left out."""
    questions = snapshot.by_id()
    found = []
    seen = set()
    for place, score in enumerate(wish.scores):
        question = questions.get(score.question_id)
        if question is None:
            found.append(f"scores/{place} names a question that is not part of this attempt.")
        elif score.question_id in seen:
            found.append(f"scores/{place} names a question that is there more than once.")
        elif score.points > question.points:
            found.append(f"scores/{place} gives more than the question's {question.points} points.")
        seen.add(score.question_id)
    essays = [q.question_id for q in snapshot.questions if q.question_type is QuestionType.ESSAY]
    found.extend(f"The essay {essay} has no score." for essay in essays if essay not in seen)
    return found


def results_of(attempt: QuizAttempt) -> tuple[Result, ...]:
    """The marks of a finished attempt, question by question."""
    return tuple(Result.model_validate(result) for result in attempt.results or ())


def grade_of(attempt: QuizAttempt) -> JsonObject:
    """The attempt's grade as the history keeps it."""
    figures = {name: getattr(attempt, name) for name in ("score", "max_score", "percentage")}
    return {
        "status": attempt.status.value,
        **{name: None if figure is None else f"{figure:.2f}" for name, figure in figures.items()},
        "is_passed": attempt.is_passed,
        "results": attempt.results,
        "feedback": attempt.feedback,
    }


def remember_grading(
    session: AsyncSession, grader_id: UUID, attempt: QuizAttempt, before: JsonObject, *, reason: str | None = None
) -> None:
    """Keep who changed the grade, when, from what to what it is now."""
    session.add(
        GradeChange(
            id=new_id(),
            attempt_id=attempt.id,
            grader_id=grader_id,
            changed_at=now(),
            before=before,
            after=grade_of(attempt),
            reason=reason,
        )
    )
