"""How far one's own export is."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from studium.access.actor import Actor
from studium.kit.base.clock import now
from studium.models import DataExport
from studium.modules.privacy.schemas import OwnExportOut


async def own_export(session: AsyncSession, actor: Actor) -> OwnExportOut | None:
    """The last export that the caller asked for of themselves and that is kept still; None without one."""
    own = DataExport.user_id == actor.id, DataExport.requested_by == actor.id, DataExport.expires_at > now()
    newest = select(DataExport).where(*own).order_by(DataExport.requested_at.desc(), DataExport.id.desc()).limit(1)
    row = (await session.execute(newest)).scalar_one_or_none()
    return None if row is None else OwnExportOut.model_validate(row)
