"""Uploads that nobody waits for any more: what a crash leaves behind, swept every hour."""

from datetime import timedelta

from studium.kit.clock import now
from studium.kit.jobs import periodic
from studium.kit.runtime import Runtime
from studium.modules.courses.importing.uploads import BLOBS, waiting_paths

GRACE = timedelta(hours=1)
"""How old an upload without a row must be: the row of a younger one may be about to be committed."""


@periodic(seconds=3600)
async def sweep_uploads(runtime: Runtime) -> None:
    """Remove uploads that no import waits for."""
    paths = [path async for path in runtime.storage.list(BLOBS, before=now() - GRACE)]
    for start in range(0, len(paths), 500):
        some = paths[start : start + 500]
        async with runtime.database.reading() as session:
            waiting = await waiting_paths(session, some)
        for path in some:
            if path not in waiting:
                await runtime.storage.delete(path)
