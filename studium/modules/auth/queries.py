"""Reading sessions."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from studium.access.actor import Actor
from studium.kit.clock import now
from studium.kit.pages import Order, Page, PageQuery, paginate
from studium.models import UserSession
from studium.modules.auth.schemas import SessionOut

_NEWEST = (Order(UserSession.created_at), Order(UserSession.id))


async def own_sessions(session: AsyncSession, actor: Actor, page: PageQuery) -> Page[SessionOut]:
    """One page of the caller's live sessions, newest first."""
    live = UserSession.user_id == actor.id, UserSession.revoked_at.is_(None), UserSession.expires_at > now()

    def item(row: UserSession) -> SessionOut:
        return SessionOut(
            id=row.id,
            device=row.user_agent,
            address=row.address,
            created_at=row.created_at,
            last_seen_at=row.last_seen_at,
            expires_at=row.expires_at,
            is_current=row.id == actor.session_id,
        )

    statement = select(UserSession).where(*live)
    return await paginate(session, statement, order=_NEWEST, page=page, name="sessions", item=lambda row: item(row[0]))
