"""What a route of this module can ask for: attempts, found and allowed in one statement."""

from dataclasses import dataclass
from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, Request
from pydantic_core import from_json
from sqlalchemy import Uuid, bindparam, select

from studium.access import rules
from studium.access.actor import CurrentUser, parameter_actor
from studium.access.permissions import allowed
from studium.kit.base.clock import now
from studium.kit.base.problems import NotFound
from studium.kit.db.prepared import PreparedStatement, Record
from studium.kit.http.dependencies import ReadsDep, TransactionDep, request_runtime
from studium.kit.http.json_text import JsonText
from studium.kit.http.routing import permission
from studium.models import Course, Enrollment, Lesson, Quiz, QuizAttempt, Role
from studium.modules.quizzes.attempts import queries
from studium.modules.quizzes.attempts.actions import is_overdue
from studium.modules.quizzes.attempts.contexts import AttemptContext, lock_by_id, lock_permitted
from studium.modules.quizzes.attempts.reading import submit_overdue
from studium.modules.quizzes.attempts.schemas import AttemptSummary


def _enrollment(role: Role) -> PreparedStatement:
    actor = parameter_actor(role)
    return PreparedStatement(
        select(
            Enrollment.id,
            Enrollment.student_id,
            Enrollment.course_id,
            Enrollment.status,
            rules.is_own_enrollment(actor).label("may"),
        )
        .where(Enrollment.id == bindparam("p_enrollment", type_=Uuid()), rules.may_see_enrollment(actor))
        .with_for_update(of=Enrollment)
    )


def _quiz(role: Role) -> PreparedStatement:
    actor = parameter_actor(role)
    live = (Lesson.course_id == Course.id) & Lesson.archived_at.is_(None)
    return PreparedStatement(
        select(Quiz.id, rules.may_edit_course(actor).label("may"))
        .select_from(Course)
        .outerjoin(
            Quiz, Quiz.lesson_id.in_(select(Lesson.id).where(live)) & (Quiz.id == bindparam("p_quiz", type_=Uuid()))
        )
        .where(Course.id == bindparam("p_course", type_=Uuid()), rules.may_see_course(actor))
    )


def _graded(role: Role) -> PreparedStatement:
    actor = parameter_actor(role)
    return PreparedStatement(
        select(rules.may_manage_enrollment(actor).label("may"))
        .select_from(QuizAttempt)
        .join(Enrollment, Enrollment.id == QuizAttempt.enrollment_id)
        .where(
            *(QuizAttempt.__table__.c[name] == bindparam(f"p_{name}", type_=Uuid()) for name in _PLACE),
            rules.may_see_enrollment(actor),
        )
    )


_PLACE = ("id", "enrollment_id", "quiz_id")
_GRADED = {role: _graded(role) for role in Role}
_ENROLLMENT = {role: _enrollment(role) for role in Role}
_QUIZ = {role: _quiz(role) for role in Role}


@permission("enrollment: student")
async def locked_enrollment(enrollment_id: UUID, actor: CurrentUser, tx: TransactionDep) -> Record:
    """The caller's own enrollment, locked."""
    return allowed(await tx.first(_ENROLLMENT[actor.role], p_enrollment=enrollment_id, actor_id=actor.id))


@permission("attempt: student")
async def own_attempt(
    enrollment_id: UUID, quiz_id: UUID, attempt_id: UUID, actor: CurrentUser, tx: TransactionDep
) -> AttemptContext:
    """The caller's own attempt, locked."""
    return await lock_permitted(tx, actor, enrollment_id, quiz_id, attempt_id, to_learn=True)


@permission("attempt: owner or admin")
async def managed_attempt(
    enrollment_id: UUID, quiz_id: UUID, attempt_id: UUID, actor: CurrentUser, tx: TransactionDep
) -> AttemptContext:
    """An attempt in a course that the caller runs, locked."""
    return await lock_permitted(tx, actor, enrollment_id, quiz_id, attempt_id, to_learn=False)


@permission("attempt: student, owner or admin")
async def shown_attempt(
    request: Request, enrollment_id: UUID, quiz_id: UUID, attempt_id: UUID, actor: CurrentUser, reads: ReadsDep
) -> JsonText:
    """An attempt that the caller may know of, ready to be shown; one whose time is up is handed in first."""
    ids = enrollment_id, quiz_id, attempt_id
    found = await queries.find_visible(reads, actor, *ids)
    if is_overdue(found, now()):
        await submit_overdue(request_runtime(request).database, attempt_id)
        found = await queries.find_visible(reads, actor, *ids)
    return queries.view_of(actor, found)


