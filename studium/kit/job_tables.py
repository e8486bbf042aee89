"""The tables behind jobs: the queue of the embedded engine, and receipts of what was done."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from studium.kit.tables import Base, Json


class JobRow(Base):
    """A job of the embedded engine. It is deleted when done; a dead one stays for an operator."""

    __tablename__ = "jobs"
    __table_args__ = (
        CheckConstraint("state IN ('ready','running','dead')", name="ck_jobs_state"),
        Index("ix_jobs_state_run_at", "state", "run_at"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(200))
    payload: Mapped[dict[str, str]] = mapped_column(Json)
    state: Mapped[str] = mapped_column(String(20), default="ready", server_default=text("'ready'"))
    tries: Mapped[int] = mapped_column(default=0, server_default=text("0"))
    run_at: Mapped[datetime]
    owner: Mapped[str | None] = mapped_column(String(200))
    lease_until: Mapped[datetime | None]
    error: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime]


class JobReceipt(Base):
    """A job whose effects are in the database: written with them, so that a second run finds them done."""

    __tablename__ = "job_receipts"

    job_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    done_at: Mapped[datetime] = mapped_column(index=True)
