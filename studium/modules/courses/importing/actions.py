"""Importing: read the material, take its files in, and write the course, all of it or nothing."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from studium.access.actor import Actor
from studium.access.permissions import editable_course
from studium.kit.problems import DependencyDown, Overloaded, Problem, StorageFull
from studium.kit.runtime import Runtime
from studium.models import Course, ImportPhase, User
from studium.modules.courses.course_text import CourseFormatError
from studium.modules.courses.errors import ImportRefused
from studium.modules.courses.importing.export import shown_files
from studium.modules.courses.importing.file_names import file_names
from studium.modules.courses.importing.items import CourseItem, Fate, FileItem, ReportItem
from studium.modules.courses.importing.reader import Found, NothingUsable, SourceFormat, opened
from studium.modules.courses.importing.wishes import with_addresses
from studium.modules.courses.importing.writer import (
    Outcome,
    Written,
    create_course,
    find_course,
    known_items,
    record_files,
    update_course,
)
from studium.modules.courses.queries_text import stored_course
from studium.modules.files.actions_intake import Taken, add_taken, source_checksum, take, written_here
from studium.modules.files.actions_upload import MIB, address_of, discard

AT_ONCE = 4
"""Files that are judged side by side."""

Progress = Callable[[ImportPhase, int, int], None]
"""Told about each step: what is done, how much of it, and of how much."""


@dataclass(frozen=True)
class Wish:
    """What is to be imported for whom: `filename` is what people call it, `into_id` the course for questions."""

    path: Path
    filename: str
    owner: Actor
    into_id: UUID | None = None
    is_dry_run: bool = False


@dataclass(frozen=True)
class Report:
    """What came of an import. A dry run says what would have come, and has no course."""

    source_format: SourceFormat | None
    outcome: Outcome | None
    course_id: UUID | None
    items: tuple[ReportItem, ...]
    fault: tuple[str, str] | None = None
    """Where it failed, and why; then nothing was changed."""


@dataclass(frozen=True)
class _KnownFiles:
    """What lies here: by token with the source's checksum, and the course's files by exported name and checksum.

    `written` are the checksums and media types of anybody's files with the content of one of these.
    """

    remembered: dict[str, tuple[UUID, str]]
    same: dict[tuple[str, str], UUID]
    written: frozenset[tuple[str, str]]

    def find(self, file: FileItem, checksum: str) -> UUID | None:
        """The file that is this one already."""
        file_id, came = self.remembered.get(file.token, (None, ""))
        return file_id if file_id is not None and came == checksum else self.same.get((file.filename, checksum))


@dataclass(frozen=True)
class _Result:
    """One file: the id that it has, whether it was taken just now, or why it was not."""

    checksum: str
    file_id: UUID | None = None
    taken: Taken | None = None
    why: str = ""


@dataclass
class _Files:
    """The files of a material, each with what came of it, and the blobs that were stored for them."""

    results: list[tuple[FileItem, _Result]] = field(default_factory=list)
    stored: set[str] = field(default_factory=set)

    @property
    def taken(self) -> list[Taken]:
        """Those that are new."""
        return [result.taken for _, result in self.results if result.taken is not None]

    @property
    def addresses(self) -> dict[str, str]:
        """The address of each by its token; "" for one that was not taken."""
        return {file.token: "" if each.file_id is None else address_of(each.file_id) for file, each in self.results}

    @property
    def records(self) -> list[tuple[str, UUID, str]]:
        """What is to be remembered of new ones: token, id and the checksum of the source."""
        return [(file.token, each.taken.id, each.checksum) for file, each in self.results if each.taken is not None]

    @property
    def report(self) -> list[ReportItem]:
        """What is to be said of them."""
        return [
            ReportItem(file.filename, file.place, Fate.SKIPPED if each.why else Fate.IMPORTED, "file", each.why)
            for file, each in self.results
        ]


Finish = Callable[[AsyncSession, Report], Awaitable[None]]


class _DryRun(Exception):
    """Ends the transaction of a dry run."""


async def import_course(runtime: Runtime, wish: Wish, progress: Progress, finish: Finish) -> Report:
    """Import a course; what the material is to blame for is in the report, other failures are raised.

    `finish` is called in the transaction that writes the course. Raises DependencyDown, StorageFull, Overloaded.
    """
    progress(ImportPhase.READING, 0, 1)
    scratch, file_max = runtime.storage.incoming, runtime.settings.upload_video_max_mib * MIB
    manager = opened(wish.path, wish.filename, scratch, file_max)
    try:
        found = await asyncio.to_thread(manager.__enter__)
    except CourseFormatError as fault:
        return _failed(f"{fault.path.as_posix()}:{fault.line}", fault.reason)
    except NothingUsable as empty:
        place, why = (
            (empty.report[0].place, empty.report[0].why) if empty.report else (f"{wish.filename}:1", "it is empty")
        )
        return replace(_failed(place, why), items=empty.report)
    try:
        progress(ImportPhase.READING, 1, 1)
        return await _import(runtime, wish, found, progress, finish)
    except (DependencyDown, StorageFull, Overloaded):
        raise
    except CourseFormatError as fault:
        return _failed(f"{fault.path.as_posix()}:{fault.line}", fault.reason, found)
    except Problem as problem:
        return _failed(wish.filename, problem.detail, found)
    finally:
        await asyncio.to_thread(manager.__exit__, None, None, None)


def _failed(place: str, reason: str, found: Found | None = None) -> Report:
    items = () if found is None else found.item.report
    return Report(None if found is None else found.source_format, None, None, items, (place, reason))


async def _import(runtime: Runtime, wish: Wish, found: Found, progress: Progress, finish: Finish) -> Report:
    item = found.item
    if wish.into_id is not None and not found.is_questions:
        message = "Only questions can be imported into a course that is there; a whole course makes its own."
        raise ImportRefused(message)
    async with _files(runtime, wish, item, progress) as files:
        progress(ImportPhase.WRITING, 0, 1)
        report = Report(found.source_format, None, None, ())
        with suppress(_DryRun):
            async with runtime.database.writing() as session:
                written = await _write(session, wish, item, files)
                report = _report(found, files, written, wish)
                await (_undo if wish.is_dry_run else finish)(session, report)
        progress(ImportPhase.WRITING, 1, 1)
        return report


async def _undo(session: AsyncSession, report: Report) -> None:
    """Let nothing of a dry run stay."""
    del session, report
    raise _DryRun


def _report(found: Found, files: _Files, written: Written, wish: Wish) -> Report:
    items = (*found.item.report, *files.report, *written.notes)
    return Report(found.source_format, written.outcome, None if wish.is_dry_run else written.course.id, items)


async def _write(session: AsyncSession, wish: Wish, item: CourseItem, files: _Files) -> Written:
    """Write the course under its owner's lock, so that the same import twice at once comes one after the other."""
    await session.execute(select(User.id).where(User.id == wish.owner.id).with_for_update(key_share=True))
    await _take_no_twice(session, wish, item, files)
    change = with_addresses(files.addresses)
    course = await _target(session, wish, item)
    if course is None:
        written = await create_course(session, wish.owner.id, item, change)
    else:
        written = await update_course(session, course, item, change, only_lessons=wish.into_id is not None)
    if files.taken:
        await add_taken(session, wish.owner, written.course.id, files.taken)
        written.outcome = Outcome.CREATED if written.outcome is Outcome.CREATED else Outcome.UPDATED
    if files.records:
        await record_files(session, written.course, item, files.records)
    return written


