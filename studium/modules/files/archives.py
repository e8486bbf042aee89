"""ZIP archives, judged by their directory alone: nothing is ever extracted."""

import re
import stat
from dataclasses import dataclass
from pathlib import Path
from struct import Struct
from zipfile import BadZipFile, ZipFile, ZipInfo

from studium.modules.files.errors import UnsafeArchive
from studium.modules.files.formats import Format, Other, content_differs, damaged
from studium.modules.files.office import BrokenPackage, package_of
from studium.modules.files.signatures import begins_as_zip

MAX_ENTRIES = 10_000
MAX_DIRECTORY = 2 << 20
MAX_CONTENT = 1 << 30
MAX_RATIO = 100
MAX_NAME = 1024
SMALL = 1 << 20
"""Up to so many bytes of content any ratio is harmless."""

_END = Struct("<4s4H2LH")
_END_MARK = b"PK\x05\x06"
_LOCATOR = 20
_LOCATOR_MARK = b"PK\x06\x07"
_LONGEST_COMMENT = 0xFFFF
_BAD_NAME = re.compile(r"[\x00-\x1f\x7f\\]|^/|^[A-Za-z]:|(^|/)\.\.(/|$)")
_ODD = Other("an archive of the ZIP64 kind, or with something else before it", "pack it anew", begins_as_zip)


@dataclass(frozen=True, slots=True)
class _End:
    """What the last record of an archive says about its directory; sizes and places in bytes.

    One that is not small (a ZIP64) may have another directory than this record says.
    """

    place: int
    entries: int
    size: int
    offset: int
    is_small: bool


def ends_as_archive(path: Path) -> bool:
    """Whether the file is a ZIP archive when read from its end, whatever stands before."""
    return _find_end(path) is not None


def check_archive(path: Path, claimed: Format) -> None:
    """Raise UnsafeArchive for one that is dangerous to unpack, FileTypeNotAllowed for none or one of another format."""
    end = _find_end(path)
    if end is None:
        raise damaged(claimed)
    if end.entries > MAX_ENTRIES or end.size > MAX_DIRECTORY:
        message = f"An archive may have {MAX_ENTRIES} entries."
        raise UnsafeArchive(message)
    if end.offset + end.size != end.place or not end.is_small:
        # Something stands before the archive or between its parts; and no size that is taken needs a ZIP64.
        raise content_differs(claimed, _ODD)
    try:
        with ZipFile(path) as archive:
            entries = archive.infolist()
            _check_names(entries)
            _check_sizes(entries, path.stat().st_size)
            _check_office(claimed, archive)
    except (BadZipFile, NotImplementedError, ValueError, OverflowError, BrokenPackage) as error:
        raise damaged(claimed) from error


def _find_end(path: Path) -> _End | None:
    """The last record: only one whose comment reaches to the very end of the file counts."""
    size = path.stat().st_size
    with path.open("rb") as file:
        start = max(0, size - _END.size - _LONGEST_COMMENT)
        file.seek(start)
        tail = file.read()
    at = tail.rfind(_END_MARK)
    if at < 0 or at + _END.size > len(tail):
        return None
    _, _, _, _, entries, directory_size, offset, comment = _END.unpack_from(tail, at)
    is_last = at + _END.size + comment == len(tail)
    is_small = tail[max(0, at - _LOCATOR) : at][:4] != _LOCATOR_MARK
    return _End(start + at, entries, directory_size, offset, is_small) if is_last else None


def _check_names(entries: list[ZipInfo]) -> None:
    names = {entry.orig_filename for entry in entries}
    if len(names) < len(entries):
        message = "The archive holds a name twice."
        raise UnsafeArchive(message)
    if any(_BAD_NAME.search(name) or len(name) > MAX_NAME for name in names):
        message = "The archive holds names that lead out of its folder or are no plain paths."
        raise UnsafeArchive(message)
    if any(stat.S_ISLNK(entry.external_attr >> 16) for entry in entries):
        message = "The archive holds links."
        raise UnsafeArchive(message)


def _check_sizes(entries: list[ZipInfo], size: int) -> None:
    """Hold what would be unpacked against the archive's own size too: entries of a bomb may share their bytes."""
    content = sum(entry.file_size for entry in entries)
    dense = any(_is_dense(entry.file_size, entry.compress_size) for entry in entries)
    if dense or _is_dense(content, size) or content > MAX_CONTENT:
        message = "The archive would be too large when unpacked."
        raise UnsafeArchive(message)


def _is_dense(content: int, stored: int) -> bool:
    return content > SMALL and content > MAX_RATIO * max(1, stored)


def _check_office(claimed: Format, archive: ZipFile) -> None:
    """Raise FileTypeNotAllowed for what is no office document of the kind; any of them is a plain archive too."""
    if claimed.extension == "zip":
        return
    found = package_of(archive)
    if found is not claimed:
        raise content_differs(claimed, found)
