"""Sessions: one log-in on one device, renewed by refresh tokens of which exactly one is live."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession

from studium.access.actor import ACCESS, Actor
from studium.events import NewDeviceSeen
from studium.kit.base.clock import now
from studium.kit.base.ids import new_id
from studium.kit.jobs.events import publish
from studium.kit.runtime import get_runtime
from studium.kit.security.tokens import Keys, TokenInvalid
from studium.models import RefreshToken, User, UserSession
from studium.modules.auth.devices import is_new_to
from studium.modules.auth.schemas import TokenResponse

REFRESH = "refresh"
ACCESS_LIFETIME = timedelta(minutes=15)
ABSOLUTE_LIFETIME = timedelta(days=30)
IDLE_LIFETIME = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Client:
    """Where a request comes from, and what the browser or program calls itself."""

    address: str
    user_agent: str | None


@dataclass(frozen=True, slots=True)
class RefreshClaims:
    """What a refresh token says."""

    user_id: UUID
    session_id: UUID
    jti: str


def read_refresh_token(keys: Keys, token: str) -> RefreshClaims | None:
    """The claims of a genuine refresh token, else None. It may have been used already."""
    try:
        claims = keys.verify(REFRESH, token)
        return RefreshClaims(UUID(str(claims["sub"])), UUID(str(claims["sid"])), str(claims["jti"]))
    except (TokenInvalid, KeyError, ValueError):
        return None


def end_of(session: UserSession, at: datetime) -> datetime:
    """When the session ends unless it is renewed before: 7 days idle, 30 days in all."""
    return min(at + IDLE_LIFETIME, session.created_at + ABSOLUTE_LIFETIME)


async def open_session(session: AsyncSession, user: User, client: Client) -> UserSession:
    """Begin a session for a person whose row is locked, and note the log-in. It has neither tokens nor a cookie yet.

    From a new device the owner hears of it, but for the first log-in of all.
    """
    at = now()
    returns = user.last_login_at is not None
    stands_out = returns and await is_new_to(session, user.id, address=client.address, user_agent=client.user_agent)
    opened = UserSession(id=new_id(), user_id=user.id, created_at=at, last_seen_at=at)
    opened.user_agent, opened.address = client.user_agent, client.address
    opened.expires_at = end_of(opened, at)
    session.add(opened)
    await keep_version(session, user, last_login_at=at)
    await session.flush()
    if stands_out:
        await publish(session, NewDeviceSeen(session_id=opened.id))
    return opened


async def issue_tokens(session: AsyncSession, of: UserSession) -> TokenResponse:
    """A pair of tokens for a session that has no live refresh token now."""
    at, jti = now(), str(new_id())
    row = RefreshToken(id=new_id(), user_id=of.user_id, session_id=of.id, token_jti=jti, created_at=at)
    row.expires_at = of.expires_at
    session.add(row)
    await session.flush()
    keys = get_runtime(session).keys
    claims = {"sub": str(of.user_id), "sid": str(of.id)}
    left = of.created_at + ABSOLUTE_LIFETIME - at
    return TokenResponse(
        access_token=keys.sign(ACCESS, claims, lifetime=ACCESS_LIFETIME),
        refresh_token=keys.sign(REFRESH, {**claims, "jti": jti}, lifetime=left),
        expires_in=int(ACCESS_LIFETIME.total_seconds()),
    )


async def note_password(session: AsyncSession, actor: Actor) -> None:
    """The person has given the password in this session just now."""
    mine = UserSession.id == actor.session_id, UserSession.user_id == actor.id
    write = update(UserSession).where(*mine).values(authenticated_at=now())
    await session.execute(write, execution_options={"synchronize_session": False})


async def keep_version(session: AsyncSession, user: User, **values: object) -> None:
    """Write what no reader of the person's profile waits for: neither `version` nor `updated_at` moves."""
    write = update(User).where(User.id == user.id).values(**values, updated_at=User.updated_at)
    await session.execute(write, execution_options={"synchronize_session": False})
