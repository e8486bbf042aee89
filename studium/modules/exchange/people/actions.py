"""Asking for a plan, and for its being carried out."""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import and_, exists, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from studium.access.audit import record_audit
from studium.events import PeopleImportConfirmed, PeopleImportRequested
from studium.kit.base.clock import now
from studium.kit.base.ids import new_id
from studium.kit.base.problems import NotFound
from studium.kit.jobs.events import publish
from studium.models import InviteMode, PeopleImport, PeopleImportRow, PeopleImportStatus, PlannedAction, User
from studium.modules.exchange.people.errors import NotPlanned, PlanStale

GOOD_FOR = timedelta(hours=24)
"""How long a plan can be applied."""


def good_until(row: PeopleImport) -> datetime | None:
    """Until when the plan can be applied; None without one."""
    return None if row.planned_at is None else row.planned_at + GOOD_FOR


def new_import(owner_id: UUID, label: str, *, size: int, rows: int, invite: InviteMode) -> PeopleImport:
    """An import that nothing has been done about yet."""
    return PeopleImport(
        id=new_id(),
        owner_id=owner_id,
        original_filename=label,
        file_size=size,
        invite=invite,
        status=PeopleImportStatus.QUEUED,
        progress_done=0,
        progress_total=rows,
        cursor_line=0,
        created_at=now(),
    )


async def request_plan(session: AsyncSession, row: PeopleImport, path: str) -> None:
    """Store the wish; a job makes the plan of the upload that lies at `path` in the storage."""
    row.storage_path = path
    session.add(row)
    await session.flush()
    await publish(session, PeopleImportRequested(import_id=row.id))


async def find_import(session: AsyncSession, import_id: UUID, *, locked: bool = False) -> PeopleImport:
    """An import; raise NotFound."""
    row = await session.get(PeopleImport, import_id, with_for_update=locked or None, populate_existing=locked)
    if row is None:
        message = "There is no such import."
        raise NotFound(message)
    return row


async def apply_plan(session: AsyncSession, actor_id: UUID, row: PeopleImport, password_hash: str) -> None:
    """Have the plan of a locked import carried out; one that is being, or was, is left alone.

    `password_hash` is of a password that nobody knows. Raises NotPlanned, PlanStale.
    """
    if row.status in {PeopleImportStatus.APPLYING, PeopleImportStatus.DONE}:
        return
    until = good_until(row)
    if row.status is not PeopleImportStatus.PLANNED or until is None:
        message = "There is no plan to apply: look at the import's status."
        raise NotPlanned(message)
    if until <= now() or await _is_stale(session, row.id):
        message = "Something has changed since the plan was made; import the file again."
        raise PlanStale(message)
    counts = {name: int(str(value)) for name, value in (row.counts or {}).items()}
    row.status, row.password_hash = PeopleImportStatus.APPLYING, password_hash
    row.progress_done, row.progress_total = 0, counts["create"] + counts["change"]
    await session.flush()
    target = "people_import", row.id
    await record_audit(session, "people_imports.applied", actor_id=actor_id, target=target, counts=counts)
    await publish(session, PeopleImportConfirmed(import_id=row.id))


async def _is_stale(session: AsyncSession, import_id: UUID) -> bool:
    """Whether somebody of the plan has changed or gone, or somebody else has what the plan gives away."""
    planned = PeopleImportRow.import_id == import_id
    same = exists().where(User.id == PeopleImportRow.user_id, User.version == PeopleImportRow.version)
    taken = exists().where(
        or_(
            and_(PeopleImportRow.email.is_not(None), User.email == PeopleImportRow.email),
            and_(PeopleImportRow.external_id.is_not(None), User.external_id == PeopleImportRow.external_id),
        ),
        User.id != PeopleImportRow.user_id,
    )
    changed = select(exists().where(planned, PeopleImportRow.action == PlannedAction.CHANGE, ~same))
    occupied = select(exists().where(planned, PeopleImportRow.action != PlannedAction.ERROR, taken))
    return bool(await session.scalar(changed)) or bool(await session.scalar(occupied))
