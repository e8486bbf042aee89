"""Who did what that matters later."""

from uuid import UUID

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from studium.kit.tables import Base, Json
from studium.models.columns import JsonObject, Moment, PrimaryKey
from studium.models.user import User


class AuditEvent(Base):
    """One entry of the record; entries are added, never changed. Without an actor the system itself did it."""

    __tablename__ = "audit_events"
    __table_args__ = (Index("ix_audit_events_target", "target_type", "target_id"),)

    id: Mapped[PrimaryKey]
    occurred_at: Mapped[Moment] = mapped_column(index=True)
    action: Mapped[str] = mapped_column(String(80))
    outcome: Mapped[str] = mapped_column(String(20))
    actor_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id", ondelete="RESTRICT"), index=True)
    target_type: Mapped[str | None] = mapped_column(String(40))
    target_id: Mapped[UUID | None]
    address: Mapped[str | None] = mapped_column(String(45))
    details: Mapped[JsonObject | None] = mapped_column(Json)

    actor: Mapped[User | None] = relationship(lazy="raise")
