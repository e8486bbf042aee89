"""The school's machinery, for admins."""

from typing import Annotated

from fastapi import Path, Request

from studium.access.actor import Admin, ClientAddress, RecentAdmin
from studium.kit.http.dependencies import SessionDep, request_runtime
from studium.kit.http.routing import Router
from studium.modules.system import actions, queries
from studium.modules.system.schemas import RequeuedJobOut, SystemOut

router = Router("/system", tag="system")
JobId = Annotated[str, Path(max_length=64, description="As `dead_jobs` of `GET /system` and `studium jobs` name it.")]


@router.get("")
async def read_system(request: Request, _: Admin) -> SystemOut:
    """How the machinery is: checks, jobs, storage, mail, and the last backup."""
    return await queries.system_state(request_runtime(request))


@router.post("/jobs/{job_id}/requeue", status_code=202)
async def requeue_job(admin: Admin, address: ClientAddress, job_id: JobId, session: SessionDep) -> RequeuedJobOut:
    """Try a job again that failed for good."""
    await actions.requeue_job(session, admin, job_id, address=address)
    return RequeuedJobOut(id=job_id)


@router.delete("/jobs/{job_id}", status_code=204)
async def drop_job(admin: RecentAdmin, address: ClientAddress, job_id: JobId, session: SessionDep) -> None:
    """Forget a job that failed for good, or waits: what it would have done is not done."""
    await actions.drop_job(session, admin, job_id, address=address)
