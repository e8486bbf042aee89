"""The files that a course comes in: a folder, or an archive that is read where it lies and never unpacked by name."""

import os
import re
import stat
import tarfile
import zlib
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from gzip import GzipFile
from lzma import LZMAError
from pathlib import Path, PurePath
from tempfile import TemporaryFile
from threading import Lock
from typing import IO
from zipfile import BadZipFile, ZipFile

from studium.kit.text.combining_marks import composed
from studium.modules.exchange.model.texts import CourseFormatError, SourceLocation

MAX_ENTRIES = 10_000
MAX_CONTENT = 1 << 30
"""Bytes of all files of a course together, unpacked."""
MAX_RATIO = 100
SMALL = 1 << 20
"""Up to so many bytes of content any ratio is harmless."""
MAX_NAME = 1024
_CHUNK = 1 << 16
_BAD_NAME = re.compile(r"[\x00-\x1f\x7f\\]|^/|^[A-Za-z]:|(^|/)\.\.(/|$)")
_UNREADABLE = (OSError, EOFError, zlib.error, LZMAError, BadZipFile, RuntimeError, NotImplementedError, ValueError)


class ImportSource(ABC):
    """Files by path. Whatever cannot be read raises CourseFormatError, which names it.

    Any number of threads may read at once: no two share a position in a file.
    """

    @cached_property
    def paths(self) -> frozenset[PurePath]:
        """Every file, but for hidden ones."""
        return frozenset(self._walk())

    @abstractmethod
    def _walk(self) -> Iterator[PurePath]: ...

    @abstractmethod
    def names(self, under: PurePath) -> list[tuple[str, bool]]:
        """What lies in a folder, by name, and whether it is a folder itself; hidden ones are passed over."""

    @abstractmethod
    def _pieces(self, path: PurePath) -> Iterator[bytes]:
        """The content of a file from its beginning, in pieces of at most `_CHUNK` bytes."""

    def read(self, path: PurePath, limit: int) -> bytes:
        """The content of a file of at most `limit` bytes."""
        return b"".join(self.pieces(path, limit))

    def pieces(self, path: PurePath, limit: int) -> Iterator[bytes]:
        """The content of a file of at most `limit` bytes in pieces, so that a large one need not be in memory whole."""
        place, size = SourceLocation(path, 1), 0
        try:
            for piece in self._pieces(path):
                size += len(piece)
                if size > limit:
                    break
                yield piece
        except (FileNotFoundError, KeyError):
            reason = "this file is missing"
            raise place.error(reason) from None
        except _UNREADABLE:
            reason = "not a plain file or folder that can be read"
            raise place.error(reason) from None
        if size > limit:
            reason = f"more than {limit:,} bytes"
            raise place.error(reason)

    def close(self) -> None:  # noqa: B027 -- a folder holds nothing open.
        """Let go of what is open."""


class FolderMaterial(ImportSource):
    """A folder of this machine. Links are refused, so nothing outside is read."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def _walk(self) -> Iterator[PurePath]:
        folders, count = [PurePath()], 0
        while folders:
            under = folders.pop()
            for name, is_folder in self.names(under):
                count += 1
                if count > MAX_ENTRIES:
                    raise _too_many(under)
                if is_folder:
                    folders.append(under / name)
                else:
                    yield under / name

    def names(self, under: PurePath) -> list[tuple[str, bool]]:
        """See Material."""
        try:
            with os.scandir(self._root / under) as entries:
                found = [(each.name, each.is_dir(follow_symlinks=False)) for each in entries]
        except FileNotFoundError:
            reason = "this file is missing"
            raise SourceLocation(under, 1).error(reason) from None
        except OSError:
            reason = "not a plain file or folder that can be read"
            raise SourceLocation(under, 1).error(reason) from None
        return sorted((each for each in found if not each[0].startswith(".")), key=lambda each: each[0])

    def _pieces(self, path: PurePath) -> Iterator[bytes]:
        descriptor = os.open(self._root / path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        with open(descriptor, "rb") as file:  # noqa: PTH123 -- pathlib cannot open without following links.
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise OSError
            while piece := file.read(_CHUNK):
                yield piece


class _Archive(ImportSource):
    """What archives share: names that are checked, a folder around everything that does not count, hidden files."""

    def __init__(self) -> None:
        self._members: dict[PurePath, str] = {}

    def _take(self, names: list[str]) -> None:
        """Keep the names of the files; raise CourseFormatError for one that is no plain path within the archive."""
        for name in names:
            path = PurePath(_plain_name(name))
            if any(part.startswith(".") for part in path.parts) or path.parts[:1] == ("__MACOSX",):
                continue
            if path in self._members:
                reason = "the archive holds this name twice"
                raise SourceLocation(path, 1).error(reason)
            self._members[path] = name
        tops = {path.parts[0] for path in self._members}
        if len(tops) == 1 and all(len(path.parts) > 1 for path in self._members):
            self._members = {PurePath(*path.parts[1:]): name for path, name in self._members.items()}

    @cached_property
    def _folders(self) -> dict[PurePath, dict[str, bool]]:
        found: dict[PurePath, dict[str, bool]] = {PurePath(): {}}
        for path in self._members:
            found.setdefault(path.parent, {})[path.name] = False
            for parent in path.parents[:-1]:
                found.setdefault(parent.parent, {})[parent.name] = True
        return found

    def _walk(self) -> Iterator[PurePath]:
        yield from self._members

    def names(self, under: PurePath) -> list[tuple[str, bool]]:
        """See Material."""
        return sorted(self._folders.get(under, {}).items())


class TextMaterial(_Archive):
    """Texts that are in memory, and names of files whose content nobody asks for."""

    def __init__(self, texts: Mapping[PurePath, str], files: Iterable[PurePath]) -> None:
        super().__init__()
        self._texts = texts
        self._members = {path: path.as_posix() for path in (*texts, *files)}

    def _pieces(self, path: PurePath) -> Iterator[bytes]:
        yield self._texts[path].encode()


class ZipMaterial(_Archive):
    """A ZIP archive whose directory the caller found to be harmless."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._zip, self._lock = ZipFile(path), Lock()
        try:
            self._take([entry.filename for entry in self._zip.infolist() if not entry.is_dir()])
        except CourseFormatError:
            self._zip.close()
            raise

    def _pieces(self, path: PurePath) -> Iterator[bytes]:
        """Each member has a position of its own, but ZipFile counts without a lock who has it open."""
        with self._lock:
            file = self._zip.open(self._members[path])
        try:
            while piece := file.read(_CHUNK):
                yield piece
        finally:
            with self._lock:
                file.close()

    def close(self) -> None:
        """See Material."""
        self._zip.close()


