"""Imports, as they are shown to those who asked for them."""

from datetime import datetime
from typing import Self
from uuid import UUID

from studium.kit.schema import Output
from studium.models import CourseImport, ImportPhase, ImportStatus
from studium.modules.courses.importing.items import Fate
from studium.modules.courses.importing.reader import SourceFormat
from studium.modules.courses.importing.writer import Outcome


class ProgressOut(Output):
    """What an import does at the moment, and how much of that is done."""

    phase: ImportPhase
    done: int
    total: int


class ReportItemOut(Output):
    """One item of the material: where it stands (`path:line`), and what became of it and why."""

    name: str
    place: str
    fate: Fate
    what: str
    why: str


class FaultOut(Output):
    """Where an import failed, and why."""

    place: str
    reason: str


class ImportOut(Output):
    """An import. `report` and `outcome` are there when it is done; of a dry run they say what would have come."""

    id: UUID
    status: ImportStatus
    dry_run: bool
    original_filename: str
    file_size: int
    progress: ProgressOut
    format: SourceFormat | None
    outcome: Outcome | None
    course_id: UUID | None
    summary: dict[Fate, int]
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
            progress=ProgressOut(phase=row.phase, done=row.progress_done, total=row.progress_total),
            format=None if row.source_format is None else SourceFormat(row.source_format),
            outcome=None if row.outcome is None else Outcome(row.outcome),
            course_id=row.course_id,
            summary={fate: sum(item.fate is fate for item in items) for fate in Fate},
            report=items,
            fault=None if row.fault is None else FaultOut.model_validate(row.fault),
            created_at=row.created_at,
            finished_at=row.finished_at,
        )
