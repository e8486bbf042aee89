"""Importing: read the material, take its files in, and write the course, all of it or nothing."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from studium.access.audit import record_audit
from studium.access.permissions import editable_course
from studium.kit.base.problems import DependencyDown, Overloaded, Problem, StorageFull
from studium.kit.runtime import Runtime
from studium.models import Course, ImportPhase, User
from studium.modules.courses.errors import ImportRefused
from studium.modules.exchange.model.grouping import grouped
from studium.modules.exchange.model.imports import ImportRequest, Outcome, Report
from studium.modules.exchange.model.items import CourseItem
from studium.modules.exchange.model.texts import CourseFormatError
from studium.modules.exchange.model.wishes import with_addresses
from studium.modules.exchange.reading.limited import ReadingFailed, read_limited
from studium.modules.exchange.reading.reader import Found
from studium.modules.exchange.writing.identity import SourceIdentity, identified
from studium.modules.exchange.writing.prepared import Prepared, prepared
from studium.modules.exchange.writing.returned import Returned
from studium.modules.exchange.writing.taking import Files, Intake, Progress
from studium.modules.exchange.writing.updating import update_course
from studium.modules.exchange.writing.writer import Written, create_course, record_files
from studium.modules.files.actions_intake import add_taken
from studium.modules.files.temporary_uploads import new_path

Finish = Callable[[AsyncSession, Report], Awaitable[None]]


class _DryRun(Exception):
    """Ends the transaction of a dry run."""


async def import_course(runtime: Runtime, payload: ImportRequest, progress: Progress, finish: Finish) -> Report:
    """Import a course; what the material is to blame for is in the report, other failures are raised.

    `finish` is called in the transaction that writes the course. Raises DependencyDown, StorageFull, Overloaded.
    """
    progress(ImportPhase.READING, 0, 1)
    spool = new_path(runtime.storage.incoming)
    try:
        found = await read_limited(runtime, payload.path, payload.filename, spool)
        progress(ImportPhase.READING, 1, 1)
        return await _written(runtime, payload, found, spool, progress, finish)
    except ReadingFailed as failed:
        return replace(_failed(failed.place, failed.reason), items=failed.report)
    finally:
        await asyncio.to_thread(spool.unlink, missing_ok=True)


async def _written(
    runtime: Runtime, payload: ImportRequest, found: Found, spool: Path, progress: Progress, finish: Finish
) -> Report:
    try:
        return await _import(runtime, payload, found, spool, progress, finish)
    except (DependencyDown, StorageFull, Overloaded):
        raise
    except CourseFormatError as fault:
        return _failed(f"{fault.path.as_posix()}:{fault.line}", fault.reason, found)
    except Problem as problem:
        return _failed(payload.filename, problem.detail, found)


def _failed(place: str, reason: str, found: Found | None = None) -> Report:
    items = () if found is None else found.item.report
    return Report(None if found is None else found.source_format, None, None, items, (place, reason))


async def _import(
    runtime: Runtime, payload: ImportRequest, found: Found, spool: Path, progress: Progress, finish: Finish
) -> Report:
    item = found.item
    if payload.into_id is not None and not found.is_questions:
        message = "Only questions can be imported into a course that is there; a whole course makes its own."
        raise ImportRefused(message)
    material = await asyncio.to_thread(SourceIdentity.of, item)
    intake = Intake(runtime, item, spool, partial(_target, payload, material), progress, not payload.is_dry_run)
    async with intake.files() as files:
        progress(ImportPhase.WRITING, 0, 1)
        change = await _Change.prepare(item, files)
        report = Report(found.source_format, None, None, ())
        with suppress(_DryRun):
            async with runtime.database.write_session() as session:
                written = await _write(session, payload, intake, files, change)
                await _remember(session, payload, written, found)
                report = _report(found, files, written, payload)
                await (_undo if payload.is_dry_run else finish)(session, report)
        progress(ImportPhase.WRITING, 1, 1)
        return report


async def _target(
    payload: ImportRequest, material: SourceIdentity, session: AsyncSession
) -> tuple[Course | None, CourseItem]:
    into = None if payload.into_id is None else await editable_course(payload.into_id, payload.owner, session)
    return await identified(session, payload.owner.id, material, into)


@dataclass(frozen=True)
class _Change:
    """What is to be written, worked out while no session is open; `returned` where the course may be its own export."""

    addresses: Mapping[str, str]
    material: Prepared
    returned: Returned | None

    @classmethod
    async def prepare(cls, item: CourseItem, files: Files) -> "_Change":
        addresses = files.addresses
        material = await asyncio.to_thread(prepared, item, with_addresses(addresses))
        returned = await Returned.prepare(files.known.text, files.known.names) if item.is_by_slug else None
        return cls(addresses, material, returned)


async def _undo(session: AsyncSession, report: Report) -> None:
    """Let nothing of a dry run stay."""
    del session, report
    raise _DryRun


async def _remember(session: AsyncSession, payload: ImportRequest, written: Written, found: Found) -> None:
    """Put it on the record that the course was made or changed by an import."""
    if written.outcome is not Outcome.UNCHANGED:
        target, told = (
            ("course", written.course.id),
            {"made": written.outcome.value, "format": found.source_format.value},
        )
        await record_audit(session, "course.imported", actor_id=payload.owner.id, target=target, **told)


def _report(found: Found, files: Files, written: Written, payload: ImportRequest) -> Report:
    items = grouped((*found.item.report, *files.report, *written.notes))
    return Report(found.source_format, written.outcome, None if payload.is_dry_run else written.course.id, items)


async def _write(
    session: AsyncSession, payload: ImportRequest, intake: Intake, files: Files, change: _Change
) -> Written:
    """Write the course under its owner's lock, so that the same import twice at once comes one after the other."""
    await session.execute(select(User.id).where(User.id == payload.owner.id).with_for_update(key_share=True))
    await intake.take_no_twice(session, files)
    if files.addresses != change.addresses:
        change = await _Change.prepare(intake.item, files)
    course, item = await intake.find(session)
    material = change.material.renamed(item.external_id)
    if course is None:
        written = await create_course(session, payload.owner.id, material)
    else:
        only_lessons = payload.into_id is not None
        written = await update_course(session, course, material, change.returned, only_lessons=only_lessons)
    if files.taken:
        await add_taken(session, payload.owner, written.course.id, files.taken)
        written.outcome = Outcome.CREATED if written.outcome is Outcome.CREATED else Outcome.UPDATED
    if files.records:
        await record_files(session, written.course, item, files.records)
    return written
