"""What a route of this module can ask for: attempts, found and allowed in one statement."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, Request
from sqlalchemy import Row, select
from sqlalchemy.ext.asyncio import AsyncSession

from studium.access import rules
from studium.access.actor import Actor, CurrentUser
from studium.access.rules import Rule
from studium.kit.db import ReadsDep, SessionDep, runtime_behind
from studium.kit.pages import AnySelect
from studium.kit.problems import Forbidden, NotFound
from studium.kit.routing import permission
from studium.models import Enrollment, QuizAttempt
from studium.modules.quizzes import queries_attempts
from studium.modules.quizzes.reading import hand_in_overdue
from studium.modules.quizzes.schemas_attempts import AttemptOut
from studium.modules.quizzes.sittings import Sitting, held_sittings, sitting_of


async def _one(session: AsyncSession, statement: AnySelect, may: Rule) -> Row[Any]:
    """The statement's row, whose last column says whether the caller may do this; raise NotFound, Forbidden."""
    row = (await session.execute(statement.add_columns(may.label("may")))).one_or_none()
    if row is None:
        raise _nothing()
    if not row.may:
        message = "You may see this, but not do this."
        raise Forbidden(message)
    return row


def _nothing() -> NotFound:
    return NotFound("There is nothing here that you may see.")


@permission("enrollment: student")
async def held_enrollment(enrollment_id: UUID, actor: CurrentUser, session: SessionDep) -> Enrollment:
    """The caller's own enrollment, locked."""
    statement = select(Enrollment).where(Enrollment.id == enrollment_id, rules.may_see_enrollment(actor))
    row = await _one(session, statement.with_for_update(of=Enrollment), rules.is_own_enrollment(actor))
    return row[0]  # type: ignore[no-any-return]  # the statement selects enrollments.


async def _sitting(session: AsyncSession, actor: Actor, ids: tuple[UUID, UUID, UUID], may: Rule) -> Sitting:
    enrollment_id, quiz_id, attempt_id = ids
    statement = held_sittings().where(
        Enrollment.id == enrollment_id,
        QuizAttempt.id == attempt_id,
        QuizAttempt.quiz_id == quiz_id,
        rules.may_see_enrollment(actor),
    )
    return sitting_of(await _one(session, statement, may))


@permission("attempt: student")
async def own_sitting(
    enrollment_id: UUID, quiz_id: UUID, attempt_id: UUID, actor: CurrentUser, session: SessionDep
) -> Sitting:
    """The caller's own attempt, locked."""
    return await _sitting(session, actor, (enrollment_id, quiz_id, attempt_id), rules.is_own_enrollment(actor))


@permission("attempt: owner or admin")
async def gradable_sitting(
    enrollment_id: UUID, quiz_id: UUID, attempt_id: UUID, actor: CurrentUser, session: SessionDep
) -> Sitting:
    """An attempt in a course that the caller runs, locked."""
    return await _sitting(session, actor, (enrollment_id, quiz_id, attempt_id), rules.may_manage_enrollment(actor))


@permission("attempt: student, owner or admin")
async def shown_attempt(
    request: Request, enrollment_id: UUID, quiz_id: UUID, attempt_id: UUID, actor: CurrentUser, reads: ReadsDep
) -> AttemptOut:
    """An attempt that the caller may know of, ready to be shown; one whose time is up is handed in first."""
    ids = enrollment_id, quiz_id, attempt_id
    found = await queries_attempts.find_visible(reads, actor, *ids)
    if found is not None and found.is_overdue:
        await hand_in_overdue(runtime_behind(request).database, attempt_id)
        found = await queries_attempts.find_visible(reads, actor, *ids)
    if found is None:
        raise _nothing()
    return found.view(actor)


HeldEnrollment = Annotated[Enrollment, Depends(held_enrollment)]
OwnSitting = Annotated[Sitting, Depends(own_sitting)]
GradableSitting = Annotated[Sitting, Depends(gradable_sitting)]
ShownAttempt = Annotated[AttemptOut, Depends(shown_attempt)]
