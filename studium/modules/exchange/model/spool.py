"""The bytes of the files of a material, one behind the other in one file: what was read says where each lies."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path, PurePath
from typing import IO

from studium.kit.storage import translate_storage_errors
from studium.modules.exchange.model.items import CourseItem, Extent, FileItem
from studium.modules.exchange.model.material import ImportSource, pieces_of
from studium.modules.exchange.model.texts import CourseFormatError
from studium.modules.exchange.model.true_names import true_name


def spooled(item: CourseItem, material: ImportSource | None, spool: Path, file_max: int) -> CourseItem:
    """The same course with the bytes of its files in `spool`; one that cannot be read, or is too large, has a fault.

    Raises StorageFull.
    """
    with translate_storage_errors(), spool.open("xb") as target:
        files = tuple(_spooled(file, material, target, file_max) for file in item.files)
    return replace(item, files=files)


def _spooled(file: FileItem, material: ImportSource | None, target: IO[bytes], file_max: int) -> FileItem:
    start, digest, head = target.tell(), hashlib.sha256(), b""
    try:
        for piece in _pieces(file, material, file_max):
            digest.update(piece)
            head = head or piece
            target.write(piece)
    except CourseFormatError as fault:
        target.seek(start)
        target.truncate()
        return replace(file, content=Extent(start, 0, ""), fault=fault.reason)
    name, change = true_name(file.filename, head)
    content = Extent(start, target.tell() - start, digest.hexdigest())
    return replace(file, filename=name, change=change, called=file.filename, content=content)


def _pieces(file: FileItem, material: ImportSource | None, file_max: int) -> Iterator[bytes]:
    match file.content, material:
        case bytes() as content, _:
            return iter((content,))
        case PurePath() as path, ImportSource():
            return material.pieces(path, file_max)
    raise TypeError


@dataclass(frozen=True)
class Spooled:
    """The bytes of one file in a spool. Each reader has the file open for itself, so any number may read at once."""

    spool: Path
    extent: Extent

    @property
    def size(self) -> int:
        """In bytes."""
        return self.extent.size

    @property
    def checksum(self) -> str:
        """The SHA-256 in hex of the bytes as they came."""
        return self.extent.checksum

    def pieces(self) -> Iterator[bytes]:
        """All of them, in pieces of some kilobytes."""
        with self.spool.open("rb") as file:
            yield from pieces_of(file.fileno(), self.extent.start, self.extent.size)
