"""What auth does later: mailing links that were asked for, and sweeping what no log-in needs any more."""

from datetime import datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from studium.kit.base.clock import now
from studium.kit.jobs.registry import job, periodic
from studium.kit.runtime import Runtime, get_runtime
from studium.models import AddressChange, OneTimeToken, UserSession
from studium.modules.auth.links import issue_reset_link, issue_verification_link

TOKENS_KEPT = timedelta(days=1)
_AT_ONCE = 500


@job("auth.mail_reset_link")
async def mail_reset_link(session: AsyncSession, *, sealed_address: str, source: str) -> None:
    """Issue the link to choose a new password, if somebody has the address."""
    await issue_reset_link(session, sealed_address, source)


@job("auth.mail_verification_link")
async def mail_verification_link(session: AsyncSession, *, sealed_address: str, source: str) -> None:
    """Issue the link that proves an address, if somebody has yet to prove it."""
    await issue_verification_link(session, sealed_address, source)


@periodic("auth.sweep_sessions", seconds=3600)
async def sweep_sessions(runtime: Runtime) -> None:
    """Delete sessions long ended, with their refresh tokens, and mailed links that have expired."""
    most = _AT_ONCE
    while most == _AT_ONCE:
        async with runtime.database.write_session() as session:
            most = await delete_ended(session)


async def delete_ended(session: AsyncSession) -> int:
    """Delete up to 500 of each kind, and say how many of one kind it were at most.

    An ended session is kept for STUDIUM_RETENTION_SESSIONS_DAYS: its address is one from which the owner may log in
    during an attack.
    """
    sessions_kept = timedelta(days=get_runtime(session).settings.retention_sessions_days)
    kept = ((UserSession, sessions_kept), (OneTimeToken, TOKENS_KEPT), (AddressChange, TOKENS_KEPT))
    return max([await _delete_expired(session, kind, now() - time) for kind, time in kept])


async def _delete_expired(
    session: AsyncSession, kind: type[UserSession | OneTimeToken | AddressChange], before: datetime
) -> int:
    some = select(kind.id).where(kind.expires_at < before).limit(_AT_ONCE)
    gone = delete(kind).where(kind.id.in_(some)).returning(kind.id)
    return len((await session.execute(gone, execution_options={"synchronize_session": False})).scalars().all())
