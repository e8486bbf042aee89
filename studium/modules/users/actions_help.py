"""Ending all sessions and resetting a second factor, by an admin or from the command line."""

from contextlib import suppress

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from studium.access.actor import Actor
from studium.access.audit import REFUSED, record_audit
from studium.events import MfaReset
from studium.kit.base.problems import NotFound
from studium.kit.jobs.events import publish
from studium.models import User
from studium.modules.users.credentials import drop_passkeys, drop_second_factor, revoke_sessions
from studium.modules.users.email import normalise_email
from studium.modules.users.errors import OwnAccount


async def end_all_sessions(session: AsyncSession, actor: Actor, user: User, *, address: str) -> None:
    """End every session of a person; again: no change."""
    await _lock(session, user)
    await revoke_sessions(session, user.id)
    await record_audit(session, "users.sessions_ended", actor_id=actor.id, target=("user", user.id), address=address)


async def reset_mfa(session: AsyncSession, actor: Actor, user: User, *, address: str) -> None:
    """Turn a person's second factor off, remove their passkeys, end their sessions and tell them; again: no change.

    Raises OwnAccount.
    """
    if user.id == actor.id:
        await _remember(session, actor, user, address, outcome=REFUSED)
        message = "Turn your own second factor off at /api/v1/auth/mfa/disable, or have another admin do it."
        raise OwnAccount(message)
    if await _forget_factor(session, user):
        await _remember(session, actor, user, address)


async def reset_mfa_of(session: AsyncSession, email: str) -> bool:
    """The same from the command line; say whether there was a factor. Raises NotFound where nobody has the address."""
    with suppress(ValueError):
        email = normalise_email(email)
    user = (await session.execute(select(User).where(User.email == email))).scalar_one_or_none()
    if user is None:
        message = "There is no account with this e-mail address."
        raise NotFound(message)
    is_gone = await _forget_factor(session, user)
    if is_gone:
        await _remember(session, None, user, None)
    return is_gone


async def _forget_factor(session: AsyncSession, user: User) -> bool:
    """Whether there was one, on or being set up, or a passkey."""
    await _lock(session, user)
    had_passkeys = await drop_passkeys(session, user)
    if not user.mfa_enabled and user.mfa_secret is None and not had_passkeys:
        return False
    await drop_second_factor(session, user)
    await revoke_sessions(session, user.id)
    await publish(session, MfaReset(user_id=user.id))
    return True


async def _lock(session: AsyncSession, user: User) -> None:
    await session.refresh(user, with_for_update={"key_share": True})


async def _remember(
    session: AsyncSession, actor: Actor | None, user: User, address: str | None, **outcome: str
) -> None:
    actor_id = None if actor is None else actor.id
    await record_audit(
        session, "users.mfa_reset", actor_id=actor_id, target=("user", user.id), address=address, **outcome
    )
