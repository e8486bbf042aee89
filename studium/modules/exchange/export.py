"""Gives a course out as a ZIP archive of Markdown and of the files that it shows: the same course, the same bytes."""

import asyncio
import re
import zlib
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from dataclasses import dataclass, replace
from pathlib import PurePath
from tempfile import TemporaryFile
from typing import IO
from uuid import UUID
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile, ZipInfo

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from studium.access.audit import record_audit
from studium.kit.runtime import Runtime
from studium.kit.storage import CHUNK
from studium.models import Course, UploadedFile
from studium.modules.exchange.formats.own.course import FILES
from studium.modules.exchange.formats.own.material import OWN_FILE
from studium.modules.exchange.formats.own.queries import stored_course
from studium.modules.exchange.formats.own.writer import course_files
from studium.modules.exchange.model.file_names import file_names
from studium.modules.exchange.model.texts import CourseText
from studium.modules.exchange.model.wishes import Change, changed_lesson, changed_texts

_LEVEL = 6
_DENSE = 50
"""How many times smaller compression may make a text: half of what `archives` takes."""
_LONGEST = 100
_MODE = 0o100644 << 16
_LONG_AGO = (1980, 1, 1, 0, 0, 0)
"""The first moment that a ZIP archive can name; the real one would make every archive another."""


@dataclass(frozen=True)
class Export:
    """An archive in a nameless temporary file, which is gone when it was read. Size in bytes."""

    filename: str
    size: int
    file: IO[bytes]

    async def chunks(self) -> AsyncGenerator[bytes]:
        """The archive in pieces, once."""
        try:
            while chunk := await asyncio.to_thread(self.file.read, CHUNK):
                yield chunk
        finally:
            self.file.close()


@dataclass(frozen=True)
class Source:
    """A course as it was read for an export, with the files that it shows."""

    course_id: UUID
    slug: str
    text: CourseText
    files: list[UploadedFile]


async def note_export(runtime: Runtime, actor_id: UUID | None, course_id: UUID) -> None:
    """Put it on the record that a course was given out: by somebody, or by an operator of the machine."""
    async with runtime.database.write_session() as session:
        await record_audit(session, "course.exported", actor_id=actor_id, target=("course", course_id))


async def read_source(session: AsyncSession, course: Course) -> Source:
    """Read what is to be written; the session may be closed afterwards."""
    text = (await stored_course(session, course)).text
    return Source(course.id, course.slug, text, await shown_files(session, course, text))


async def export_course(runtime: Runtime, source: Source) -> Export:
    """Write the archive; raises DependencyDown, StorageFull, and BlobMissing where a file has lost its content.

    Hold no session: a course with many files takes long.
    """
    names = await asyncio.to_thread(file_names, source.files)
    runtime.storage.incoming.mkdir(parents=True, exist_ok=True)
    file = TemporaryFile(dir=runtime.storage.incoming)  # noqa: SIM115 -- Export closes it.
    try:
        with ZipFile(file, "w") as archive:
            await asyncio.to_thread(lambda: add_texts(archive, with_paths(source.text, names)))
            for each in sorted(source.files, key=lambda row: names[row.id]):
                await _add_file(runtime, archive, each, PurePath(FILES, names[each.id]))
        size = file.tell()
        file.seek(0)
    except BaseException:
        file.close()
        raise
    return Export(f"{source.slug[:_LONGEST].strip('-')}.zip", size, file)


def add_texts(archive: ZipFile, text: CourseText) -> None:
    """Write the Markdown of a course into an archive; takes long where the course has many megabytes."""
    for path, content in course_files(text):
        data = content.encode()
        archive.writestr(_entry(path, _compression(data)), data, compresslevel=_LEVEL)


async def _add_file(runtime: Runtime, archive: ZipFile, row: UploadedFile, path: PurePath) -> None:
    entry = _entry(path, ZIP_STORED)
    entry.file_size = row.file_size
    with archive.open(entry, "w") as target:
        async with aclosing(runtime.storage.stream(row.storage_path)) as chunks:
            async for chunk in chunks:
                await asyncio.to_thread(target.write, chunk)


def _compression(data: bytes) -> int:
    """What shrinks like a bomb would be refused as one when it comes back, so it is stored as it is."""
    return ZIP_STORED if len(data) > _DENSE * len(zlib.compress(data, _LEVEL)) else ZIP_DEFLATED


def _entry(path: PurePath, compression: int) -> ZipInfo:
    entry = ZipInfo(path.as_posix(), _LONG_AGO)
    entry.compress_type, entry.external_attr, entry.create_system = compression, _MODE, 3
    return entry


# Files


async def shown_files(session: AsyncSession, course: Course, text: CourseText) -> list[UploadedFile]:
    """The files of the course, and those of its owner or for everyone that its texts show."""
    shown = await asyncio.to_thread(_shown_ids, text)
    theirs = or_(UploadedFile.uploader_id == course.instructor_id, UploadedFile.is_public)
    wanted = or_(UploadedFile.course_id == course.id, UploadedFile.id.in_(shown) & theirs)
    rows = select(UploadedFile).where(wanted).order_by(UploadedFile.created_at, UploadedFile.id)
    return list((await session.execute(rows)).scalars())


def _shown_ids(text: CourseText) -> set[UUID]:
    shown: set[UUID] = set()

    def note(found: str) -> str:
        shown.update(UUID(match["id"]) for match in OWN_FILE.finditer(found) if _is_id(match["id"]))
        return found

    changed_texts(text, note)
    return shown


def _is_id(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True


def with_paths(text: CourseText, names: Mapping[UUID, str]) -> CourseText:
    """The course as it goes out: with relative paths in place of the addresses of its files."""
    lessons = tuple(changed_lesson(each, _to_paths(names, each.depth)) for each in text.lessons)
    return replace(changed_texts(replace(text, lessons=()), _to_paths(names, 0)), lessons=lessons)


def _to_paths(names: Mapping[UUID, str], depth: int) -> Change:
    def path(match: re.Match[str]) -> str:
        name = names.get(UUID(match["id"])) if _is_id(match["id"]) else None
        return match[0] if name is None else f"{'../' * depth}{FILES}/{name}"

    return lambda text: OWN_FILE.sub(path, text)
