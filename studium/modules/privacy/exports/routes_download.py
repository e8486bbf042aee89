"""Giving an export out to whoever has the mailed ticket."""

from functools import partial

from fastapi import Request, Response

from studium.access.permissions import TicketedExport
from studium.kit.http.after import AfterSession
from studium.kit.http.dependencies import request_runtime
from studium.kit.http.routing import Router
from studium.kit.http.streams import Stream
from studium.kit.runtime import Runtime
from studium.models import DataExport
from studium.modules.files.delivery import delivery_headers
from studium.modules.files.routes_download import ADDRESS_SECONDS, opened
from studium.modules.privacy.exports.actions import FILENAME, MEDIA_TYPE

router = Router("/exports", tag="users")
_ZIP = {MEDIA_TYPE: {"schema": {"type": "string", "format": "binary"}}}


@router.get(
    "/{export_id}/download",
    response_class=Response,
    response_model=None,
    responses={
        200: {"content": _ZIP, "description": "The ZIP."},
        307: {"description": "Where the ZIP lies, for a minute."},
    },
)
async def download_export(request: Request, export: TicketedExport) -> AfterSession[Response]:
    """What is known of a person, as a ZIP, with the `ticket` of the link in the mail; it works without a log-in."""
    return AfterSession(partial(_downloaded, request_runtime(request), export))


async def _downloaded(runtime: Runtime, export: DataExport) -> Response:
    path, size = str(export.storage_path), int(export.file_size or 0)
    address = await runtime.storage.presigned(path, ADDRESS_SECONDS)
    if address is not None:
        return Response(status_code=307, headers={"Location": address, "Cache-Control": "no-store"})
    headers = {**delivery_headers(MEDIA_TYPE, FILENAME), "Cache-Control": "no-store", "Content-Length": str(size)}
    return Stream(await opened(runtime.storage, path, 0, size), headers=headers)
