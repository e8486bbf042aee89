"""What is remembered of backups: events of the record about something that is called a backup."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from studium.access.audit import record_audit
from studium.kit.db.prepared import PreparedStatement, QueryExecutor
from studium.models import AuditEvent
from studium.modules.system.schemas import BackupOut

MADE, VERIFIED = "system.backed_up", "system.backup_verified"
_TARGET = "backup"
_LAST = 50
_EVENTS = PreparedStatement(
    select(AuditEvent.action, AuditEvent.occurred_at, AuditEvent.details)
    .where(AuditEvent.target_type == _TARGET)
    .order_by(AuditEvent.occurred_at.desc(), AuditEvent.id.desc())
    .limit(_LAST)
)


async def note_backup(session: AsyncSession, *, made_at: str, people: int, files: int, missing: int) -> None:
    """Remember that a backup was made."""
    target = _TARGET, UUID(int=0)
    await record_audit(
        session, MADE, actor_id=None, target=target, made_at=made_at, people=people, files=files, missing=missing
    )


async def note_verified(session: AsyncSession, *, made_at: str) -> None:
    """Remember that the backup of a moment was read whole, and is as it was written."""
    await record_audit(session, VERIFIED, actor_id=None, target=(_TARGET, UUID(int=0)), made_at=made_at)


async def last_backup(reads: QueryExecutor) -> BackupOut | None:
    """The last backup that is remembered. One hot read."""
    events = await reads.all(_EVENTS)
    made: dict[str, Any] | None = next((row["details"] for row in events if row["action"] == MADE), None)
    if made is None:
        return None
    verified = [
        row["occurred_at"]
        for row in events
        if row["action"] == VERIFIED and row["details"]["made_at"] == made["made_at"]
    ]
    counts = {name: made[name] for name in ("people", "files", "missing")}
    at = datetime.fromisoformat(made["made_at"])
    return BackupOut(made_at=at, **counts, verified_at=verified[0] if verified else None)
