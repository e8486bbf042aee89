"""Counters against rows, for operators: found in one reading, put right one enrollment at a time."""

from studium.kit.config import Settings
from studium.kit.runtime import open_runtime
from studium.modules.enrollments.actions_reconcile import find_drift, repair


async def reconcile(settings: Settings, *, fix: bool) -> int:
    """Return how many enrollments have counters that differ from their rows; with `fix`, recompute them."""
    async with open_runtime(settings) as runtime:
        async with runtime.database.reading() as session:
            drifted = await find_drift(session)
        if not fix:
            return len(drifted)
        repaired = 0
        for enrollment_id in drifted:
            async with runtime.database.writing() as session:
                repaired += await repair(session, enrollment_id)
        return repaired
