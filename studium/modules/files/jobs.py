"""Blobs without rows: what a crash between the two leaves behind, swept every hour."""

import structlog

from studium.kit.clock import now
from studium.kit.jobs import periodic
from studium.kit.runtime import Runtime
from studium.modules.files.actions_reconcile import GRACE, find_orphans

_log = structlog.get_logger()


@periodic(seconds=3600)
async def sweep_orphans(runtime: Runtime) -> None:
    """Remove blobs that no row names, and what is left of uploads that broke off with the process."""
    await runtime.storage.clear_incoming()
    async for path in find_orphans(runtime, before=now() - GRACE):
        _log.warning("a blob without a row is removed", path=path)
        await runtime.storage.delete(path)
