"""Periodic tasks: exports go after a week, ZIPs that no row names, and exports that failed for good."""

from datetime import timedelta

from sqlalchemy import delete, select

from studium.access.throttle import forget
from studium.kit.base.clock import now
from studium.kit.jobs.registry import periodic
from studium.kit.runtime import Runtime
from studium.models import DataExport
from studium.modules.privacy.exports.actions import BLOBS, ONCE, delete_expired
from studium.modules.privacy.exports.handlers import make_export

GRACE = timedelta(hours=3)
"""How old a ZIP without a row must be: the job that made a younger one may be about to name it."""

_AT_ONCE = 200


@periodic("privacy.sweep_exports", seconds=3600)
async def sweep_exports(runtime: Runtime) -> None:
    """Delete what is over, and what a crash has left."""
    gone = _AT_ONCE
    while gone == _AT_ONCE:
        async with runtime.database.write_session() as session:
            gone = await delete_expired(session)
    paths = [path async for path in runtime.storage.list(BLOBS, before=now() - GRACE)]
    for start in range(0, len(paths), _AT_ONCE):
        some = paths[start : start + _AT_ONCE]
        async with runtime.database.read_session() as session:
            named = select(DataExport.storage_path).where(DataExport.storage_path.in_(some))
            known = set((await session.execute(named)).scalars())
        for path in some:
            if path not in known:
                await runtime.storage.delete(path)


@periodic("privacy.forget_failed_exports", seconds=lambda settings: settings.sweep_seconds)
async def forget_failed_exports(runtime: Runtime) -> None:
    """Forget exports that no job will ever make, and give those who asked the day's allowance back."""
    waiting = runtime.jobs.waiting_ids(make_export, "export_id")
    failed = DataExport.done_at.is_(None), DataExport.id.not_in(waiting)
    async with runtime.database.read_session() as session:
        found = (await session.execute(select(DataExport.id).where(*failed).limit(_AT_ONCE))).scalars().all()
    for export_id in found:
        gone = delete(DataExport).where(DataExport.id == export_id, DataExport.done_at.is_(None))
        async with runtime.database.write_session() as session:
            row = (await session.execute(gone.returning(DataExport.requested_by, DataExport.user_id))).one_or_none()
            if row is not None:
                await forget(session, ONCE.scope, row.requested_by, row.user_id)
