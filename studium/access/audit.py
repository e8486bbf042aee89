"""Who did what, on whom, from where, with what outcome: append-only, in the transaction of the act."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from studium.kit.clock import now
from studium.kit.ids import new_id
from studium.models import AuditEvent

DONE = "done"
REFUSED = "refused"


def audit(
    session: AsyncSession,
    action: str,
    *,
    actor_id: UUID | None,
    target: tuple[str, UUID] | None = None,
    outcome: str = DONE,
    address: str | None = None,
    **details: object,
) -> None:
    """Remember an act; `details` holds ids and figures, never a secret, an address or a text of somebody's."""
    kind, target_id = target or (None, None)
    session.add(
        AuditEvent(
            id=new_id(),
            occurred_at=now(),
            action=action,
            outcome=outcome,
            actor_id=actor_id,
            target_type=kind,
            target_id=target_id,
            address=address,
            details=details or None,
        )
    )
