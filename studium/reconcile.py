"""What should agree and may not, for operators: counters with their rows, rows of files with their blobs."""

from collections.abc import Sequence

from studium.kit.config import Settings
from studium.kit.runtime import BACKGROUND_SECONDS, open_runtime
from studium.modules.courses.actions_reconcile import CountDrift, find_count_drift, repair_counts
from studium.modules.enrollments.actions_reconcile import Drift, find_drift, repair
from studium.modules.files.actions_reconcile import LostBlob, find_lost


async def reconcile(settings: Settings, *, fix: bool) -> tuple[Sequence[Drift | CountDrift], Sequence[LostBlob]]:
    """Return every counter that differs from its rows, and every file that has lost its content.

    With `fix`, counters are recomputed, one enrollment or course at a time; nothing brings content back.
    """
    async with open_runtime(settings, statement_seconds=BACKGROUND_SECONDS) as runtime:
        async with runtime.database.reading() as session:
            drifted, miscounted = await find_drift(session), await find_count_drift(session)
        if fix:
            for enrollment_id in dict.fromkeys(drift.enrollment_id for drift in drifted):
                async with runtime.database.writing() as session:
                    await repair(session, enrollment_id)
            for course_id in dict.fromkeys(drift.course_id for drift in miscounted):
                async with runtime.database.writing() as session:
                    await repair_counts(session, course_id)
        return [*drifted, *miscounted], await find_lost(runtime)
