"""What an admin does about jobs that failed for good."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from studium.access.actor import Actor
from studium.access.audit import record_audit
from studium.kit.base.problems import NotFound
from studium.kit.runtime import get_runtime

_TARGET = "job", UUID(int=0)
"""Not every engine calls its jobs by UUIDs: the id stands in the details."""


async def requeue_job(session: AsyncSession, actor: Actor, job_id: str, *, address: str) -> None:
    """Give a job that failed for good another eight tries; raises NotFound where there is none with this id."""
    if not await get_runtime(session).jobs.requeue(job_id, session):
        message = "No job with this id has failed for good."
        raise NotFound(message)
    await record_audit(session, "system.job_requeued", actor_id=actor.id, target=_TARGET, address=address, job=job_id)


async def drop_job(session: AsyncSession, actor: Actor, job_id: str, *, address: str) -> None:
    """Forget a job that failed for good, or that waits; raises NotFound where there is none with this id."""
    if not await get_runtime(session).jobs.drop(job_id, session):
        message = "No job with this id has failed for good, or waits."
        raise NotFound(message)
    await record_audit(session, "system.job_dropped", actor_id=actor.id, target=_TARGET, address=address, job=job_id)
