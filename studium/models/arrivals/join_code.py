"""Codes with which students enrol themselves."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from studium.kit.db.tables import Base
from studium.models.columns import CreatedAt, PrimaryKey, check


class JoinCode(Base):
    """A code that staff hand out.

    Without `expires_at` it is good until it is revoked, without `max_uses` for any number of students.
    """

    __tablename__ = "join_codes"
    __table_args__ = (
        check("ck_join_codes_uses", "uses_count >= 0", "max_uses IS NULL OR uses_count <= max_uses"),
        Index("ix_join_codes_course_created_at", "course_id", "created_at"),
    )

    id: Mapped[PrimaryKey]
    course_id: Mapped[UUID] = mapped_column(ForeignKey("courses.id", ondelete="CASCADE"))
    code: Mapped[str] = mapped_column(String(8), unique=True)
    created_by: Mapped[UUID | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"), index=True)
    created_at: Mapped[CreatedAt]
    expires_at: Mapped[datetime | None]
    max_uses: Mapped[int | None]
    uses_count: Mapped[int] = mapped_column(default=0)
    revoked_at: Mapped[datetime | None]
