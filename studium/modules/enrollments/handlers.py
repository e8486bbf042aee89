"""What follows elsewhere from a changed outline."""

from sqlalchemy.ext.asyncio import AsyncSession

from studium.events import CertificateIssued, CourseOutlineChanged
from studium.kit.events import on
from studium.modules.enrollments import actions
from studium.modules.enrollments.actions_recount import recount_course


@on(CourseOutlineChanged)
async def recount_learners(session: AsyncSession, event: CourseOutlineChanged) -> None:
    """New lessons count for everybody who is not done yet."""
    await recount_course(session, event.course_id)


@on(CertificateIssued)
async def note_certificate(session: AsyncSession, event: CertificateIssued) -> None:
    """The enrollment remembers when its certificate was issued."""
    await actions.note_certificate(session, event.certificate_id)