class TarMaterial(_Archive):
    """A TAR archive, compressed by gzip or not. Its content waits in one nameless file in `scratch`."""

    def __init__(self, path: Path, filename: str, scratch: Path) -> None:
        super().__init__()
        scratch.mkdir(parents=True, exist_ok=True)
        self._spool = TemporaryFile(dir=scratch)  # noqa: SIM115 -- `close` closes it.
        self._parts: dict[str, tuple[int, int]] = {}
        try:
            self._unpack(path, PurePath(filename))
            self._take(list(self._parts))
        except BaseException:
            self._spool.close()
            raise

    def _unpack(self, path: Path, label: PurePath) -> None:
        try:
            with path.open("rb") as file:
                is_gzip = file.read(2) == b"\x1f\x8b"
                file.seek(0)
                plain: IO[bytes] = GzipFile(fileobj=file) if is_gzip else file  # type: ignore[assignment]  # it reads.
                bounded = _Bounded(plain, max(SMALL, MAX_RATIO * path.stat().st_size))
                with tarfile.open(fileobj=bounded, mode="r|", bufsize=_CHUNK) as tar:  # type: ignore[call-overload]  # it only reads.
                    self._copy(tar)
        except (*_UNREADABLE, tarfile.TarError) as error:
            if isinstance(error, CourseFormatError):
                raise
            reason = "the archive is broken"
            raise SourceLocation(label, 1).error(reason) from None

    def _copy(self, tar: tarfile.TarFile) -> None:
        for count, member in enumerate(tar, 1):
            place = PurePath(_plain_name(member.name))
            if count > MAX_ENTRIES:
                raise _too_many(place)
            if member.isdir():
                continue
            # A sparse file is a few bytes that unpack to as many zeros as it says.
            source = tar.extractfile(member) if member.isreg() and not member.issparse() else None
            if source is None or member.name in self._parts:
                reason = (
                    "the archive holds this name twice"
                    if source
                    else "a link, device or sparse file, which is not allowed"
                )
                raise SourceLocation(place, 1).error(reason)
            start = self._spool.tell()
            while chunk := source.read(_CHUNK):
                self._spool.write(chunk)
            self._parts[member.name] = (start, self._spool.tell() - start)
        self._spool.flush()

    def _pieces(self, path: PurePath) -> Iterator[bytes]:
        yield from pieces_of(self._spool.fileno(), *self._parts[self._members[path]])

    def close(self) -> None:
        """See Material."""
        self._spool.close()


def pieces_of(descriptor: int, start: int, size: int) -> Iterator[bytes]:
    """So many bytes of an open file, by their place and not by the file's position, which all threads share."""
    place, end = start, start + size
    while piece := os.pread(descriptor, min(_CHUNK, end - place), place):
        place += len(piece)
        yield piece
    if place < end:
        raise EOFError


class _Bounded:
    """Reads on until more came out than went in could honestly hold."""

    def __init__(self, file: IO[bytes], most: int) -> None:
        self._file, self._left = file, min(most, MAX_CONTENT)

    def read(self, size: int = -1) -> bytes:
        data = self._file.read(size)
        self._left -= len(data)
        if self._left < 0:
            reason = "the archive holds far more than its size can honestly hold"
            raise SourceLocation(PurePath(), 1).error(reason)
        return data


def _plain_name(name: str) -> str:
    """The name of a member in NFC; raise CourseFormatError for one that leads out of the archive or is no text."""
    try:
        name.encode()
        is_plain = len(name) <= MAX_NAME and not _BAD_NAME.search(name)
    except UnicodeEncodeError:
        is_plain = False
    if not is_plain:
        shown = ascii(name[:80]).strip("'")
        reason = f"a name that leads out of the archive or is no plain path: {shown}"
        raise SourceLocation(PurePath(), 1).error(reason)
    return composed(name)


def _too_many(path: PurePath) -> CourseFormatError:
    return SourceLocation(path, 1).error(f"more than {MAX_ENTRIES:,} files and folders")