@dataclass(frozen=True, slots=True)
class FoundAttempt:
    """An attempt that the caller may know of.

    `row` has the names of its quiz, lesson and course besides its columns; `shown` is the `AttemptOut` that is sent.
    """

    is_own: bool
    row: Record
    shown: JsonText

    def parsed(self) -> Any:  # noqa: ANN401 -- parsed JSON.
        """What is sent, as an object."""
        return from_json(bytes(self.shown.body))


@permission("attempt: student, owner or admin")
async def attempt_by_id(request: Request, attempt_id: UUID, actor: CurrentUser, reads: ReadsDep) -> FoundAttempt:
    """The same for who knows the attempt alone."""
    found = await queries.find_by_id(reads, actor, attempt_id)
    if is_overdue(found, now()):
        await submit_overdue(request_runtime(request).database, attempt_id)
        found = await queries.find_by_id(reads, actor, attempt_id)
    return FoundAttempt(found["student_id"] == actor.id, found, queries.view_of(actor, found))


@permission("attempt: student")
async def own_attempt_by_id(attempt_id: UUID, actor: CurrentUser, tx: TransactionDep) -> AttemptContext:
    """The caller's own attempt, locked, for who knows the attempt alone."""
    return await lock_by_id(tx, actor, attempt_id, to_learn=True)


@permission("attempt: owner or admin")
async def managed_attempt_by_id(attempt_id: UUID, actor: CurrentUser, tx: TransactionDep) -> AttemptContext:
    """An attempt in a course that the caller runs, locked, for who knows the attempt alone."""
    return await lock_by_id(tx, actor, attempt_id, to_learn=False)


@permission("enrollment: student, owner or admin")
async def attempt_summary(
    request: Request, enrollment_id: UUID, quiz_id: UUID, actor: CurrentUser, reads: ReadsDep
) -> AttemptSummary:
    """Where the learner of an enrollment that the caller may know of stands with a quiz of its course."""
    found = await queries.find_summary(reads, actor, enrollment_id, quiz_id)
    if found["overdue_id"] is not None:
        await submit_overdue(request_runtime(request).database, found["overdue_id"])
        found = await queries.find_summary(reads, actor, enrollment_id, quiz_id)
    return queries.summary_of(found)


@permission("quiz: owner or admin")
async def managed_quiz(course_id: UUID, quiz_id: UUID, actor: CurrentUser, reads: ReadsDep) -> UUID:
    """The id of a quiz of a course that the caller may edit."""
    found = allowed(await reads.one(_QUIZ[actor.role], p_course=course_id, p_quiz=quiz_id, actor_id=actor.id))
    if found["id"] is None:
        message = "There is nothing here that you may see."
        raise NotFound(message)
    return UUID(str(found["id"]))


@permission("attempt: owner or admin")
async def graded_attempt(
    enrollment_id: UUID, quiz_id: UUID, attempt_id: UUID, actor: CurrentUser, reads: ReadsDep
) -> UUID:
    """The id of an attempt in a course that the caller runs."""
    place = {"p_id": attempt_id, "p_enrollment_id": enrollment_id, "p_quiz_id": quiz_id}
    allowed(await reads.one(_GRADED[actor.role], actor_id=actor.id, **place))
    return attempt_id


LockedEnrollment = Annotated[Record, Depends(locked_enrollment)]
OwnAttempt = Annotated[AttemptContext, Depends(own_attempt)]
AttemptById = Annotated[FoundAttempt, Depends(attempt_by_id)]
OwnAttemptById = Annotated[AttemptContext, Depends(own_attempt_by_id)]
ManagedAttempt = Annotated[AttemptContext, Depends(managed_attempt)]
ManagedAttemptById = Annotated[AttemptContext, Depends(managed_attempt_by_id)]
ShownAttempt = Annotated[JsonText, Depends(shown_attempt)]
Summary = Annotated[AttemptSummary, Depends(attempt_summary)]
GradedAttempt = Annotated[UUID, Depends(graded_attempt)]
ManagedQuiz = Annotated[UUID, Depends(managed_quiz)]
