"""What people do at the door: log in, stay in, log out."""

from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from studium.access.actor import Actor
from studium.access.audit import REFUSED, audit
from studium.access.guesses import Guess, settle
from studium.events import SessionReuseDetected
from studium.kit.clock import now
from studium.kit.events import publish
from studium.kit.problems import NotFound, Unauthorized
from studium.kit.runtime import runtime_of
from studium.models import RefreshToken, User, UserSession
from studium.modules.auth.challenges import challenge
from studium.modules.auth.errors import (
    EmailNotVerified,
    InvalidCredentials,
    InvalidRefreshToken,
    RefreshTokenReused,
)
from studium.modules.auth.schemas import LogoutRequest, MfaChallengeResponse, TokenResponse
from studium.modules.auth.sessions import Client, RefreshClaims, end_of, issue_tokens, open_session, read_refresh_token
from studium.modules.users.actions import end_sessions, revoke_sessions


async def log_in(session: AsyncSession, guess: Guess, client: Client) -> TokenResponse | MfaChallengeResponse:
    """Open a session, or ask for the second factor; raises InvalidCredentials, EmailNotVerified, TooManyRequests."""
    user = await settle(session, guess)
    if user is None:
        target = ("user", guess.user_id) if guess.user_id else None
        audit(session, "auth.login", actor_id=None, target=target, outcome=REFUSED, address=client.address)
        message = "The e-mail address or the password is wrong."
        raise InvalidCredentials(message)
    if user.email_verified_at is None and runtime_of(session).settings.require_verified_email:
        audit(session, "auth.login", actor_id=user.id, outcome=REFUSED, address=client.address, reason="unverified")
        message = "Follow the link in the mail that we sent you, then log in."
        raise EmailNotVerified(message)
    if user.mfa_enabled:
        return await challenge(session, user)
    return await enter(session, user, client)


async def enter(session: AsyncSession, user: User, client: Client) -> TokenResponse:
    """Open a session for a person who has proved everything; the row is locked."""
    audit(session, "auth.login", actor_id=user.id, target=("user", user.id), address=client.address)
    return await open_session(session, user, client)


async def refresh(session: AsyncSession, token: str, client: Client) -> TokenResponse:
    """Rotate a session's tokens.

    Raises InvalidRefreshToken; and RefreshTokenReused for a token that was rotated before, which ends the session.
    """
    claims = read_refresh_token(runtime_of(session).keys, token)
    renewed = None if claims is None else await _locked_session(session, claims)
    if claims is None or renewed is None:
        message = "Log in again."
        raise InvalidRefreshToken(message)
    if not await _spend(session, claims):
        await _end_reused(session, claims, client)
    at = now()
    renewed.last_seen_at, renewed.expires_at = at, end_of(renewed, at)
    return await issue_tokens(session, renewed)


async def _locked_session(session: AsyncSession, claims: RefreshClaims) -> UserSession | None:
    """The live session of an active person. Its row is the mutex of rotation, log-out and revocation."""
    statement = (
        select(UserSession)
        .join(User, User.id == UserSession.user_id)
        .where(
            UserSession.id == claims.session_id,
            UserSession.user_id == claims.user_id,
            UserSession.revoked_at.is_(None),
            UserSession.expires_at > now(),
            User.is_active,
        )
        .with_for_update(of=UserSession)
    )
    return (await session.execute(statement)).scalar_one_or_none()


async def _spend(session: AsyncSession, claims: RefreshClaims) -> bool:
    """Whether this token was the live one; it is not any more."""
    live = (
        RefreshToken.token_jti == claims.jti,
        RefreshToken.session_id == claims.session_id,
        RefreshToken.revoked_at.is_(None),
    )
    spent = update(RefreshToken).where(*live).values(revoked_at=now()).returning(RefreshToken.id)
    result = await session.execute(spent, execution_options={"synchronize_session": False})
    return result.scalar_one_or_none() is not None


async def _end_reused(session: AsyncSession, claims: RefreshClaims, client: Client) -> None:
    """Somebody has a copy of the token: nobody keeps the session."""
    await end_sessions(session, UserSession.id == claims.session_id)
    target = ("session", claims.session_id)
    audit(session, "auth.refresh", actor_id=claims.user_id, target=target, outcome=REFUSED, address=client.address)
    await publish(session, SessionReuseDetected(session_id=claims.session_id))
    message = "This refresh token was used before; its session is revoked. Log in again."
    raise RefreshTokenReused(message)


async def log_out(session: AsyncSession, actor: Actor, wish: LogoutRequest, client: Client) -> None:
    """End this session, or all of one's own. A refresh token that is not this session's raises Unauthorized."""
    if wish.refresh_token is not None:
        claims = read_refresh_token(runtime_of(session).keys, wish.refresh_token)
        if claims is None or (claims.user_id, claims.session_id) != (actor.id, actor.session_id):
            message = "The refresh token belongs to another session; nothing was revoked."
            raise Unauthorized(message)
    if wish.all:
        await session.execute(select(User.id).where(User.id == actor.id).with_for_update(key_share=True))
        await revoke_sessions(session, actor.id)
    else:
        await end_sessions(session, UserSession.id == actor.session_id)
    audit(session, "auth.logout", actor_id=actor.id, address=client.address, all=wish.all)


async def revoke_own_session(session: AsyncSession, actor: Actor, session_id: UUID, client: Client) -> None:
    """End one of one's own sessions; raises NotFound for what is none, or has ended."""
    if not await end_sessions(session, UserSession.id == session_id, UserSession.user_id == actor.id):
        message = "You have no such session."
        raise NotFound(message)
    audit(session, "auth.session_revoked", actor_id=actor.id, target=("session", session_id), address=client.address)
