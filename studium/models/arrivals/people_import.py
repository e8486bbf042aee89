"""Imports of people from CSV: a plan first, and what became of it."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from studium.kit.db.tables import Base, EnumText, Json
from studium.models.columns import CreatedAt, JsonObject, PrimaryKey, check, one_of


class PeopleImportStatus(StrEnum):
    """How far an import is. Nothing is changed before it is applied; one that failed or expired has changed nothing."""

    QUEUED = "queued"
    PLANNING = "planning"
    PLANNED = "planned"
    APPLYING = "applying"
    DONE = "done"
    FAILED = "failed"


class InviteMode(StrEnum):
    """Whom an import invites to choose a first password: nobody, whom it makes, or everybody not invited before."""

    NONE = "none"
    NEW = "new"
    ALL = "all"


class PlannedAction(StrEnum):
    """What a row of the file will do. Rows that change nothing are only counted."""

    CREATE = "create"
    CHANGE = "change"
    ERROR = "error"


class PeopleImport(Base):
    """One import that an admin asked for. `counts` is by what rows do, and `applied` by what they did.

    `storage_path` is where the upload waits, null once it is read; `cursor_line` is the last line that was carried out;
    `password_hash` is of a password that nobody knows, for the accounts that are made.
    """

    __tablename__ = "people_imports"
    __table_args__ = (
        check("ck_people_imports_status", one_of("status", PeopleImportStatus)),
        check("ck_people_imports_invite", one_of("invite", InviteMode)),
        check("ck_people_imports_progress", "progress_done >= 0", "progress_total >= 0"),
        check("ck_people_imports_finished", "(status IN ('done','failed')) = (finished_at IS NOT NULL)"),
        Index("ix_people_imports_owner_created_at", "owner_id", "created_at"),
    )

    id: Mapped[PrimaryKey]
    owner_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    original_filename: Mapped[str] = mapped_column(String(255))
    file_size: Mapped[int] = mapped_column(BigInteger)
    storage_path: Mapped[str | None] = mapped_column(String(1024), index=True)
    invite: Mapped[InviteMode] = mapped_column(EnumText(InviteMode), default=InviteMode.NONE)
    status: Mapped[PeopleImportStatus] = mapped_column(
        EnumText(PeopleImportStatus), default=PeopleImportStatus.QUEUED, index=True
    )
    progress_done: Mapped[int] = mapped_column(default=0)
    progress_total: Mapped[int] = mapped_column(default=0)
    counts: Mapped[JsonObject | None] = mapped_column(Json)
    applied: Mapped[JsonObject | None] = mapped_column(Json)
    fault: Mapped[JsonObject | None] = mapped_column(Json)
    cursor_line: Mapped[int] = mapped_column(default=0)
    password_hash: Mapped[str | None] = mapped_column(String(255))
    created_at: Mapped[CreatedAt]
    planned_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]


class PeopleImportRow(Base):
    """What one line of the file will do. `wanted` is what is written, `changes` are `{field, before, after}`.

    `user_id` is the person, also of one who is yet to be made; `version` is the edition of the person that the plan was
    made for. `skipped` is why a row was not carried out after all.
    """

    __tablename__ = "people_import_rows"
    __table_args__ = (
        check("ck_people_import_rows_action", one_of("action", PlannedAction)),
        Index("ix_people_import_rows_user_id", "user_id"),
    )

    import_id: Mapped[UUID] = mapped_column(ForeignKey("people_imports.id", ondelete="CASCADE"), primary_key=True)
    line: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    action: Mapped[PlannedAction] = mapped_column(EnumText(PlannedAction))
    user_id: Mapped[UUID | None]
    version: Mapped[int | None]
    email: Mapped[str | None] = mapped_column(String(255))
    external_id: Mapped[str | None] = mapped_column(String(255))
    wanted: Mapped[JsonObject | None] = mapped_column(Json)
    changes: Mapped[list[JsonObject] | None] = mapped_column(Json)
    field: Mapped[str | None] = mapped_column(String(50))
    code: Mapped[str | None] = mapped_column(String(50))
    detail: Mapped[str | None] = mapped_column(String(500))
    skipped: Mapped[str | None] = mapped_column(String(50))
