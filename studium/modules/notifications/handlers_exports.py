"""Emails about exports of what is known of a person."""

from studium.access.codes import export_ticket
from studium.events import ExportMade, ExportRequested
from studium.kit.base.languages import day_in
from studium.kit.jobs.events import on
from studium.kit.runtime import Runtime
from studium.models import DataExport
from studium.modules.notifications.sending import active_person, send_email


@on(ExportRequested, "notifications.tell_of_export", has_external_effects=True)
async def tell_of_export(runtime: Runtime, event: ExportRequested) -> None:
    """Tell a person whose data an admin wants; who asks for their own knows."""
    async with runtime.database.read_session() as session:
        row = await session.get(DataExport, event.export_id)
        to = None if row is None or row.reason is None else await active_person(session, row.user_id)
    if row is not None:
        await send_email(runtime, "export_by_school", to, page="/account/privacy", reason=row.reason or "")


@on(ExportMade, "notifications.mail_export", has_external_effects=True)
async def mail_export(runtime: Runtime, event: ExportMade) -> None:
    """The link to the ZIP, for whoever asked."""
    async with runtime.database.read_session() as session:
        row = await session.get(DataExport, event.export_id)
        to = None if row is None else await active_person(session, row.requested_by)
    if row is None or to is None:
        return
    ticket = export_ticket(runtime.keys, row.id, row.expires_at)
    page = f"/api/v1/exports/{row.id}/download?ticket={ticket}"
    await send_email(runtime, "export_ready", to, page=page, day=day_in(to.language, row.expires_at, to.zone))
