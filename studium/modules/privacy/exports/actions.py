"""Asking for what is known of a person."""

from datetime import timedelta
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from studium.access.actor import Actor
from studium.access.audit import record_audit
from studium.access.codes import EXPORT_KEPT
from studium.access.throttle import Limit, note, require_room, take_turns
from studium.events import ExportRequested, FileDeleted
from studium.kit.base.clock import now
from studium.kit.base.ids import new_id
from studium.kit.jobs.events import publish
from studium.models import DataExport

BLOBS = "exports"
FILENAME, MEDIA_TYPE = "studium-export.zip", "application/zip"
ONCE = Limit("export", 1, timedelta(days=1))
_AT_ONCE = 200


async def request_export(
    session: AsyncSession, actor: Actor, user_id: UUID, reason: str | None, *, address: str
) -> DataExport:
    """Have an export made, once a day for one person: a ticket for it is mailed to whoever asks.

    With a reason an admin asks, and the person is told. Raises TooManyRequests.
    """
    await take_turns(session, f"{ONCE.scope} {actor.id} {user_id}")
    await require_room(session, (ONCE,), actor.id, user_id)
    await note(session, ONCE.scope, actor.id, user_id)
    row = DataExport(id=new_id(), user_id=user_id, requested_by=actor.id, reason=reason, requested_at=now())
    row.expires_at = row.requested_at + EXPORT_KEPT
    session.add(row)
    await session.flush()
    await record_audit(session, "users.export_requested", actor_id=actor.id, target=("user", user_id), address=address)
    await publish(session, ExportRequested(export_id=row.id))
    return row


async def delete_expired(session: AsyncSession) -> int:
    """Forget up to 200 exports whose time is over, and say how many these were; jobs delete the ZIPs."""
    some = select(DataExport.id).where(DataExport.expires_at <= now()).limit(_AT_ONCE)
    gone = delete(DataExport).where(DataExport.id.in_(some)).returning(DataExport.storage_path)
    paths = (await session.execute(gone, execution_options={"synchronize_session": False})).scalars().all()
    for path in paths:
        if path is not None:
            await publish(session, FileDeleted(storage_path=path))
    return len(paths)
