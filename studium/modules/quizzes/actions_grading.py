"""What a teacher does with an attempt: mark essays, and mark again, with every change kept."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from studium.access.actor import Actor
from studium.access.audit import audit
from studium.events import AttemptGraded
from studium.kit.clock import now
from studium.kit.events import publish
from studium.kit.ids import new_id
from studium.kit.versions import IfMatchHeader
from studium.models import AttemptStatus, Enrollment, GradeChange, JsonObject, QuestionType, QuizAttempt, bump
from studium.modules.quizzes.actions_attempts import apply_grade, complete_quiz_lesson
from studium.modules.quizzes.errors import AttemptNotSubmitted, InvalidScores
from studium.modules.quizzes.grading import Result, regraded, total
from studium.modules.quizzes.schemas_attempts import GradeIn
from studium.modules.quizzes.snapshot import Snapshot, snapshot_of


async def grade_attempt(
    session: AsyncSession, actor: Actor, attempt: QuizAttempt, wish: GradeIn, if_match: IfMatchHeader
) -> QuizAttempt:
    """Give points by hand; every essay must be covered, other questions may be corrected. Again: marks anew.

    A pass completes the lesson; a mark lowered later takes nothing back. Raises AttemptNotSubmitted, InvalidScores.
    """
    enrollment = await _locked_enrollment(session, attempt)
    await session.refresh(attempt, with_for_update=True)
    if_match.require(attempt.version)
    if attempt.status is AttemptStatus.IN_PROGRESS:
        message = "The learner is still working on this attempt."
        raise AttemptNotSubmitted(message)
    snapshot = snapshot_of(attempt)
    reasons = score_faults(snapshot, wish)
    if reasons:
        raise InvalidScores(reasons[0], reasons=reasons[:20])
    before = _grades_of(attempt)
    points = {score.question_id: score.points for score in wish.scores}
    words = {score.question_id: score.feedback for score in wish.scores}
    results = tuple(Result.model_validate(result) for result in attempt.results or [])
    apply_grade(attempt, total(snapshot, regraded(results, points, words)))
    attempt.feedback = wish.feedback
    bump(attempt)
    _remember(session, actor, attempt, before)
    await session.flush()
    if attempt.is_passed:
        await complete_quiz_lesson(session, enrollment, attempt)
    await publish(session, AttemptGraded(attempt_id=attempt.id))
    return attempt


async def _locked_enrollment(session: AsyncSession, attempt: QuizAttempt) -> Enrollment:
    statement = select(Enrollment).where(Enrollment.id == attempt.enrollment_id).with_for_update()
    return (await session.execute(statement.execution_options(populate_existing=True))).scalar_one()


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


def _grades_of(attempt: QuizAttempt) -> JsonObject:
    return {
        "status": attempt.status.value,
        "score": None if attempt.score is None else str(attempt.score),
        "is_passed": attempt.is_passed,
        "results": attempt.results,
        "feedback": attempt.feedback,
    }


def _remember(session: AsyncSession, actor: Actor, attempt: QuizAttempt, before: JsonObject) -> None:
    session.add(
        GradeChange(
            id=new_id(),
            attempt_id=attempt.id,
            grader_id=actor.id,
            changed_at=now(),
            before=before,
            after=_grades_of(attempt),
        )
    )
    audit(
        session,
        "attempt.grade",
        actor_id=actor.id,
        target=("attempt", attempt.id),
        before=before["score"],
        after=None if attempt.score is None else str(attempt.score),
    )
