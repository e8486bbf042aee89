"""Changes of a person's address, which both mailboxes have to agree to."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from studium.kit.db.tables import Base
from studium.models.columns import CreatedAt, PrimaryKey

_OPEN = text("ended_at IS NULL")


class AddressChange(Base):
    """One wish for another address. Each mailbox gets a link that works once; nothing of its text is kept.

    It is open until `expires_at`, unless it is done or void before (`ended_at`); a person has one that is open at most.
    The new address belongs to nobody meanwhile.
    """

    __tablename__ = "address_changes"
    __table_args__ = (
        Index("uq_address_changes_open", "user_id", unique=True, sqlite_where=_OPEN, postgresql_where=_OPEN),
    )

    id: Mapped[PrimaryKey]
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    old_email: Mapped[str] = mapped_column(String(255))
    new_email: Mapped[str] = mapped_column(String(255))
    created_at: Mapped[CreatedAt]
    expires_at: Mapped[datetime] = mapped_column(index=True)
    proved_at: Mapped[datetime | None]
    """When the link in the new mailbox was followed."""
    agreed_at: Mapped[datetime | None]
    """When the link in the old mailbox was followed."""
    ended_at: Mapped[datetime | None]
