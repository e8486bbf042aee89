"""What stands in for a person: sessions, and tokens that are mailed. Making and ending them, whoever asks."""

from datetime import timedelta
from hashlib import sha256
from uuid import UUID

from sqlalchemy import ColumnElement, true, update
from sqlalchemy.ext.asyncio import AsyncSession

from studium.access.codes import mailed_token
from studium.events import EmailVerificationRequested, PasswordChanged, UserInvited
from studium.kit.clock import now
from studium.kit.events import publish
from studium.kit.ids import new_id
from studium.kit.runtime import runtime_of
from studium.models import OneTimeToken, RefreshToken, TokenPurpose, User, UserSession

LIFETIMES = {
    TokenPurpose.VERIFY_EMAIL: timedelta(hours=24),
    TokenPurpose.RESET_PASSWORD: timedelta(minutes=30),
    TokenPurpose.INVITATION: timedelta(days=7),
}
_PLAIN = {"synchronize_session": False}


async def issue_token(session: AsyncSession, user: User, purpose: TokenPurpose) -> OneTimeToken:
    """Store a single-use token bound to the account's present address. Its text goes out by mail only."""
    at = now()
    token = OneTimeToken(id=new_id(), user_id=user.id, purpose=purpose, email=user.email, created_at=at)
    token.expires_at = at + LIFETIMES[purpose]
    token.token_hash = token_hash(mailed_token(runtime_of(session).keys, token))
    session.add(token)
    await session.flush()
    return token


def token_hash(text: str) -> str:
    """What is kept of a token: its SHA-256. The token itself is long and random enough to need no salt."""
    return sha256(text.encode()).hexdigest()


async def ask_to_verify(session: AsyncSession, user: User) -> None:
    """Mail the owner a link that proves the address."""
    token = await issue_token(session, user, TokenPurpose.VERIFY_EMAIL)
    await publish(session, EmailVerificationRequested(token_id=token.id))


async def invite(session: AsyncSession, user: User) -> None:
    """Mail the owner a link to choose a first password."""
    token = await issue_token(session, user, TokenPurpose.INVITATION)
    await publish(session, UserInvited(token_id=token.id))


async def revoke_sessions(session: AsyncSession, user_id: UUID, *, keep: UUID | None = None) -> None:
    """End every session of a person, but for `keep`, from the next request on. Hold the person's row first."""
    await end_sessions(session, UserSession.user_id == user_id, UserSession.id != keep if keep else true())


async def end_sessions(session: AsyncSession, *which: ColumnElement[bool]) -> bool:
    """End the live sessions that `which` describes, and their tokens; say whether there was one.

    The session's row comes first, because a rotation takes it first too: no token can slip in between.
    """
    at = now()
    ending = update(UserSession).where(*which, UserSession.revoked_at.is_(None)).values(revoked_at=at)
    ended = (await session.execute(ending.returning(UserSession.id), execution_options=_PLAIN)).scalars().all()
    tokens = RefreshToken.session_id.in_(ended), RefreshToken.revoked_at.is_(None)
    await session.execute(update(RefreshToken).where(*tokens).values(revoked_at=at), execution_options=_PLAIN)
    return bool(ended)


async def set_password(session: AsyncSession, user: User, password_hash: str, *, keep: UUID | None = None) -> None:
    """Give a person another password: sessions but for `keep` end, mailed links are void, the owner hears of it.

    Hold the person's row. `user.version` rises.
    """
    user.password_hash = password_hash
    user.version += 1
    await session.flush()
    await revoke_sessions(session, user.id, keep=keep)
    await void_tokens(session, user.id, TokenPurpose.RESET_PASSWORD, TokenPurpose.INVITATION)
    await publish(session, PasswordChanged(user_id=user.id))


async def shut_out(session: AsyncSession, user: User) -> None:
    """End everything that lets a deactivated person in, so that nothing of it comes back when they do."""
    await revoke_sessions(session, user.id)
    await void_tokens(session, user.id, TokenPurpose.RESET_PASSWORD, TokenPurpose.INVITATION)


async def void_tokens(session: AsyncSession, user_id: UUID, *purposes: TokenPurpose) -> None:
    """Make the person's unused tokens for these purposes worthless."""
    unused = OneTimeToken.user_id == user_id, OneTimeToken.purpose.in_(purposes), OneTimeToken.used_at.is_(None)
    await session.execute(update(OneTimeToken).where(*unused).values(used_at=now()), execution_options=_PLAIN)
