"""The jobs behind imports of people, and what is forgotten of them."""

from datetime import timedelta
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from studium.events import PeopleImportConfirmed, PeopleImportRequested
from studium.kit.base.clock import now
from studium.kit.base.problems import DependencyDown, Overloaded, StorageFull
from studium.kit.jobs.events import on
from studium.kit.jobs.registry import PermanentJobError, enqueue, job, periodic, reason_of
from studium.kit.runtime import Runtime
from studium.models import PeopleImport, PeopleImportRow, PeopleImportStatus
from studium.modules.exchange.downloads import downloaded
from studium.modules.exchange.people.actions import GOOD_FOR
from studium.modules.exchange.people.applying import apply_batch
from studium.modules.exchange.people.plan import Overtaken, finish, make_plan

_KEPT = timedelta(days=30)
"""How long the rows of an import that was carried out can be looked at: they hold names and addresses."""

_OPEN = (PeopleImportStatus.QUEUED, PeopleImportStatus.PLANNING)
_WENT_WRONG = {"code": "internal_error", "detail": "Something went wrong within Studium; nothing was changed."}
_GONE = {"code": "upload_gone", "detail": "The upload is gone; send it again."}
_EXPIRED = {"code": "plan_expired", "detail": "The plan was not applied within 24 hours; nothing was changed."}


@on(PeopleImportRequested, "exchange.plan_people", has_external_effects=True)
async def plan_people(runtime: Runtime, event: PeopleImportRequested) -> None:
    """Make the plan of what was uploaded. Begun again after a crash, it begins from nothing."""
    async with runtime.database.read_session() as session:
        row = await session.get(PeopleImport, event.import_id)
    if row is None or row.status not in _OPEN or row.storage_path is None:
        return
    try:
        async with downloaded(runtime, row.storage_path) as path:
            if path is None:
                await finish(runtime, row.id, fault=dict(_GONE))
            else:
                await make_plan(runtime, row.id, path, row.invite)
    except Overtaken:
        pass
    except (DependencyDown, StorageFull, Overloaded):
        raise
    except Exception as error:
        await finish(runtime, row.id, fault=dict(_WENT_WRONG))
        raise PermanentJobError(reason_of(error)) from error
    await runtime.storage.delete(row.storage_path)


@on(PeopleImportConfirmed, "exchange.apply_people")
async def apply_people(session: AsyncSession, event: PeopleImportConfirmed) -> None:
    """Carry out the first rows of a plan."""
    await _go_on(session, event.import_id)


@job("exchange.apply_more_people")
async def apply_more_people(session: AsyncSession, *, import_id: str) -> None:
    """Go on where the batch before ended."""
    await _go_on(session, UUID(import_id))


async def _go_on(session: AsyncSession, import_id: UUID) -> None:
    """One batch in the job's transaction, and the rest in the next job: a crash loses nothing and repeats nothing."""
    if await apply_batch(session, import_id):
        await enqueue(session, apply_more_people, import_id=str(import_id))


@periodic("exchange.sweep_people_imports", seconds=3600)
async def sweep_people_imports(runtime: Runtime) -> None:
    """End plans that nobody applied in time, and forget the rows of what was carried out a month ago."""
    at = now()
    old = PeopleImport.status == PeopleImportStatus.PLANNED, PeopleImport.planned_at <= at - GOOD_FOR
    async with runtime.database.write_session() as session:
        for row in (await session.execute(select(PeopleImport).where(*old).with_for_update())).scalars():
            row.status, row.finished_at, row.fault = PeopleImportStatus.FAILED, at, dict(_EXPIRED)
        await session.flush()
        ended = PeopleImport.status == PeopleImportStatus.FAILED, PeopleImport.finished_at <= at
        done = PeopleImport.status == PeopleImportStatus.DONE, PeopleImport.finished_at <= at - _KEPT
        for which in (ended, done):
            forgotten = PeopleImportRow.import_id.in_(select(PeopleImport.id).where(*which))
            await session.execute(delete(PeopleImportRow).where(forgotten))


@periodic("exchange.fail_lost_people_imports", seconds=lambda settings: settings.sweep_seconds)
async def fail_lost_people_imports(runtime: Runtime) -> None:
    """Tell those who wait for a plan that no job will ever make."""
    waiting = runtime.jobs.waiting_ids(plan_people, "import_id")
    lost = PeopleImport.status.in_(_OPEN), PeopleImport.storage_path.is_not(None), PeopleImport.id.not_in(waiting)
    async with runtime.database.read_session() as session:
        found = (await session.execute(select(PeopleImport.id).where(*lost))).scalars().all()
    for import_id in found:
        try:
            await finish(runtime, import_id, fault=dict(_WENT_WRONG))
        except Overtaken:
            continue
