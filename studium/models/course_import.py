"""Imports of courses: each one as a job that can be watched, and what it brought, so that again brings it once."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from studium.kit.db.tables import Base, EnumText, Json
from studium.models.columns import CreatedAt, JsonObject, PrimaryKey, check, one_of


class ImportStatus(StrEnum):
    """How far an import is. A failed one has changed nothing."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


class ImportPhase(StrEnum):
    """What a running import does at the moment."""

    READING = "reading"
    FILES = "files"
    WRITING = "writing"


class CourseImport(Base):
    """One import that somebody asked for. `report` names every item of the material with its fate.

    `into_id` is the course that questions were meant for, `course_id` the one that came of it; `storage_path` is where
    the upload waits, null once it is read; sizes are bytes; `fault` is `{place, reason}` of a failed one.
    """

    __tablename__ = "course_imports"
    __table_args__ = (
        check("ck_course_imports_status", one_of("status", ImportStatus)),
        check("ck_course_imports_phase", one_of("phase", ImportPhase)),
        check("ck_course_imports_progress", "progress_done >= 0", "progress_total >= 0"),
        check("ck_course_imports_finished", "(status IN ('done','failed')) = (finished_at IS NOT NULL)"),
        Index("ix_course_imports_owner_created_at", "owner_id", "created_at"),
        Index("ix_course_imports_storage_path", "storage_path"),
    )

    id: Mapped[PrimaryKey]
    owner_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    into_id: Mapped[UUID | None] = mapped_column(ForeignKey("courses.id", ondelete="SET NULL"), index=True)
    course_id: Mapped[UUID | None] = mapped_column(ForeignKey("courses.id", ondelete="SET NULL"), index=True)
    original_filename: Mapped[str] = mapped_column(String(255))
    file_size: Mapped[int] = mapped_column(BigInteger)
    storage_path: Mapped[str | None] = mapped_column(String(1024))
    is_dry_run: Mapped[bool] = mapped_column(default=False)
    status: Mapped[ImportStatus] = mapped_column(EnumText(ImportStatus), default=ImportStatus.QUEUED)
    phase: Mapped[ImportPhase] = mapped_column(EnumText(ImportPhase), default=ImportPhase.READING)
    progress_done: Mapped[int] = mapped_column(default=0)
    progress_total: Mapped[int] = mapped_column(default=0)
    source_format: Mapped[str | None] = mapped_column(String(50))
    outcome: Mapped[str | None] = mapped_column(String(50))
    report: Mapped[list[JsonObject] | None] = mapped_column(Json)
    fault: Mapped[JsonObject | None] = mapped_column(Json)
    created_at: Mapped[CreatedAt]
    finished_at: Mapped[datetime | None]


class ImportedItem(Base):
    """What became of one item of a source: the lesson or file `item_id`. `checksum` is the SHA-256 of how it came.

    `parts` has the digest of each value as it came: one that stands otherwise now was changed here, and a later import
    of the same source leaves it alone. Items that were imported before there were parts have none.
    """

    __tablename__ = "imported_items"
    __table_args__ = (check("ck_imported_items_kind", "kind IN ('course','lesson','file')"),)

    course_id: Mapped[UUID] = mapped_column(ForeignKey("courses.id", ondelete="CASCADE"), primary_key=True)
    source: Mapped[str] = mapped_column(String(255), primary_key=True)
    kind: Mapped[str] = mapped_column(String(50), primary_key=True)
    external_id: Mapped[str] = mapped_column(String(255), primary_key=True)
    item_id: Mapped[UUID]
    checksum: Mapped[str] = mapped_column(String(64))
    parts: Mapped[JsonObject | None] = mapped_column(Json)
