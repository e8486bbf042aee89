"""What follows elsewhere from a changed outline."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from studium.events import CertificateIssued, CourseOutlineChanged
from studium.kit.db.transaction import Transaction
from studium.kit.jobs.events import on
from studium.kit.jobs.registry import enqueue, job
from studium.modules.enrollments import actions
from studium.modules.enrollments.actions_recount import recount_batch


@on(CourseOutlineChanged, "enrollments.recount_learners")
async def recount_learners(session: AsyncSession, event: CourseOutlineChanged) -> None:
    """New lessons count for everybody who is not done yet."""
    await _recount(session, event.course_id, after=None)


@job("enrollments.recount_more_learners")
async def recount_more_learners(session: AsyncSession, *, course_id: str, after: str) -> None:
    """Go on where the batch before ended."""
    await _recount(session, UUID(course_id), after=UUID(after))


async def _recount(session: AsyncSession, course_id: UUID, *, after: UUID | None) -> None:
    """Recount one batch, so that its learners wait for no more than that, and leave the rest to the next job."""
    last = await recount_batch(session, course_id, after=after)
    if last is not None:
        await enqueue(session, recount_more_learners, course_id=str(course_id), after=str(last))


@on(CertificateIssued, "enrollments.note_certificate", in_transaction=True)
async def note_certificate(tx: Transaction, event: CertificateIssued) -> None:
    """The enrollment, which whoever issues holds already, remembers when its certificate was issued."""
    await actions.note_certificate(tx, event.certificate_id)
