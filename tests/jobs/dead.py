"""A job that failed for good, whatever the engine."""

from sqlalchemy import text

from studium.kit.base.ids import new_id
from studium.kit.db.transaction import SessionTransaction
from studium.kit.jobs.registry import store
from studium.kit.runtime import Runtime

NAME = "privacy.make_export"
_BURY = {
    "sqlite": "UPDATE jobs SET state = 'dead', tries = 8, error = 'ValueError: no' WHERE state = 'ready'",
    "postgresql": "UPDATE procrastinate_jobs SET status = 'failed', attempts = 8 WHERE status = 'todo'",
}


async def dead_job(runtime: Runtime) -> str:
    """Store a job that nobody needs, let all that wait fail for good, and give its id."""
    async with runtime.database.write_session() as session:
        await store(SessionTransaction(session), [NAME], {"export_id": str(new_id())})
        await session.flush()
        await session.execute(text(_BURY[runtime.database.dialect]))
    return [job.id for job in await runtime.jobs.dead_jobs() if job.name == NAME][-1]
