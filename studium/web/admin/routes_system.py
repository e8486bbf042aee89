"""The school's machinery: checks, jobs, storage, mail, backups."""

from typing import Annotated

from fastapi import Path, Request
from starlette.responses import Response

from studium.access.actor import Admin, ClientAddress, RecentAdmin
from studium.kit.http.dependencies import SessionDep, request_runtime
from studium.modules.system import actions, queries
from studium.web.forms import shown_form
from studium.web.render import Page
from studium.web.routing import Pages, see_and_say, shows_again

router = Pages()
PATH = "/admin/system"
JobId = Annotated[str, Path(max_length=64)]


async def system_again(request: Request) -> Page:
    """The page with why something was refused."""
    return Page("admin/system.html", await queries.system_state(request_runtime(request)), form=shown_form(request))


@router.get(PATH)
async def system_page(request: Request, _: Admin) -> Page:
    """How the machinery is."""
    return await system_again(request)


@router.post(f"{PATH}/jobs/{{job_id}}/requeue")
@shows_again(system_again)
async def requeue_job(
    request: Request, admin: Admin, address: ClientAddress, job_id: JobId, session: SessionDep
) -> Response:
    """Try a job again that failed for good."""
    await actions.requeue_job(session, admin, job_id, address=address)
    return see_and_say(request, PATH, "job-requeued")


@router.post(f"{PATH}/jobs/{{job_id}}/drop")
@shows_again(system_again)
async def drop_job(
    request: Request, admin: RecentAdmin, address: ClientAddress, job_id: JobId, session: SessionDep
) -> Response:
    """Forget it."""
    await actions.drop_job(session, admin, job_id, address=address)
    return see_and_say(request, PATH, "job-dropped")
