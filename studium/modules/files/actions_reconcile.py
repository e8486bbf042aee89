"""Rows without blobs: what `studium reconcile` looks for, and cannot put right; and blobs that nobody sweeps."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select

from studium.kit.base.clock import now
from studium.kit.base.findings import Findings
from studium.kit.db.invariants import Breach
from studium.kit.runtime import Runtime
from studium.models import UploadedFile
from studium.modules.files.actions_upload import BLOBS

GRACE = timedelta(hours=1)
"""How old a blob without a row must be: the row of a younger one may be about to be committed."""

UNSWEPT = GRACE + timedelta(hours=2)
"""How old a blob without a row may become: the sweep comes every hour, and once it may come late."""

_BATCH = 100
_LISTED = 500


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


async def find_lost(runtime: Runtime) -> Findings[LostBlob]:
    """Every file whose row and blob do not agree, by id; a hundred are asked for at once."""
    return await Findings[LostBlob]().take(_lost(runtime))


async def _lost(runtime: Runtime) -> AsyncIterator[LostBlob]:
    columns = select(UploadedFile.id, UploadedFile.storage_path, UploadedFile.file_size)
    following = columns.order_by(UploadedFile.id).limit(_BATCH)
    statement = following
    while True:
        async with runtime.database.read_session() as session:
            rows = (await session.execute(statement)).all()
        if not rows:
            return
        sizes = await asyncio.gather(*(runtime.storage.size(row.storage_path) for row in rows))
        pairs = zip(rows, sizes, strict=True)
        lost = [LostBlob(row.id, row.file_size, size) for row, size in pairs if size != row.file_size]
        for file in await _still_there(runtime, lost):
            yield file
        statement = following.where(UploadedFile.id > rows[-1].id)


async def _still_there(runtime: Runtime, lost: list[LostBlob]) -> list[LostBlob]:
    """Those of the lost whose rows are there now: a row that was deleted meanwhile took its blob along."""
    if not lost:
        return []
    async with runtime.database.read_session() as session:
        found = select(UploadedFile.id).where(UploadedFile.id.in_([file.file_id for file in lost]))
        here = set((await session.execute(found)).scalars())
    return [file for file in lost if file.file_id in here]


async def find_orphans(runtime: Runtime, *, before: datetime) -> AsyncIterator[str]:
    """The paths of the blobs that no row names and that have not changed since `before`."""
    batch: list[str] = []
    async for path in runtime.storage.list(BLOBS, before=before):
        batch.append(path)
        if len(batch) == _LISTED:
            for orphan in await _without_row(runtime, batch):
                yield orphan
            batch = []
    for orphan in await _without_row(runtime, batch):
        yield orphan


async def _without_row(runtime: Runtime, paths: list[str]) -> set[str]:
    names = [path.rpartition("/")[2] for path in paths]
    async with runtime.database.read_session() as session:
        found = select(UploadedFile.storage_path).where(UploadedFile.filename.in_(names))
        return set(paths) - set((await session.execute(found)).scalars())


async def find_unswept(runtime: Runtime) -> Findings[Breach]:
    """The blobs that the sweep should have removed by now."""
    sentence = "blob {path} belongs to no file and was not swept for hours"
    orphans = find_orphans(runtime, before=now() - UNSWEPT)
    return await Findings[Breach]().take(Breach(7, sentence.format(path=path)) async for path in orphans)