async def _target(session: AsyncSession, wish: Wish, item: CourseItem) -> Course | None:
    if wish.into_id is not None:
        return await editable_course(wish.into_id, wish.owner, session)
    return await find_course(session, wish.owner.id, item)


# Files


@asynccontextmanager
async def _files(runtime: Runtime, wish: Wish, item: CourseItem, progress: Progress) -> AsyncIterator[_Files]:
    """Take in the files that are not there yet; after the block, blobs without a row go again.

    Where it fails, or is a dry run, these are all of them; else those that another import has brought meanwhile.
    """
    files = _Files()
    kept: set[str] = set()
    try:
        await _take_all(runtime, wish, item, files, progress)
        yield files
        kept = {each.name for each in files.taken}
    finally:
        for name in files.stored - kept:
            await discard(runtime, name)


async def _take_all(runtime: Runtime, wish: Wish, item: CourseItem, files: _Files, progress: Progress) -> None:
    total, done = len(item.files), 0
    progress(ImportPhase.FILES, 0, total)
    checksums = await asyncio.to_thread(lambda: [source_checksum(file.load()) for file in item.files])
    async with runtime.database.reading() as session:
        known = await _known_files(session, wish, item, checksums)
    places = asyncio.Semaphore(AT_ONCE)

    async def one(file: FileItem) -> _Result:
        nonlocal done
        async with places:
            result = await _take(runtime, wish, file, known)
        done += 1
        progress(ImportPhase.FILES, done, total)
        return result

    found = await asyncio.gather(*(one(file) for file in item.files), return_exceptions=True)
    for file, result in zip(item.files, found, strict=True):
        if not isinstance(result, BaseException):
            files.results.append((file, result))
            if result.taken is not None and result.taken.is_stored:
                files.stored.add(result.taken.name)
    for result in found:
        if isinstance(result, BaseException):
            raise result


async def _known_files(session: AsyncSession, wish: Wish, item: CourseItem, checksums: Sequence[str]) -> _KnownFiles:
    written = await written_here(session, checksums)
    course = await _target(session, wish, item)
    if course is None:
        return _KnownFiles({}, {}, written)
    records = await known_items(session, course, item)
    rows = await shown_files(session, course, (await stored_course(session, course)).text)
    there = {row.id for row in rows}
    remembered = {
        token: (record.item_id, record.checksum)
        for (kind, token), record in records.items()
        if kind == "file" and record.item_id in there
    }
    names = file_names(rows)
    return _KnownFiles(remembered, {(names[row.id], row.checksum): row.id for row in rows}, written)


async def _take(runtime: Runtime, wish: Wish, file: FileItem, known: _KnownFiles) -> _Result:
    data = await asyncio.to_thread(file.load)
    checksum = source_checksum(data)
    file_id = known.find(file, checksum)
    if file_id is not None:
        return _Result(checksum, file_id)
    try:
        taken = await take(runtime, file.filename, data, known.written, keep=not wish.is_dry_run)
    except (DependencyDown, StorageFull, Overloaded):
        raise
    except Problem as problem:
        return _Result(checksum, why=problem.detail)
    return _Result(checksum, taken.id, taken)


async def _take_no_twice(session: AsyncSession, wish: Wish, item: CourseItem, files: _Files) -> None:
    """Let go of what another import has brought since the files were looked at. Hold the owner's row."""
    if not files.taken:
        return
    known = await _known_files(session, wish, item, ())
    for place, (file, result) in enumerate(files.results):
        there = known.find(file, result.checksum)
        if result.taken is not None and there is not None:
            files.results[place] = file, _Result(result.checksum, there)
