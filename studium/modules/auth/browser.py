"""Sessions of browsers: a random cookie of which only the digest is kept, in place of tokens."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from uuid import UUID

from sqlalchemy import bindparam, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from studium.access.actor import Actor
from studium.kit.base.clock import now
from studium.kit.db.database import Database
from studium.kit.db.prepared import KeyedRead, PreparedStatement, QueryExecutor
from studium.models import Role, User, UserSession
from studium.modules.auth.sessions import end_of
from studium.modules.users.actions import end_sessions

COOKIE_MAX = 128
SEEN_AGAIN = timedelta(hours=1)
"""How long a session is not written to again: each page would be a write otherwise."""

_BYTES = 32
_FIND = KeyedRead(
    select(
        User.id.label("user_id"),
        User.role,
        User.full_name,
        User.profile_metadata.label("profile"),
        User.mfa_enabled,
        UserSession.id.label("session_id"),
        UserSession.last_seen_at,
        UserSession.browser_role,
        func.coalesce(UserSession.authenticated_at, UserSession.created_at).label("proved_at"),
    )
    .join(UserSession, UserSession.user_id == User.id)
    .where(
        UserSession.revoked_at.is_(None),
        UserSession.expires_at > bindparam("moment", type_=UserSession.expires_at.type),
        User.is_active,
    ),
    UserSession.__table__.c.browser_digest,
)
_OWNER = PreparedStatement(
    select(UserSession.user_id).where(
        UserSession.browser_digest == bindparam("digest", type_=UserSession.browser_digest.type)
    )
)


@dataclass(frozen=True, slots=True)
class BrowserSession:
    """Who stands behind a cookie right now, and what a page says about them without asking again."""

    actor: Actor
    full_name: str
    language: object
    """`metadata.language` of the profile, whatever it is."""
    timezone: object
    """`metadata.timezone` likewise."""
    last_seen_at: datetime
    made_for: Role | None

    @property
    def is_due(self) -> bool:
        """Whether the session is to be written to: it was not for an hour, or its person has another role now."""
        return self.has_other_rights or self.last_seen_at <= now() - SEEN_AGAIN

    @property
    def has_other_rights(self) -> bool:
        """Whether the person's role is another one than when the cookie was made."""
        return self.made_for is not self.actor.role


def digest_of(cookie: str) -> str:
    """What is kept of a cookie. It holds 256 random bits, so that nothing is won by guessing at its digest."""
    return sha256(cookie.encode()).hexdigest()


async def owner_of(reads: QueryExecutor, cookie: str) -> UUID | None:
    """Whose session the cookie was for, ended or not; None where nobody knows it. Proves nothing about who asks."""
    if not 0 < len(cookie) <= COOKIE_MAX:
        return None
    row = await reads.one(_OWNER, digest=digest_of(cookie))
    return None if row is None else row["user_id"]


async def find_browser_session(reads: QueryExecutor, cookie: str) -> BrowserSession | None:
    """The live session of a cookie, or None. One hot read."""
    if not 0 < len(cookie) <= COOKIE_MAX:
        return None
    row = await reads.keyed(_FIND, digest_of(cookie), moment=now())
    if row is None:
        return None
    role = Role(row["role"])
    actor = Actor(row["user_id"], role, row["session_id"], row["proved_at"], bool(row["mfa_enabled"]))
    made_for, profile = row["browser_role"], row["profile"] or {}
    return BrowserSession(
        actor,
        row["full_name"],
        profile.get("language"),
        profile.get("timezone"),
        row["last_seen_at"],
        None if made_for is None else Role(made_for),
    )


def make_browser_session(opened: UserSession, role: Role) -> str:
    """Give a session that was just opened a cookie instead of tokens, and return it."""
    cookie = secrets.token_urlsafe(_BYTES)
    opened.browser_digest, opened.browser_role = digest_of(cookie), role
    return cookie


async def renew_cookie(session: AsyncSession, actor: Actor) -> str:
    """Make the cookie of a browser's session anew, which the old one does not open any more; return it."""
    cookie = secrets.token_urlsafe(_BYTES)
    mine = UserSession.id == actor.session_id, UserSession.browser_digest.is_not(None)
    write = update(UserSession).where(*mine).values(browser_digest=digest_of(cookie), browser_role=actor.role)
    await session.execute(write, execution_options={"synchronize_session": False})
    return cookie


async def touch(database: Database, found: BrowserSession) -> str | None:
    """Note that the session is used, which gives it another 7 days; a new cookie where its person has other rights."""
    at = now()
    async with database.write_session() as session:
        row = await session.get(UserSession, found.actor.session_id, with_for_update=True)
        if row is None or row.revoked_at is not None or row.expires_at <= at:
            return None
        row.last_seen_at, row.expires_at = at, end_of(row, at)
        return make_browser_session(row, found.actor.role) if row.browser_role is not found.actor.role else None


async def end_browser_session(session: AsyncSession, session_id: UUID) -> None:
    """End the session that another log-in in the same browser takes the place of."""
    await end_sessions(session, UserSession.id == session_id)
