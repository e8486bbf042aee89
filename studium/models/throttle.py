"""What the throttles count."""

from sqlalchemy import Index, String
from sqlalchemy.orm import Mapped, mapped_column

from studium.kit.db.tables import Base
from studium.models.columns import CreatedAt, PrimaryKey


class ThrottleHit(Base):
    """One counted happening (mostly a failure) of one subject. `key` is a hash, so no address or name lies here."""

    __tablename__ = "throttle_hits"
    __table_args__ = (Index("ix_throttle_hits_scope_key_occurred_at", "scope", "key", "occurred_at"),)

    id: Mapped[PrimaryKey]
    scope: Mapped[str] = mapped_column(String(40))
    key: Mapped[str] = mapped_column(String(64))
    occurred_at: Mapped[CreatedAt] = mapped_column(index=True)
