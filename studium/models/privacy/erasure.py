"""Erasures: people who asked to be forgotten, or whom the school forgets."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from studium.kit.db.tables import Base, EnumText
from studium.models.columns import CreatedAt, PrimaryKey, check, one_of

_STANDS = text("cancelled_at IS NULL")
_PENDING = text("cancelled_at IS NULL AND done_at IS NULL")


class ErasedCertificates(StrEnum):
    """What an erased person's certificates say afterwards: the name as it was, or none. They verify either way."""

    KEEP = "keep"
    WITHHOLD_NAME = "withhold_name"


class Erasure(Base):
    """One wish to erase a person. It waits until `due_at`, may be cancelled until then, and is done once for ever.

    When it is due the account is closed (`closed_at`) and a while later, when no request of theirs is under way any
    more, the person is erased (`done_at`). Without `requested_by` the retention rules of the school asked for it.
    """

    __tablename__ = "erasures"
    __table_args__ = (
        check("ck_erasures_certificates", one_of("certificates", ErasedCertificates)),
        check("ck_erasures_done", "done_at IS NULL OR (cancelled_at IS NULL AND reason IS NULL)"),
        Index("uq_erasures_standing", "user_id", unique=True, sqlite_where=_STANDS, postgresql_where=_STANDS),
        Index("ix_erasures_pending_due_at", "due_at", sqlite_where=_PENDING, postgresql_where=_PENDING),
    )

    id: Mapped[PrimaryKey]
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="RESTRICT"), index=True)
    requested_by: Mapped[UUID | None]
    requested_at: Mapped[CreatedAt]
    reason: Mapped[str | None] = mapped_column(String(500))
    certificates: Mapped[ErasedCertificates] = mapped_column(EnumText(ErasedCertificates))
    due_at: Mapped[datetime]
    cancelled_at: Mapped[datetime | None]
    cancelled_by: Mapped[UUID | None]
    closed_at: Mapped[datetime | None]
    done_at: Mapped[datetime | None]
