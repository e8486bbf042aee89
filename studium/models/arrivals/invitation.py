"""Invitations to courses, for addresses that have no account yet or whose owner must first agree."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from studium.kit.db.tables import Base
from studium.models.columns import CreatedAt, PrimaryKey, check


class CourseInvitation(Base):
    """An address that staff want in a course. It is open until it is withdrawn or `expires_at`, or its owner is in.

    Being invited again renews the row. `mailed_at` outlives a withdrawal: one mail a day is the most that an address
    gets about a course.
    """

    __tablename__ = "course_invitations"
    __table_args__ = (
        check("ck_course_invitations_email_lower", "email = lower(email)"),
        UniqueConstraint("course_id", "email", name="uq_course_invitations_course_email"),
        Index("ix_course_invitations_course_created_at", "course_id", "created_at"),
    )

    id: Mapped[PrimaryKey]
    course_id: Mapped[UUID] = mapped_column(ForeignKey("courses.id", ondelete="CASCADE"))
    email: Mapped[str] = mapped_column(String(255), index=True)
    invited_by: Mapped[UUID | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"), index=True)
    created_at: Mapped[CreatedAt]
    expires_at: Mapped[datetime] = mapped_column(index=True)
    mailed_at: Mapped[datetime | None]
    withdrawn_at: Mapped[datetime | None]
