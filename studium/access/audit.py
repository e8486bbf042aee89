"""Who did what, on whom, from where, with what outcome: append-only, in the transaction of the act."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from studium.kit.base.clock import now
from studium.kit.base.ids import new_id
from studium.kit.db.prepared import insertion
from studium.kit.db.transaction import Transaction, transaction_of
from studium.models import AuditEvent

DONE = "done"
REFUSED = "refused"
_ADD = insertion(AuditEvent.__table__.c)


async def record_audit(
    place: AsyncSession | Transaction,
    action: str,
    *,
    actor_id: UUID | None,
    target: tuple[str, UUID] | None = None,
    outcome: str = DONE,
    address: str | None = None,
    **details: object,
) -> None:
    """Add an entry; `details` holds ids, figures and titles of what a course held, nothing that tells of a person."""
    target_type, target_id = target or (None, None)
    entry = {
        "id": new_id(),
        "occurred_at": now(),
        "action": action,
        "outcome": outcome,
        "actor_id": actor_id,
        "target_type": target_type,
        "target_id": target_id,
        "address": address,
        "details": details or None,
    }
    await transaction_of(place).first(_ADD, **{f"p_{name}": value for name, value in entry.items()})
