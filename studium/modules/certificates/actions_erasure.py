"""The certificates of an erased person: they verify as before, with the name or without."""

from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from studium.events import CertificateNameWithheld
from studium.kit.jobs.events import publish
from studium.models import Certificate


async def erase_names(session: AsyncSession, user_id: UUID, name: str | None) -> None:
    """Let a person's certificates say `name` (None keeps theirs) and no reason of a revocation; PDFs follow by jobs."""
    theirs = Certificate.student_id == user_id
    values: dict[str, object] = {"revocation_reason": None}
    if name is not None:
        values["student_name"] = name
    await session.execute(
        update(Certificate).where(theirs).values(**values), execution_options={"synchronize_session": False}
    )
    if name is None:
        return
    for certificate_id in (await session.execute(select(Certificate.id).where(theirs))).scalars().all():
        await publish(session, CertificateNameWithheld(certificate_id=certificate_id))
