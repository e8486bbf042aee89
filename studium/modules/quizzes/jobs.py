"""What happens to attempts when nobody looks."""

import structlog
from sqlalchemy import select

from studium.kit.clock import now
from studium.kit.jobs import periodic, reason_of
from studium.kit.runtime import Runtime
from studium.models import AttemptStatus, QuizAttempt
from studium.modules.quizzes.actions_attempts import LATE_GRACE, finalize_overdue

_BATCH = 500
_log = structlog.get_logger()


@periodic(seconds=lambda settings: settings.sweep_seconds)
async def finalize_overdue_attempts(runtime: Runtime) -> None:
    """Hand in every attempt whose time is up, each in a transaction of its own."""
    statement = (
        select(QuizAttempt.id)
        .where(QuizAttempt.status == AttemptStatus.IN_PROGRESS, QuizAttempt.deadline_at < now() - LATE_GRACE)
        .order_by(QuizAttempt.deadline_at)
        .limit(_BATCH)
    )
    async with runtime.database.reading() as session:
        overdue = (await session.execute(statement)).scalars().all()
    for attempt_id in overdue:
        try:
            async with runtime.database.writing() as session:
                await finalize_overdue(session, attempt_id)
        except Exception as error:  # noqa: BLE001 -- one attempt that cannot be handed in must not keep the others waiting.
            _log.warning("attempt not handed in", attempt_id=str(attempt_id), reason=reason_of(error))
