"""What follows from a proven address, and what is forgotten."""

from datetime import timedelta

from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncSession

from studium.events import AddressProven
from studium.kit.base.clock import now
from studium.kit.jobs.events import on
from studium.kit.jobs.registry import periodic
from studium.kit.runtime import Runtime
from studium.models import CourseInvitation
from studium.modules.enrollments.arrivals.actions import accept_invitations

_KEPT = timedelta(days=1)


@on(AddressProven, "enrollments.accept_invitations")
async def enter_invited(session: AsyncSession, event: AddressProven) -> None:
    """Whoever proves an address is in the courses that it was invited to."""
    await accept_invitations(session, event.user_id)


@periodic("enrollments.sweep_invitations", seconds=3600)
async def sweep_invitations(runtime: Runtime) -> None:
    """Forget invitations a day after their end: they hold addresses of people who may never have wanted any."""
    async with runtime.database.write_session() as session:
        await session.execute(delete(CourseInvitation).where(CourseInvitation.expires_at <= now() - _KEPT))
