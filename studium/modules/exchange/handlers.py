"""The job that imports an upload: its effects on the database happen once, however often it is begun."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import asdict
from importlib import import_module
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from studium.access.actor import Actor
from studium.events import NOBODY, CourseImportRequested
from studium.kit.base.clock import now
from studium.kit.base.problems import DependencyDown, Overloaded, StorageFull
from studium.kit.jobs.events import on
from studium.kit.jobs.registry import PermanentJobError, Queue, reason_of
from studium.kit.runtime import Runtime
from studium.models import CourseImport, ImportPhase, ImportStatus, Role, User
from studium.modules.exchange.downloads import downloaded
from studium.modules.exchange.model.imports import ImportRequest, Report

PROGRESS_SECONDS = 0.5
MOST_SECONDS = 7200
"""How long an import may take in all. Reading has a limit of its own, STUDIUM_IMPORT_SECONDS."""
LOST = "It could not be finished, although it was tried several times; nothing was changed."
WENT_WRONG = "Something went wrong within Studium; nothing was changed."
NO_OWNER = "Only active instructors and admins import courses."
NO_COURSE = "The course that it was meant for was deleted meanwhile; nothing was changed."
GONE = "The upload is gone; send it again."
_OPEN = (ImportStatus.QUEUED, ImportStatus.RUNNING)


class _Overtaken(Exception):
    """Another run of the same job has finished the import."""


@on(
    CourseImportRequested,
    "courses.run_import",
    has_external_effects=True,
    queue=Queue.IMPORTS,
    alone_by="owner_id",
    seconds=MOST_SECONDS,
)
async def run_import(runtime: Runtime, event: CourseImportRequested) -> None:
    """Import what was uploaded, and keep the report."""
    row, owner = await _begin(runtime, event.import_id)
    if row is None or row.storage_path is None:
        return
    try:
        if owner is None:
            report = _failed("", NO_OWNER)
        elif row.into_id is None and event.into_id != NOBODY:
            report = _failed("", NO_COURSE)
        else:
            report = await _imported(runtime, row, row.storage_path, owner)
        if report.course_id is None:
            await _finish_apart(runtime, row.id, report)
    except _Overtaken:
        pass
    except (DependencyDown, StorageFull, Overloaded):
        raise
    except Exception as error:
        # A defect of ours: whoever waits is told, and the job goes to the dead letters for an operator to look at.
        await _finish_apart(runtime, row.id, _failed(row.original_filename, WENT_WRONG))
        raise PermanentJobError(reason_of(error)) from error
    await runtime.storage.delete(row.storage_path)


async def _begin(runtime: Runtime, import_id: UUID) -> tuple[CourseImport | None, Actor | None]:
    """The import, if there is still something to do, and its owner, if they may still import."""
    async with runtime.database.write_session() as session:
        row = await session.get(CourseImport, import_id)
        if row is None or row.status not in _OPEN:
            return None, None
        row.status = ImportStatus.RUNNING
        return row, await owner_of(session, row.owner_id)


async def owner_of(session: AsyncSession, user_id: UUID) -> Actor | None:
    """Somebody as the one who imports; None for those who may not."""
    role = await session.scalar(select(User.role).where(User.id == user_id, User.is_active))
    return None if role in {None, Role.STUDENT} else Actor(user_id, Role(str(role)), user_id)


def _failed(place: str, reason: str) -> Report:
    return Report(None, None, None, (), (place, reason))


async def _imported(runtime: Runtime, row: CourseImport, storage_path: str, owner: Actor) -> Report:
    async def finish(session: AsyncSession, report: Report) -> None:
        await _finish(session, row.id, report)

    async with downloaded(runtime, storage_path) as path, _watched(runtime, row.id) as watch:
        if path is None:
            return _failed(row.original_filename, GONE)
        payload = ImportRequest(path, row.original_filename, owner, row.into_id, row.is_dry_run)
        # Loading the formats takes a tenth of a start, and other requests go on meanwhile.
        actions = await asyncio.to_thread(import_module, "studium.modules.exchange.actions")
        report: Report = await actions.import_course(runtime, payload, watch.note, finish)
        return report


class _Watch:
    """What was last heard of an import, for those who look at it."""

    def __init__(self) -> None:
        self.last = (ImportPhase.READING, 0, 0)

    def note(self, phase: ImportPhase, done: int, total: int) -> None:
        self.last = (phase, done, total)


@asynccontextmanager
async def _watched(runtime: Runtime, import_id: UUID) -> AsyncIterator[_Watch]:
    """Write the progress down twice a second, in transactions of its own."""
    watch = _Watch()
    task = asyncio.create_task(_report_progress(runtime, import_id, watch))
    try:
        yield watch
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def _report_progress(runtime: Runtime, import_id: UUID, watch: _Watch) -> None:
    told = watch.last
    while True:
        await asyncio.sleep(PROGRESS_SECONDS)
        if watch.last == told:
            continue
        told = watch.last
        values = {"phase": told[0], "progress_done": told[1], "progress_total": told[2]}
        async with runtime.database.write_session() as session:
            row = update(CourseImport).where(CourseImport.id == import_id, CourseImport.status == ImportStatus.RUNNING)
            await session.execute(row.values(**values).execution_options(synchronize_session=False))


async def _finish(session: AsyncSession, import_id: UUID, report: Report) -> None:
    """Keep the report; raise _Overtaken where the import is finished already, so that nothing happens twice."""
    fault = None if report.fault is None else {"place": report.fault[0], "reason": report.fault[1]}
    values = {
        "status": ImportStatus.DONE if report.fault is None else ImportStatus.FAILED,
        "phase": ImportPhase.WRITING,
        "source_format": report.source_format,
        "outcome": report.outcome,
        "course_id": report.course_id,
        "report": [asdict(item) for item in report.items],
        "fault": fault,
        "storage_path": None,
        "finished_at": now(),
    }
    row = update(CourseImport).where(CourseImport.id == import_id, CourseImport.status.in_(_OPEN)).values(**values)
    done = await session.execute(row.returning(CourseImport.id).execution_options(synchronize_session=False))
    if done.scalar_one_or_none() is None:
        raise _Overtaken


async def fail_lost(runtime: Runtime) -> None:
    """Fail the imports that no job will ever finish: theirs is a dead letter, or dropped."""
    waiting = runtime.jobs.waiting_ids(run_import, "import_id")
    lost = select(CourseImport.id, CourseImport.original_filename).where(
        CourseImport.status.in_(_OPEN), CourseImport.id.not_in(waiting)
    )
    async with runtime.database.read_session() as session:
        rows = (await session.execute(lost)).all()
    for row in rows:
        with suppress(_Overtaken):
            await _finish_apart(runtime, row.id, _failed(row.original_filename, LOST))


async def _finish_apart(runtime: Runtime, import_id: UUID, report: Report) -> None:
    async with runtime.database.write_session() as session:
        await _finish(session, import_id, report)
