"""What happens to attempts when nobody looks."""

import structlog

from studium.kit.jobs.registry import periodic, reason_of
from studium.kit.runtime import Runtime
from studium.modules.quizzes.attempts.reading import overdue_attempts, overdue_ids, submit_overdue

_OVERDUE = overdue_attempts(limit=500)
_log = structlog.get_logger()


@periodic("quizzes.finalize_overdue_attempts", seconds=lambda settings: settings.sweep_seconds)
async def finalize_overdue_attempts(runtime: Runtime) -> None:
    """Hand in every attempt whose time is up, each in a transaction of its own."""
    for attempt_id in await overdue_ids(runtime.database, _OVERDUE):
        try:
            await submit_overdue(runtime.database, attempt_id)
        except Exception as error:  # noqa: BLE001 -- one attempt that cannot be handed in must not keep the others waiting.
            _log.warning("attempt not handed in", attempt_id=str(attempt_id), reason=reason_of(error))
