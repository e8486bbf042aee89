"""The work of the process that reads a material for us: what it found goes to a file, in lines.

Lines keep the pieces small: whoever takes in a whole course at once holds up every other thread of its process.
"""

import errno
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

from pydantic import TypeAdapter

from studium.kit.base.problems import DependencyDown, StorageFull
from studium.modules.exchange.model.items import FileItem, ImportReportEntry
from studium.modules.exchange.model.texts import CourseFormatError, LessonText
from studium.modules.exchange.reading.reader import Found, NothingUsable, read_material

Part = TypeVar("Part", LessonText, FileItem, ImportReportEntry)
RESULT_MAX = 32 << 20
"""Bytes of a course and its report together, without its files."""
_AT_ONCE = 200
_MANY = "more than {:,} bytes of texts and report together"


@dataclass(frozen=True)
class Reading:
    """What came of reading: a material, or where and why it failed; `is_full` where the disk was."""

    found: Found | None = None
    fault: tuple[str, str] | None = None
    is_full: bool = False


_READING = TypeAdapter(Reading)
_LESSONS, _FILES, _REPORT = (
    TypeAdapter(list[LessonText]),
    TypeAdapter(list[FileItem]),
    TypeAdapter(list[ImportReportEntry]),
)


def work(request: Mapping[str, Any]) -> None:
    """Read what the request names, and write what came of it to its `result`, of at most RESULT_MAX bytes."""
    reading, report = _read(request)
    lines = _lines(reading, report)
    size = 0
    with Path(request["result"]).open("xb") as file:
        for line in lines:
            size += len(line) + 1
            if size > RESULT_MAX:
                file.truncate(0)
                file.seek(0)
                fault = Reading(fault=(f"{request['filename']}:1", _MANY.format(RESULT_MAX)))
                file.write(_READING.dump_json(fault) + b"\n")
                return
            file.write(line + b"\n")


def _read(request: Mapping[str, Any]) -> tuple[Reading, tuple[ImportReportEntry, ...]]:
    """What came of reading, and the report where nothing can be taken over."""
    path, label, spool = Path(request["path"]), str(request["filename"]), Path(request["spool"])
    try:
        return Reading(read_material(path, label, spool, int(request["file_max"]))), ()
    except CourseFormatError as fault:
        return Reading(fault=(f"{fault.path.as_posix()}:{fault.line}", fault.reason)), ()
    except NothingUsable as empty:
        first = empty.report[0] if empty.report else None
        why = (f"{label}:1", "it is empty") if first is None else (first.place, first.why)
        return Reading(fault=why), empty.report
    except StorageFull:
        return Reading(is_full=True), ()
    except DependencyDown as error:
        if isinstance(error.__cause__, OSError) and error.__cause__.errno == errno.EFBIG:
            return Reading(fault=(f"{label}:1", "its files are larger than a course may be, unpacked")), ()
        raise


def _lines(reading: Reading, report: Iterable[ImportReportEntry]) -> Iterator[bytes]:
    """What came of it without its parts, then each kind of them in batches, with an empty line behind each kind."""
    found = reading.found
    lessons: tuple[LessonText, ...] = ()
    files: tuple[FileItem, ...] = ()
    if found is None:
        yield _READING.dump_json(reading)
    else:
        item = found.item
        lessons, files, report = item.course.lessons, item.files, item.report
        bare = replace(item, course=replace(item.course, lessons=()), files=(), report=())
        yield _READING.dump_json(replace(reading, found=replace(found, item=bare)))
    for lesson in lessons:
        yield _LESSONS.dump_json([lesson])
    yield b""
    yield from _batches(_FILES, files)
    yield b""
    yield from _batches(_REPORT, report)


def _batches(adapter: TypeAdapter[list[Part]], parts: Iterable[Part]) -> Iterator[bytes]:
    parts = list(parts)
    for start in range(0, len(parts), _AT_ONCE):
        yield adapter.dump_json(parts[start : start + _AT_ONCE])


def read_result(path: Path) -> tuple[Reading, tuple[ImportReportEntry, ...]]:
    """What `work` wrote: what came of reading, and the report where nothing can be taken over."""
    with path.open("rb") as file:
        reading = _READING.validate_json(file.readline())
        lessons, files, report = (_parts(adapter, file) for adapter in (_LESSONS, _FILES, _REPORT))
    if reading.found is None:
        return reading, report
    item = reading.found.item
    whole = replace(item, course=replace(item.course, lessons=lessons), files=files, report=report)
    return replace(reading, found=replace(reading.found, item=whole)), ()


def _parts(adapter: TypeAdapter[list[Any]], lines: Iterable[bytes]) -> tuple[Any, ...]:
    found: list[Any] = []
    for line in lines:
        if line == b"\n":
            break
        found += adapter.validate_json(line)
    return tuple(found)
