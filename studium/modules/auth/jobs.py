"""Sweeping: what no log-in needs any more."""

from datetime import timedelta

from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncSession

from studium.kit.clock import now
from studium.kit.jobs import periodic
from studium.kit.runtime import Runtime
from studium.models import OneTimeToken, UserSession

SOURCES_KEPT = timedelta(days=90)
"""How long an ended session is kept: its address is one from which the owner may log in during an attack."""

TOKENS_KEPT = timedelta(days=1)


@periodic(seconds=3600)
async def sweep_sessions(runtime: Runtime) -> None:
    """Delete sessions long ended, with their refresh tokens, and mailed tokens that have expired."""
    async with runtime.database.writing() as session:
        await delete_ended(session)


async def delete_ended(session: AsyncSession) -> None:
    """What `sweep_sessions` does, in a transaction."""
    await session.execute(delete(UserSession).where(UserSession.expires_at < now() - SOURCES_KEPT))
    await session.execute(delete(OneTimeToken).where(OneTimeToken.expires_at < now() - TOKENS_KEPT))
