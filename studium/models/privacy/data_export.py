"""Exports: everything that is known of one person, as one ZIP that is kept for a week."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from studium.kit.db.tables import Base
from studium.models.columns import CreatedAt, PrimaryKey, check


class DataExport(Base):
    """One wish for what is known of a person, by themselves or, with a reason, by an admin.

    A job makes the ZIP (`storage_path`, from `done_at` on) and mails a ticket for it to whoever asked. The row and the
    ZIP go at `expires_at`, or with the person.
    """

    __tablename__ = "data_exports"
    __table_args__ = (
        check("ck_data_exports_done", "(done_at IS NULL) = (storage_path IS NULL)"),
        check("ck_data_exports_size", "file_size >= 0"),
    )

    id: Mapped[PrimaryKey]
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    requested_by: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    requested_at: Mapped[CreatedAt]
    reason: Mapped[str | None] = mapped_column(String(500))
    done_at: Mapped[datetime | None]
    storage_path: Mapped[str | None] = mapped_column(String(1024))
    file_size: Mapped[int | None] = mapped_column(BigInteger)
    expires_at: Mapped[datetime] = mapped_column(index=True)
