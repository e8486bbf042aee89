"""What crashes leave behind of imports: uploads that nobody waits for any more, and imports that nobody works at."""

from datetime import timedelta

from studium.kit.base.clock import now
from studium.kit.jobs.registry import periodic
from studium.kit.runtime import Runtime
from studium.modules.exchange.handlers import fail_lost
from studium.modules.exchange.uploads import BLOBS, waiting_paths

GRACE = timedelta(hours=1)
"""How old an upload without a row must be: the row of a younger one may be about to be committed."""


@periodic("courses.sweep_uploads", seconds=3600)
async def sweep_uploads(runtime: Runtime) -> None:
    """Remove uploads that no import waits for."""
    paths = [path async for path in runtime.storage.list(BLOBS, before=now() - GRACE)]
    for start in range(0, len(paths), 500):
        some = paths[start : start + 500]
        async with runtime.database.read_session() as session:
            waiting = await waiting_paths(session, some)
        for path in some:
            if path not in waiting:
                await runtime.storage.delete(path)


@periodic("courses.fail_lost_imports", seconds=lambda settings: settings.sweep_seconds)
async def fail_lost_imports(runtime: Runtime) -> None:
    """Tell those who wait for an import that will never be finished."""
    await fail_lost(runtime)
