"""Exports: what is known of oneself, and for admins of others."""

from studium.access.actor import ClientAddress, CurrentUser, RecentAdmin, RecentUser
from studium.kit.base.problems import NotFound
from studium.kit.http.dependencies import SessionDep
from studium.kit.http.routing import Router
from studium.modules.privacy.exports import actions, queries
from studium.modules.privacy.schemas import ExportIn, ExportOut, OwnExportOut
from studium.modules.users.routes import SomeUser

router = Router("/users", tag="users")


@router.post("/me/export", status_code=202)
async def export_own_data(actor: RecentUser, address: ClientAddress, session: SessionDep) -> ExportOut:
    """Have everything that is known of oneself put into a ZIP, once a day; a mail has the link, good for 7 days."""
    return ExportOut.model_validate(await actions.request_export(session, actor, actor.id, None, address=address))


@router.get("/me/export")
async def read_own_export(actor: CurrentUser, session: SessionDep) -> OwnExportOut:
    """How far the last export is that one asked for; 404 without one that is kept still."""
    found = await queries.own_export(session, actor)
    if found is None:
        message = "You have asked for no export lately."
        raise NotFound(message)
    return found


@router.post("/{user_id}/export", status_code=202)
async def export_user_data(
    admin: RecentAdmin, address: ClientAddress, user: SomeUser, session: SessionDep, payload: ExportIn
) -> ExportOut:
    """The same of somebody else, for a reason; the admin gets the link, and the person is told with the reason."""
    row = await actions.request_export(session, admin, user.id, payload.reason, address=address)
    return ExportOut.model_validate(row)
