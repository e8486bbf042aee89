"""Takes in the files of a material that are not here yet: each once, beside any transaction."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from studium.kit.base.problems import DependencyDown, Overloaded, Problem, StorageFull
from studium.kit.runtime import Runtime
from studium.models import Course, ImportPhase
from studium.modules.exchange.export import shown_files
from studium.modules.exchange.formats.own.queries import stored_course
from studium.modules.exchange.model.file_names import file_names
from studium.modules.exchange.model.items import TOKEN, CourseItem, Extent, FileItem, ImportOutcome, ImportReportEntry
from studium.modules.exchange.model.spool import Spooled
from studium.modules.exchange.model.texts import CourseText
from studium.modules.exchange.model.wishes import changed_texts
from studium.modules.exchange.writing.writer import known_items
from studium.modules.files.actions_intake import Taken, take, written_here
from studium.modules.files.actions_upload import address_of, discard

AT_ONCE = 4
"""Files that are judged side by side."""

Progress = Callable[[ImportPhase, int, int], None]
"""Told about each step: what is done, how much of it, and of how much."""
Find = Callable[[AsyncSession], Awaitable[tuple[Course | None, CourseItem]]]
"""Finds the course that a material made before, and the material under its full name."""


@dataclass(frozen=True)
class KnownFiles:
    """What lies here: by token with the source's checksum, and the course's files by exported name and checksum.

    `written` are the checksums and media types of anybody's files with the content of one of these, `removed` what came
    and is here no more, by token and checksum; `names` are those of the files of the course, which was `text`.
    """

    written: frozenset[tuple[str, str]]
    remembered: Mapping[str, tuple[UUID, str]] = field(default_factory=dict)
    same: Mapping[tuple[str, str], UUID] = field(default_factory=dict)
    removed: frozenset[tuple[str, str]] = frozenset()
    text: CourseText | None = None
    names: Mapping[UUID, str] = field(default_factory=dict)

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
class Files:
    """The files of a material, each with what came of it, and the blobs that were stored for them."""

    results: list[tuple[FileItem, _Result]] = field(default_factory=list)
    stored: set[str] = field(default_factory=set)
    known: KnownFiles = field(default_factory=lambda: KnownFiles(frozenset()))

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
    def report(self) -> list[ImportReportEntry]:
        """What is to be said of them."""
        return [
            ImportReportEntry(
                file.called or file.filename, file.place, _fate(file, each), "file", each.why or file.change
            )
            for file, each in self.results
        ]


@dataclass(frozen=True)
class Intake:
    """What is taken in: the files of `item`, whose bytes lie in `spool`; a dry run (not `keep`) stores nothing."""

    runtime: Runtime
    item: CourseItem
    spool: Path
    find: Find
    progress: Progress
    keep: bool

    @asynccontextmanager
    async def files(self) -> AsyncIterator[Files]:
        """Take in the files that are not there yet; after the block, blobs without a row go again.

        Where it fails, or is a dry run, these are all of them; else those that another import has brought meanwhile.
        """
        files = Files()
        kept: set[str] = set()
        try:
            await self._take_all(files)
            yield files
            kept = {each.name for each in files.taken}
        finally:
            for name in files.stored - kept:
                await discard(self.runtime, name)

    async def _take_all(self, files: Files) -> None:
        total, done = len(self.item.files), 0
        self.progress(ImportPhase.FILES, 0, total)
        shown = await asyncio.to_thread(_shown, self.item.course)
        async with self.runtime.database.read_session() as session:
            files.known = await self._known(session, [_extent(file).checksum for file in self.item.files])
        places = asyncio.Semaphore(AT_ONCE)

        async def one(file: FileItem) -> _Result:
            nonlocal done
            async with places:
                result = await self._take(file, files.known, is_shown=file.token in shown)
            done += 1
            self.progress(ImportPhase.FILES, done, total)
            return result

        found = await asyncio.gather(*(one(file) for file in self.item.files), return_exceptions=True)
        for file, result in zip(self.item.files, found, strict=True):
            if not isinstance(result, BaseException):
                files.results.append((file, result))
                if result.taken is not None and result.taken.is_stored:
                    files.stored.add(result.taken.name)
        for result in found:
            if isinstance(result, BaseException):
                raise result

    async def _known(self, session: AsyncSession, checksums: Sequence[str]) -> KnownFiles:
        written = await written_here(session, checksums)
        course, item = await self.find(session)
        if course is None:
            return KnownFiles(written)
        records = {key: row for (_, key), row in (await known_items(session, course, item, "file")).items()}
        text = (await stored_course(session, course)).text
        rows = await shown_files(session, course, text)
        there, names = {row.id for row in rows}, file_names(rows)
        return KnownFiles(
            written,
            remembered={key: (row.item_id, row.checksum) for key, row in records.items() if row.item_id in there},
            same={(names[row.id], row.checksum): row.id for row in rows},
            removed=frozenset((key, row.checksum) for key, row in records.items() if row.item_id not in there),
            text=text,
            names=names,
        )

    async def _take(self, file: FileItem, known: KnownFiles, *, is_shown: bool) -> _Result:
        source = Spooled(self.spool, _extent(file))
        if file.fault:
            return _Result("", why=file.fault)
        file_id = known.find(file, source.checksum)
        if file_id is not None:
            return _Result(source.checksum, file_id)
        if (file.token, source.checksum) in known.removed and not is_shown:
            return _Result(source.checksum, why="it was removed here; the source still has it, but shows it nowhere")
        try:
            taken = await take(self.runtime, file.filename, source, known.written, keep=self.keep)
        except (DependencyDown, StorageFull, Overloaded):
            raise
        except Problem as problem:
            return _Result(source.checksum, why=problem.detail)
        return _Result(source.checksum, taken.id, taken)

    async def take_no_twice(self, session: AsyncSession, files: Files) -> None:
        """Let go of what another import has brought since the files were looked at. Hold the owner's row."""
        if not files.taken:
            return
        known = await self._known(session, ())
        for place, (file, result) in enumerate(files.results):
            there = known.find(file, result.checksum)
            if result.taken is not None and there is not None:
                files.results[place] = file, _Result(result.checksum, there)


def _fate(file: FileItem, result: _Result) -> ImportOutcome:
    return ImportOutcome.SKIPPED if result.why else ImportOutcome.CHANGED if file.change else ImportOutcome.IMPORTED


def _extent(file: FileItem) -> Extent:
    """Where it lies in the spool: the material was read."""
    if not isinstance(file.content, Extent):
        raise TypeError
    return file.content


def _shown(course: CourseText) -> set[str]:
    """The tokens that the texts of a course show."""
    found: set[str] = set()

    def note(text: str) -> str:
        found.update(TOKEN.findall(text))
        return text

    changed_texts(course, note)
    return found
