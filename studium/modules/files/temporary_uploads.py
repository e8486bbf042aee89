"""A file that is being received: written, measured and hashed as it grows, and gone when nobody takes it."""

import asyncio
import hashlib
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from studium.kit.base.held import require_free
from studium.kit.base.ids import new_id
from studium.kit.storage import CHUNK, translate_storage_errors
from studium.modules.files.formats import HEAD

SUFFIX = ".part"


class TemporaryUpload:
    """A temporary file. `size` is bytes, `head` its first HEAD bytes, `checksum` the SHA-256 of what was written."""

    def __init__(self, path: Path, opened: int) -> None:
        self.path = path
        self.size = 0
        self.head = b""
        self._opened = opened
        self._digest = hashlib.sha256()
        self._held: list[bytes] = []
        self._held_size = 0
        self._writing: asyncio.Future[None] | None = None

    @property
    def checksum(self) -> str:
        """In hex; of everything once `finish` was awaited."""
        return self._digest.hexdigest()

    async def add(self, data: bytes) -> None:
        """Take a piece over; raise StorageFull. While one MiB is written the next is gathered, so memory stays flat."""
        if len(self.head) < HEAD:
            self.head += data[: HEAD - len(self.head)]
        self.size += len(data)
        self._held.append(data)
        self._held_size += len(data)
        if self._held_size >= CHUNK:
            await self._write_on()

    async def finish(self) -> None:
        """Write what is left; raise StorageFull."""
        await self._write_on()
        await self._written()

    async def _write_on(self) -> None:
        require_free("A file")
        await self._written()
        pieces, self._held, self._held_size = self._held, [], 0
        self._writing = asyncio.get_running_loop().run_in_executor(None, self._write, pieces)

    async def _written(self) -> None:
        if self._writing is not None:
            with translate_storage_errors():
                await asyncio.shield(self._writing)

    def _write(self, pieces: list[bytes]) -> None:
        for piece in pieces:
            self._digest.update(piece)
            rest = memoryview(piece)
            while rest:
                rest = rest[os.write(self._opened, rest) :]

    async def close(self) -> None:
        """Wait for the thread, close the file, and remove what nobody took."""
        if self._writing is not None:
            # A thread cannot be interrupted, and the number of a closed file may be another's at once.
            await asyncio.gather(self._writing, return_exceptions=True)
        os.close(self._opened)
        self.path.unlink(missing_ok=True)


@asynccontextmanager
async def new_draft(folder: Path) -> AsyncIterator[TemporaryUpload]:
    """A draft in `folder`, which the block fills and the storage may adopt; nothing of it is left afterwards."""
    with translate_storage_errors():
        path = new_path(folder)
        opened = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    draft = TemporaryUpload(path, opened)
    try:
        yield draft
    finally:
        await draft.close()


def new_path(folder: Path) -> Path:
    """A name in `folder` that nobody uses; the folder is made."""
    folder.mkdir(parents=True, exist_ok=True)
    return folder / f"{new_id().hex}{SUFFIX}"


def checksum_of(path: Path) -> str:
    """The SHA-256 of a file in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
