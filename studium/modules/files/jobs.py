"""Blobs without rows: what a crash between the two leaves behind, swept every hour."""

import structlog

from studium.kit.base.clock import now
from studium.kit.jobs.registry import periodic
from studium.kit.runtime import Runtime, clear_leftovers
from studium.modules.files.actions_reconcile import GRACE, find_orphans

_log = structlog.get_logger()


@periodic("files.sweep_orphans", seconds=3600)
async def sweep_orphans(runtime: Runtime) -> None:
    """Remove blobs that no row names, and what is left of uploads and mails that broke off with their process."""
    await clear_leftovers(runtime)
    async for path in find_orphans(runtime, before=now() - GRACE):
        _log.warning("a blob without a row is removed", path=path)
        await runtime.storage.delete(path)
