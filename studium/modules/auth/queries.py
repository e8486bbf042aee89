"""Reading sessions and passkeys."""

from functools import partial
from uuid import UUID

from sqlalchemy import Uuid, bindparam, select

from studium.access.actor import Actor
from studium.kit.base.clock import now
from studium.kit.db.prepared import QueryExecutor, Record
from studium.kit.http.pagination import Order, Page, PagedRead, PageQuery
from studium.models import Passkey, UserSession
from studium.modules.auth.schemas import SessionOut
from studium.modules.auth.schemas_passkeys import PasskeyOut

_SHOWN = ("id", "address", "created_at", "last_seen_at", "expires_at")
_LIVE = PagedRead(
    select(*(getattr(UserSession, name) for name in _SHOWN), UserSession.user_agent).where(
        UserSession.user_id == bindparam("p_user", type_=Uuid()),
        UserSession.revoked_at.is_(None),
        UserSession.expires_at > bindparam("moment", type_=UserSession.expires_at.type),
    ),
    order=(Order(UserSession.created_at), Order(UserSession.id)),
    name="sessions",
    of=SessionOut,
)
_PASSKEYS = PagedRead(
    select(*(Passkey.__table__.c[name] for name in PasskeyOut.model_fields)).where(
        Passkey.user_id == bindparam("p_user", type_=Uuid())
    ),
    order=(Order(Passkey.created_at), Order(Passkey.id)),
    name="passkeys",
    of=PasskeyOut,
)


async def own_passkeys(reads: QueryExecutor, actor: Actor, page: PageQuery) -> Page[PasskeyOut]:
    """One page of the caller's passkeys, newest first. One hot read."""
    return await _PASSKEYS.page(reads, page, p_user=actor.id)


async def own_sessions(reads: QueryExecutor, actor: Actor, page: PageQuery) -> Page[SessionOut]:
    """One page of the caller's live sessions, newest first. One hot read."""
    return await sessions_of(reads, actor, actor.id, page)


async def sessions_of(reads: QueryExecutor, actor: Actor, user_id: UUID, page: PageQuery) -> Page[SessionOut]:
    """One page of a person's live sessions, newest first; the caller's own one is marked. One hot read."""
    return await _LIVE.page(reads, page, partial(_session, actor), p_user=user_id, moment=now())


def _session(actor: Actor, row: Record) -> SessionOut:
    shown = {name: row[name] for name in _SHOWN}
    return SessionOut(**shown, device=row["user_agent"], is_current=row["id"] == actor.session_id)
