"""Certificates."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from studium.kit.db.tables import Base
from studium.models.columns import CreatedAt, PrimaryKey, check
from studium.models.course import Course
from studium.models.enrollment import Enrollment
from studium.models.user import User


class Certificate(Base):
    """Proof of a completed course, one per enrollment for ever; no foreign key can take it away.

    The row is the truth, with names as they were at issue; the PDF at `pdf_path` can be drawn again at any time.
    """

    __tablename__ = "certificates"
    __table_args__ = (
        check("ck_certificates_revoked", "is_revoked = (revoked_at IS NOT NULL)"),
        check("ck_certificates_revocation_reason", "is_revoked OR revocation_reason IS NULL"),
        Index("ix_certificates_student_revoked_issued_at", "student_id", "is_revoked", "issued_at"),
    )

    id: Mapped[PrimaryKey]
    enrollment_id: Mapped[UUID] = mapped_column(
        ForeignKey("enrollments.id", ondelete="RESTRICT"), unique=True, index=True
    )
    student_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="RESTRICT"), index=True)
    course_id: Mapped[UUID] = mapped_column(ForeignKey("courses.id", ondelete="RESTRICT"), index=True)
    certificate_number: Mapped[str] = mapped_column(String(50), unique=True, index=True)
    pdf_path: Mapped[str] = mapped_column(String(1024))
    student_name: Mapped[str] = mapped_column(String(255))
    course_title: Mapped[str] = mapped_column(String(255))
    instructor_name: Mapped[str] = mapped_column(String(255))
    completion_date: Mapped[datetime]
    issued_at: Mapped[CreatedAt]
    is_revoked: Mapped[bool] = mapped_column(default=False)
    revoked_at: Mapped[datetime | None]
    revocation_reason: Mapped[str | None] = mapped_column(String(500))

    enrollment: Mapped[Enrollment] = relationship(lazy="raise")
    student: Mapped[User] = relationship(lazy="raise")
    course: Mapped[Course] = relationship(lazy="raise")
