"""The job that makes an export. It may be begun again at any moment, also while another run of it lives.

Each run keeps its ZIP under a path of its own; the row names the one that counts, which is announced once.
"""

from uuid import UUID

from sqlalchemy import select, update

from studium.access.codes import EXPORT_KEPT
from studium.events import ExportMade, ExportRequested
from studium.kit.base.clock import now
from studium.kit.base.executors import in_thread
from studium.kit.base.ids import new_id
from studium.kit.jobs.events import on, publish
from studium.kit.jobs.registry import Queue
from studium.kit.runtime import Runtime
from studium.models import DataExport
from studium.modules.files.delivery import delivery_headers
from studium.modules.files.temporary_uploads import new_path
from studium.modules.privacy.exports.actions import BLOBS, FILENAME, MEDIA_TYPE
from studium.modules.privacy.exports.content import write_export

MOST_SECONDS = 7200


@on(ExportRequested, "privacy.make_export", has_external_effects=True, queue=Queue.IMPORTS, seconds=MOST_SECONDS)
async def make_export(runtime: Runtime, event: ExportRequested) -> None:
    """Make the ZIP and keep it, unless it is there or nobody wants it any more."""
    async with runtime.database.read_session() as session:
        row = await session.get(DataExport, event.export_id)
    if row is None or row.done_at is not None:
        await _drop_others(runtime, event.export_id)
        return
    draft, blob = new_path(runtime.storage.incoming), f"{BLOBS}/{row.id}/{new_id()}.zip"
    try:
        await write_export(runtime, row.user_id, draft)
        size = (await in_thread(draft.stat)).st_size
        await runtime.storage.adopt(blob, draft, delivery_headers(MEDIA_TYPE, FILENAME))
    finally:
        draft.unlink(missing_ok=True)
    await _finish(runtime, row.id, blob, size)
    await _drop_others(runtime, row.id)


async def _finish(runtime: Runtime, export_id: UUID, blob: str, size: int) -> None:
    """Name and announce the ZIP, unless another is named or nobody wants it any more, as when the person was erased."""
    values = {"done_at": now(), "storage_path": blob, "file_size": size, "expires_at": now() + EXPORT_KEPT}
    waits = DataExport.id == export_id, DataExport.done_at.is_(None)
    write = update(DataExport).where(*waits).values(**values).returning(DataExport.id)
    async with runtime.database.write_session() as session:
        done = await session.execute(write, execution_options={"synchronize_session": False})
        if done.scalar_one_or_none() is not None:
            await publish(session, ExportMade(export_id=export_id))


async def _drop_others(runtime: Runtime, export_id: UUID) -> None:
    """Delete what runs have left of an export that is done or not wanted, but for the ZIP that its row names."""
    async with runtime.database.read_session() as session:
        named = await session.scalar(select(DataExport.storage_path).where(DataExport.id == export_id))
    for path in [path async for path in runtime.storage.list(f"{BLOBS}/{export_id}")]:
        if path != named:
            await runtime.storage.delete(path)
