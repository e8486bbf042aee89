"""Uploaded files."""

from enum import StrEnum
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from studium.kit.db.tables import Base
from studium.models.columns import CreatedAt, PrimaryKey, check
from studium.models.course import Course
from studium.models.user import User

WEBVTT = "text/vtt"
"""The media type of captions."""


class FileType(StrEnum):
    """What a file is for people, whatever its format."""

    IMAGE = "image"
    DOCUMENT = "document"
    VIDEO = "video"
    AUDIO = "audio"
    ARCHIVE = "archive"
    OTHER = "other"


class UploadedFile(Base):
    """A file in the storage. `original_filename` is a label for people and never part of a path.

    `file_size` is bytes, `checksum` the SHA-256 of the stored bytes in hex. With a course, those who may read its
    lessons may read the file; when the course is deleted, the file stays its uploader's.
    """

    __tablename__ = "uploaded_files"
    __table_args__ = (
        check("ck_uploaded_files_size", "file_size >= 0"),
        Index("ix_uploaded_files_uploader_created_at", "uploader_id", "created_at"),
        Index("ix_uploaded_files_checksum", "checksum"),
        Index("ix_uploaded_files_uploader_type_created_at", "uploader_id", "file_type", "created_at"),
    )

    id: Mapped[PrimaryKey]
    uploader_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    course_id: Mapped[UUID | None] = mapped_column(ForeignKey("courses.id", ondelete="SET NULL"), index=True)
    filename: Mapped[str] = mapped_column(String(255), unique=True)
    original_filename: Mapped[str] = mapped_column(String(255))
    file_url: Mapped[str] = mapped_column(String(1024))
    storage_path: Mapped[str] = mapped_column(String(1024))
    file_type: Mapped[str] = mapped_column(String(50), default="other")
    mime_type: Mapped[str] = mapped_column(String(100))
    file_size: Mapped[int] = mapped_column(BigInteger)
    checksum: Mapped[str] = mapped_column(String(64))
    folder: Mapped[str] = mapped_column(String(100), default="uploads")
    storage_provider: Mapped[str] = mapped_column(String(50), default="local")
    is_public: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[CreatedAt]

    uploader: Mapped[User] = relationship(lazy="raise")
    course: Mapped[Course | None] = relationship(lazy="raise")
