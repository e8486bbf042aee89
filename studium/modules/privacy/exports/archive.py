"""A ZIP that is written piece by piece, so that memory stays flat, with the size and digest of each entry."""

import hashlib
from collections.abc import AsyncIterable, AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile, ZipInfo

from studium.kit.base.clock import now
from studium.kit.base.executors import in_thread
from studium.kit.storage import translate_storage_errors

_OWNERS_ALONE = 0o600 << 16


class Archive:
    """A ZIP that is being written. `entries` says of each file what it holds."""

    def __init__(self, file: ZipFile) -> None:
        self._zip = file
        self.entries: list[dict[str, object]] = []

    async def add(self, name: str, pieces: AsyncIterable[bytes], *, is_packed: bool = True) -> None:
        """Add a file; raise StorageFull, and what the pieces raise. Without `is_packed` it is taken as it is."""
        info = ZipInfo(name, now().timetuple()[:6])
        info.compress_type = ZIP_DEFLATED if is_packed else ZIP_STORED
        info.external_attr = _OWNERS_ALONE
        digest, size = hashlib.sha256(), 0
        with translate_storage_errors():
            entry = await in_thread(partial(self._zip.open, info, "w", force_zip64=True))
        try:
            async for piece in pieces:
                digest.update(piece)
                size += len(piece)
                with translate_storage_errors():
                    await in_thread(entry.write, piece)
        finally:
            # At once, in whatever state: a stopped job must not go on writing behind whoever removes the file.
            with translate_storage_errors():
                entry.close()
        self.entries.append({"name": name, "bytes": size, "sha256": digest.hexdigest()})


def _created(path: Path) -> ZipFile:
    path.touch(mode=0o600, exist_ok=False)
    return ZipFile(path, "w")


@asynccontextmanager
async def new_archive(path: Path) -> AsyncIterator[Archive]:
    """A ZIP at `path`, for its owner alone, that the block fills."""
    with translate_storage_errors():
        file = await in_thread(_created, path)
    try:
        yield Archive(file)
    finally:
        with translate_storage_errors():
            file.close()
