"""Who did what that matters later."""

from uuid import UUID

from sqlalchemy import Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from studium.kit.db.tables import Base, Json
from studium.models.columns import CreatedAt, JsonObject, PrimaryKey

_SOURCED = text("address IS NOT NULL")


class AuditEvent(Base):
    """One entry of the record; entries are added, never changed. Without an actor the system itself did it.

    It outlives those whom it names: accounts that nobody ever proved go.
    """

    __tablename__ = "audit_events"
    __table_args__ = (
        Index("ix_audit_events_target", "target_type", "target_id"),
        # Retention looks for the oldest sources, and must not walk over all that lost theirs.
        Index("ix_audit_events_sourced", "occurred_at", sqlite_where=_SOURCED, postgresql_where=_SOURCED),
    )

    id: Mapped[PrimaryKey]
    occurred_at: Mapped[CreatedAt] = mapped_column(index=True)
    action: Mapped[str] = mapped_column(String(80))
    outcome: Mapped[str] = mapped_column(String(20))
    actor_id: Mapped[UUID | None] = mapped_column(index=True)
    target_type: Mapped[str | None] = mapped_column(String(40))
    target_id: Mapped[UUID | None]
    address: Mapped[str | None] = mapped_column(String(45))
    details: Mapped[JsonObject | None] = mapped_column(Json)
