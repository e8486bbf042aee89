"""What auth does later: mailing links that were asked for, and sweeping what no log-in needs any more."""

from datetime import timedelta

from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncSession

from studium.kit.clock import now
from studium.kit.jobs import job, periodic
from studium.kit.runtime import Runtime
from studium.models import OneTimeToken, UserSession
from studium.modules.auth.links import issue_reset_link, issue_verification_link

SOURCES_KEPT = timedelta(days=90)
"""How long an ended session is kept: its address is one from which the owner may log in during an attack."""

TOKENS_KEPT = timedelta(days=1)


@job
async def mail_reset_link(session: AsyncSession, *, sealed_address: str, source: str) -> None:
    """Issue the link to choose a new password, if somebody has the address."""
    await issue_reset_link(session, sealed_address, source)


@job
async def mail_verification_link(session: AsyncSession, *, sealed_address: str, source: str) -> None:
    """Issue the link that proves an address, if somebody has yet to prove it."""
    await issue_verification_link(session, sealed_address, source)


@periodic(seconds=3600)
async def sweep_sessions(runtime: Runtime) -> None:
    """Delete sessions long ended, with their refresh tokens, and mailed tokens that have expired."""
    async with runtime.database.writing() as session:
        await delete_ended(session)


async def delete_ended(session: AsyncSession) -> None:
    """What `sweep_sessions` does, in a transaction."""
    await session.execute(delete(UserSession).where(UserSession.expires_at < now() - SOURCES_KEPT))
    await session.execute(delete(OneTimeToken).where(OneTimeToken.expires_at < now() - TOKENS_KEPT))
