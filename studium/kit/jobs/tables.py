"""The tables behind jobs: those of the embedded engine, receipts of what was done, and what workers died of."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from studium.kit.db.tables import Base, Json


class JobRow(Base):
    """A job of the embedded engine. It is deleted when done; a dead one stays for an operator.

    `tries` counts the starts, `deaths` the workers that died meanwhile. Jobs with the same `lock` run one by one.
    """

    __tablename__ = "jobs"
    __table_args__ = (
        CheckConstraint("state IN ('ready','running','dead')", name="ck_jobs_state"),
        Index("ix_jobs_state_run_at", "state", "run_at"),
        Index("ix_jobs_lock", "lock"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(200))
    payload: Mapped[dict[str, str]] = mapped_column(Json)
    state: Mapped[str] = mapped_column(String(20), default="ready", server_default=text("'ready'"))
    tries: Mapped[int] = mapped_column(default=0, server_default=text("0"))
    deaths: Mapped[int] = mapped_column(default=0, server_default=text("0"))
    queue: Mapped[str] = mapped_column(String(50), default="default", server_default=text("'default'"))
    lock: Mapped[str | None] = mapped_column(String(300))
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


class JobDeaths(Base):
    """How many workers died while they ran a job of Procrastinate, which does not count that itself."""

    __tablename__ = "job_deaths"

    job_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    deaths: Mapped[int]
    noted_at: Mapped[datetime] = mapped_column(index=True)
