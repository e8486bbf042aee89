"""Rows without blobs: what `studium reconcile` looks for, and cannot put right."""

import asyncio
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select

from studium.kit.runtime import Runtime
from studium.models import UploadedFile

_BATCH = 100


@dataclass(frozen=True, slots=True)
class LostBlob:
    """A file whose content is missing or has another size than its row says; sizes in bytes."""

    file_id: UUID
    stored: int
    found: int | None

    def __str__(self) -> str:
        if self.found is None:
            return f"file {self.file_id}: its content is missing"
        return f"file {self.file_id}: its content has {self.found} bytes, its row says {self.stored}"


async def find_lost(runtime: Runtime) -> list[LostBlob]:
    """Every file whose row and blob do not agree, by id; a hundred are asked for at once."""
    columns = select(UploadedFile.id, UploadedFile.storage_path, UploadedFile.file_size)
    following = columns.order_by(UploadedFile.id).limit(_BATCH)
    lost: list[LostBlob] = []
    statement = following
    while True:
        async with runtime.database.reading() as session:
            rows = (await session.execute(statement)).all()
        if not rows:
            return lost
        sizes = await asyncio.gather(*(runtime.storage.size(row.storage_path) for row in rows))
        pairs = zip(rows, sizes, strict=True)
        lost += [LostBlob(row.id, row.file_size, size) for row, size in pairs if size != row.file_size]
        statement = following.where(UploadedFile.id > rows[-1].id)
