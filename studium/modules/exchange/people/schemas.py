"""Imports of people, as admins see them."""

from datetime import datetime
from typing import Any, Self
from uuid import UUID

from pydantic import ConfigDict, Field

from studium.kit.http.schemas import RequestModel, ResponseModel
from studium.models import InviteMode, PeopleImport, PeopleImportStatus, PlannedAction
from studium.modules.exchange.people.actions import good_until


class PeopleImportFields(RequestModel):
    """The fields beside the file; a form sends texts."""

    model_config = ConfigDict(extra="forbid", strict=False)

    invite: InviteMode = InviteMode.NONE


class PeopleProgressOut(ResponseModel):
    """How many rows are judged, or carried out, of how many."""

    done: int
    total: int


class PeopleFaultOut(ResponseModel):
    """Why an import failed; nothing was changed."""

    code: str
    detail: str


class PlannedChangeOut(ResponseModel):
    """A value that the row changes, or for a new person gives."""

    field: str
    before: str | bool | None
    after: str | bool | None


class PeopleImportRowOut(ResponseModel):
    """What a line of the file does. An error has `field` (where it is about one), `code` and `detail`.

    `skipped` says why it was not carried out after all: `changed_meanwhile`.
    """

    line: int
    action: PlannedAction
    user_id: UUID | None
    changes: list[PlannedChangeOut]
    field: str | None
    code: str | None
    detail: str | None
    skipped: str | None


class PeopleImportOut(ResponseModel):
    """An import of people. `counts` is the plan, `applied` what was done of it.

    `counts` has `rows`, `create`, `change`, `unchanged`, `error`, `enrollments`, `invitations`, `errors_not_listed`;
    `applied` has `create`, `change`, `skipped`, `enrollments`, `invitations`. Among `rows` are a hundred errors at
    most, and none that change nothing.
    """

    id: UUID
    status: PeopleImportStatus
    invite: InviteMode
    original_filename: str
    file_size: int
    progress: PeopleProgressOut
    counts: dict[str, int] | None
    applied: dict[str, int] | None
    fault: PeopleFaultOut | None
    created_at: datetime
    planned_at: datetime | None
    expires_at: datetime | None
    """Until when the plan can be applied."""
    finished_at: datetime | None
    rows: list[PeopleImportRowOut] = Field(default_factory=list)
    next_cursor: str | None = None

    @classmethod
    def of(
        cls, row: PeopleImport, rows: list[PeopleImportRowOut] | None = None, next_cursor: str | None = None
    ) -> Self:
        """An import from its row."""
        # PostgreSQL keeps no order of names; an answer shall not tell from which database it comes.
        kept = {"counts": row.counts, "applied": row.applied}
        numbers: dict[str, Any] = {name: counts and dict(sorted(counts.items())) for name, counts in kept.items()}
        return cls(
            id=row.id,
            status=row.status,
            invite=row.invite,
            original_filename=row.original_filename,
            file_size=row.file_size,
            progress=PeopleProgressOut(done=row.progress_done, total=row.progress_total),
            **numbers,
            fault=None if row.fault is None else PeopleFaultOut.model_validate(row.fault),
            created_at=row.created_at,
            planned_at=row.planned_at,
            expires_at=good_until(row),
            finished_at=row.finished_at,
            rows=rows or [],
            next_cursor=next_cursor,
        )
