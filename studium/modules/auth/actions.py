"""What people do at the door: log in, stay in, log out."""

from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from studium.access.actor import Actor, require_recent
from studium.access.audit import REFUSED, record_audit
from studium.access.password_attempts import Guess, settle
from studium.events import SessionReuseDetected
from studium.kit.base.clock import now
from studium.kit.base.problems import NotFound, Unauthorized
from studium.kit.jobs.events import publish
from studium.kit.runtime import get_runtime
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
from studium.modules.users.actions import end_sessions, is_overdue, revoke_sessions


async def log_in(session: AsyncSession, guess: Guess, client: Client) -> UserSession | MfaChallengeResponse:
    """Open a session, or ask for the second factor; raises InvalidCredentials, EmailNotVerified, TooManyRequests."""
    user = await settle(session, guess)
    if user is None:
        target = ("user", guess.user_id) if guess.user_id else None
        await record_audit(session, "auth.login", actor_id=None, target=target, outcome=REFUSED, address=client.address)
        message = "The e-mail address or the password is wrong."
        raise InvalidCredentials(message)
    await require_proven_address(session, user, client)
    if user.mfa_enabled:
        return await challenge(session, user)
    return await enter(session, user, client)


async def require_proven_address(session: AsyncSession, user: User, client: Client) -> None:
    """Raise EmailNotVerified, remembered, for who may not come in before the address is proven."""
    settings = get_runtime(session).settings
    if is_overdue(settings, user) or (user.email_verified_at is None and settings.require_verified_email):
        await record_audit(
            session, "auth.login", actor_id=user.id, outcome=REFUSED, address=client.address, reason="unverified"
        )
        message = "Follow the link in the mail that we sent you, then log in."
        raise EmailNotVerified(message)


async def enter(session: AsyncSession, user: User, client: Client, **details: str) -> UserSession:
    """Open a session for a person who has proved everything; the row is locked. `details` go into the record."""
    target = ("user", user.id)
    await record_audit(session, "auth.login", actor_id=user.id, target=target, address=client.address, **details)
    return await open_session(session, user, client)


async def with_tokens(
    session: AsyncSession, entered: UserSession | MfaChallengeResponse
) -> TokenResponse | MfaChallengeResponse:
    """What a program gets for a log-in: the tokens of the session, or the challenge as it is."""
    return entered if isinstance(entered, MfaChallengeResponse) else await issue_tokens(session, entered)


async def refresh(session: AsyncSession, token: str, client: Client) -> TokenResponse:
    """Rotate a session's tokens.

    Raises InvalidRefreshToken; and RefreshTokenReused for a token that was rotated before, which ends the session.
    """
    claims = read_refresh_token(get_runtime(session).keys, token)
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
    await record_audit(
        session, "auth.refresh", actor_id=claims.user_id, target=target, outcome=REFUSED, address=client.address
    )
    await publish(session, SessionReuseDetected(session_id=claims.session_id))
    message = "This refresh token was used before; its session is revoked. Log in again."
    raise RefreshTokenReused(message)


async def log_out(session: AsyncSession, actor: Actor, payload: LogoutRequest, client: Client) -> None:
    """End this session, or all of one's own, which raises ReauthenticationRequired long after the log-in.

    A refresh token that is not this session's raises Unauthorized.
    """
    if payload.refresh_token is not None:
        claims = read_refresh_token(get_runtime(session).keys, payload.refresh_token)
        if claims is None or (claims.user_id, claims.session_id) != (actor.id, actor.session_id):
            message = "The refresh token belongs to another session; nothing was revoked."
            raise Unauthorized(message)
    if payload.all:
        require_recent(actor)
        await session.execute(select(User.id).where(User.id == actor.id).with_for_update(key_share=True))
        await revoke_sessions(session, actor.id)
    else:
        await end_sessions(session, UserSession.id == actor.session_id)
    await record_audit(session, "auth.logout", actor_id=actor.id, address=client.address, all=payload.all)


async def revoke_own_session(session: AsyncSession, actor: Actor, session_id: UUID, client: Client) -> None:
    """End one of one's own sessions; raises NotFound for what is none, or has ended.

    Another one than this takes a recent password: ReauthenticationRequired.
    """
    if session_id != actor.session_id:
        require_recent(actor)
    if not await end_sessions(session, UserSession.id == session_id, UserSession.user_id == actor.id):
        message = "You have no such session."
        raise NotFound(message)
    await record_audit(
        session, "auth.session_revoked", actor_id=actor.id, target=("session", session_id), address=client.address
    )
