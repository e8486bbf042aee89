"""Blobs without rows: what a crash between the two leaves behind, swept every hour."""

from datetime import timedelta

import structlog
from sqlalchemy import select

from studium.kit.clock import now
from studium.kit.jobs import periodic
from studium.kit.runtime import Runtime
from studium.models import UploadedFile
from studium.modules.files.actions_upload import BLOBS

GRACE = timedelta(hours=1)
"""How old a blob without a row must be: the row of a younger one may be about to be committed."""

_BATCH = 500
_log = structlog.get_logger()


@periodic(seconds=3600)
async def sweep_orphans(runtime: Runtime) -> None:
    """Remove blobs that no row names, and what is left of uploads that broke off with the process."""
    await runtime.storage.clear_incoming()
    batch: list[str] = []
    async for path in runtime.storage.list(BLOBS, before=now() - GRACE):
        batch.append(path)
        if len(batch) == _BATCH:
            await _remove_orphans(runtime, batch)
            batch = []
    await _remove_orphans(runtime, batch)


async def _remove_orphans(runtime: Runtime, paths: list[str]) -> None:
    names = [path.rpartition("/")[2] for path in paths]
    async with runtime.database.reading() as session:
        found = select(UploadedFile.storage_path).where(UploadedFile.filename.in_(names))
        known = set((await session.execute(found)).scalars())
    for path in set(paths) - known:
        _log.warning("a blob without a row is removed", path=path)
        await runtime.storage.delete(path)
