"""What the catalogue shows about a course's learners, counted where they are written."""

from uuid import UUID

from sqlalchemy import ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from studium.kit.db.tables import Base
from studium.models.columns import check

_ZERO = text("0")


class CourseCounts(Base):
    """One course's enrollments ever made, its reviews, and the sum of their stars.

    Triggers of the database keep it, whoever writes: a row comes with its course, and follows each enrollment and each
    rating in the transaction that writes those. Counting enrollments for each card would grow with the school.
    """

    __tablename__ = "course_counts"
    __table_args__ = (
        check("ck_course_counts", "enrollments >= 0", "ratings >= 0", "rating_sum >= 0"),
        Index("ix_course_counts_enrollments", "enrollments", "course_id"),
    )

    course_id: Mapped[UUID] = mapped_column(ForeignKey("courses.id", ondelete="CASCADE"), primary_key=True)
    enrollments: Mapped[int] = mapped_column(server_default=_ZERO)
    ratings: Mapped[int] = mapped_column(server_default=_ZERO)
    rating_sum: Mapped[int] = mapped_column(server_default=_ZERO)
