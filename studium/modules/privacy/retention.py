"""What goes by itself after some days, by the settings STUDIUM_RETENTION_*; 0 days is never.

Each function does a bounded part in the caller's transaction and says how much it was: the next one has the rest.
"""

from datetime import timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, exists, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from studium.access.audit import record_audit
from studium.kit.base.clock import now
from studium.models import AuditEvent, Course, Erasure, UploadedFile, User
from studium.modules.files.actions_erasure import delete_files

AT_ONCE = 200
_since = func.coalesce(User.deactivated_at, User.updated_at)


async def forget_addresses(session: AsyncSession, days: int) -> int:
    """Take the source out of entries of the record that are older than so many days."""
    old = AuditEvent.address.is_not(None), AuditEvent.occurred_at <= now() - timedelta(days=days)
    some = select(AuditEvent.id).where(*old).order_by(AuditEvent.occurred_at).limit(AT_ONCE)
    write = update(AuditEvent).where(AuditEvent.id.in_(some)).values(address=None).returning(AuditEvent.id)
    return len((await session.execute(write, execution_options={"synchronize_session": False})).scalars().all())


async def delete_files_of_deactivated(session: AsyncSession, days: int) -> int:
    """Delete files of people who have been deactivated for so many days; what a course shows stays."""
    theirs = select(User.id).where(*_deactivated(days))
    paths = await delete_files(session, UploadedFile.uploader_id.in_(theirs))
    if paths:
        await record_audit(session, "users.files_expired", actor_id=None, files=len(paths))
    return len(paths)


async def due_people(session: AsyncSession, days: int) -> list[UUID]:
    """People who have been deactivated for so many days and whom nothing keeps, up to 200.

    A cancelled erasure keeps somebody for as many days again.
    """
    kept = Erasure.cancelled_at.is_(None) | (Erasure.cancelled_at > now() - timedelta(days=days))
    keeps = exists().where(Erasure.user_id == User.id, kept), exists().where(Course.instructor_id == User.id)
    some = select(User.id).where(*_deactivated(days), *(~each for each in keeps)).order_by(_since)
    return list((await session.execute(some.limit(AT_ONCE))).scalars())


def _deactivated(days: int) -> tuple[ColumnElement[bool], ...]:
    """Deactivated for so long, whatever was changed about them since."""
    since = _since <= now() - timedelta(days=days)
    return User.is_active.is_(False), since, User.erased_at.is_(None), User.legal_hold.is_(False)
