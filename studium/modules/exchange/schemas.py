"""Imports, as they are shown to those who asked for them."""

from datetime import datetime
from typing import Self
from uuid import UUID

from studium.kit.db.prepared import Record
from studium.kit.http.schemas import ResponseModel
from studium.models import CourseImport, ImportPhase, ImportStatus
from studium.modules.exchange.model.imports import Outcome, SourceFormat
from studium.modules.exchange.model.items import ImportOutcome


class ImportProgressOut(ResponseModel):
    """What an import does at the moment, and how much of that is done."""

    phase: ImportPhase
    done: int
    total: int


class ReportItemOut(ResponseModel):
    """One item of the material: where it stands (`path:line`), and what became of it and why.

    Where many have the same fate for the same reason, one line stands for `count` of them.
    """

    name: str
    place: str
    fate: ImportOutcome
    what: str
    why: str
    count: int = 1


class FaultOut(ResponseModel):
    """Where an import failed, and why."""

    place: str
    reason: str


class ImportCard(ResponseModel):
    """An import in a list, without its report."""

    id: UUID
    status: ImportStatus
    dry_run: bool
    original_filename: str
    file_size: int
    progress: ImportProgressOut
    format: SourceFormat | None
    outcome: Outcome | None
    course_id: UUID | None
    fault: FaultOut | None
    created_at: datetime
    finished_at: datetime | None

    @classmethod
    def of_record(cls, row: Record) -> Self:
        """The card of a row of a hot read."""
        return cls(
            id=row["id"],
            status=ImportStatus(row["status"]),
            dry_run=row["is_dry_run"],
            original_filename=row["original_filename"],
            file_size=row["file_size"],
            progress=ImportProgressOut(
                phase=ImportPhase(row["phase"]), done=row["progress_done"], total=row["progress_total"]
            ),
            format=None if row["source_format"] is None else SourceFormat(row["source_format"]),
            outcome=None if row["outcome"] is None else Outcome(row["outcome"]),
            course_id=row["course_id"],
            fault=None if row["fault"] is None else FaultOut.model_validate(row["fault"]),
            created_at=row["created_at"],
            finished_at=row["finished_at"],
        )


class ImportOut(ResponseModel):
    """An import. `report` and `outcome` are there when it is done; of a dry run they say what would have come."""

    id: UUID
    status: ImportStatus
    dry_run: bool
    original_filename: str
    file_size: int
    progress: ImportProgressOut
    format: SourceFormat | None
    outcome: Outcome | None
    course_id: UUID | None
    summary: dict[ImportOutcome, int]
    report: list[ReportItemOut]
    fault: FaultOut | None
    created_at: datetime
    finished_at: datetime | None

    @classmethod
    def of(cls, row: CourseImport) -> Self:
        """An import from its row."""
        items = [ReportItemOut.model_validate(item) for item in row.report or ()]
        return cls(
            id=row.id,
            status=row.status,
            dry_run=row.is_dry_run,
            original_filename=row.original_filename,
            file_size=row.file_size,
            progress=ImportProgressOut(phase=row.phase, done=row.progress_done, total=row.progress_total),
            format=None if row.source_format is None else SourceFormat(row.source_format),
            outcome=None if row.outcome is None else Outcome(row.outcome),
            course_id=row.course_id,
            summary={fate: sum(item.count for item in items if item.fate is fate) for fate in ImportOutcome},
            report=items,
            fault=None if row.fault is None else FaultOut.model_validate(row.fault),
            created_at=row.created_at,
            finished_at=row.finished_at,
        )
