"""Files whose content is not what was stored: what `studium reconcile --contents` looks for by reading every blob."""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select

from studium.kit.base.executors import in_thread
from studium.kit.base.findings import Findings
from studium.kit.runtime import Runtime
from studium.kit.storage import BlobMissing
from studium.models import UploadedFile

_BATCH = 100
_AT_ONCE = 4


@dataclass(frozen=True, slots=True)
class AlteredBlob:
    """A file whose content has another SHA-256 than its row says."""

    file_id: UUID

    def __str__(self) -> str:
        return f"file {self.file_id}: its content is not what was stored"


async def find_altered(runtime: Runtime) -> Findings[AlteredBlob]:
    """Every file with other bytes than were stored, by id. Reads all that have one."""
    return await Findings[AlteredBlob]().take(_altered(runtime))


async def _altered(runtime: Runtime) -> AsyncIterator[AlteredBlob]:
    columns = select(UploadedFile.id, UploadedFile.storage_path, UploadedFile.checksum)
    following = columns.order_by(UploadedFile.id).limit(_BATCH)
    places = asyncio.Semaphore(_AT_ONCE)

    async def checksum(path: str) -> str | None:
        async with places:
            return await _checksum(runtime, path)

    statement = following
    while True:
        async with runtime.database.read_session() as session:
            rows = (await session.execute(statement)).all()
        if not rows:
            return
        found = await asyncio.gather(*(checksum(row.storage_path) for row in rows))
        pairs = zip(rows, found, strict=True)
        for row, each in pairs:
            if each not in {None, row.checksum}:
                yield AlteredBlob(row.id)
        statement = following.where(UploadedFile.id > rows[-1].id)


async def _checksum(runtime: Runtime, path: str) -> str | None:
    """The SHA-256 of a blob in hex; None where there is none."""
    digest = hashlib.sha256()
    try:
        async for chunk in runtime.storage.stream(path):
            await in_thread(digest.update, chunk)
    except BlobMissing:
        return None
    return digest.hexdigest()
