"""The job that erases a person: its effects on the database happen once, the note in the storage at least once."""

from uuid import UUID

import structlog
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from studium.events import ErasureDue
from studium.kit.jobs.events import on
from studium.kit.runtime import Runtime
from studium.models import ErasedCertificates, User
from studium.modules.privacy.actions import standing_erasure
from studium.modules.privacy.erased_list import keep_erased
from studium.modules.privacy.erasing import erase
from studium.modules.privacy.refusals import refusal_of
from studium.modules.users.admins import lock_with_admins

_log = structlog.get_logger()


@on(ErasureDue, "privacy.erase_person", has_external_effects=True, alone_by="user_id")
async def erase_person(runtime: Runtime, event: ErasureDue) -> None:
    """Erase a person whose time has come, and leave a note of it outside the database."""
    async with runtime.database.write_session() as session:
        certificates = await _erase_if_due(session, event.user_id)
    if certificates is not None:
        await keep_erased(runtime.storage, event.user_id, certificates)


async def _erase_if_due(session: AsyncSession, user_id: UUID) -> ErasedCertificates | None:
    """Erase; None where it was cancelled, or something stands against it now."""
    user = (await session.execute(select(User).where(User.id == user_id))).scalar_one()
    admins = await lock_with_admins(session, user)
    erasure = await standing_erasure(session, user_id)
    if erasure is None or erasure.closed_at is None:
        return None
    if erasure.done_at is None:
        refusal = await refusal_of(session, user, admins)
        if refusal is not None:
            _log.warning("a person cannot be erased", user_id=str(user_id), reason=refusal.code())
            return None
        await erase(session, user, erasure.certificates)
    return erasure.certificates
