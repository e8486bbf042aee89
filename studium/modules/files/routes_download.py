"""Giving files out: whole or in part, from the folder itself or by an address of limited time."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from functools import partial

import structlog
from fastapi import Request, Response

from studium.access.permissions import VisibleFile
from studium.kit.base.problems import NotFound
from studium.kit.http.after import AfterSession
from studium.kit.http.dependencies import request_runtime
from studium.kit.http.routing import Router
from studium.kit.http.streams import Stream
from studium.kit.storage import BlobMissing, Storage
from studium.models import UploadedFile
from studium.modules.files.delivery import delivery_headers, guard_headers, is_known, wanted_range

ADDRESS_SECONDS = 60
router = Router("/files", tag="files")
_log = structlog.get_logger()
_CONTENT = {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}


@router.get(
    "/{file_id}/download",
    response_class=Response,
    response_model=None,
    responses={
        200: {"content": _CONTENT, "description": "The file."},
        206: {"content": _CONTENT, "description": "The part that `Range` asked for."},
        304: {"description": "The caller has it already."},
        307: {"description": "Where the file lies, for a minute."},
    },
)
async def download_file(request: Request, file: VisibleFile) -> AfterSession[Response]:
    """The file itself."""
    return AfterSession(partial(_download, request, file))


async def _download(request: Request, file: UploadedFile) -> Response:
    storage = request_runtime(request).storage
    headers = guard_headers(file.checksum, is_public=file.is_public)
    if is_known(request.headers, headers["ETag"]):
        return Response(status_code=304, headers=headers)
    address = await storage.presigned(file.storage_path, ADDRESS_SECONDS)
    if address is not None:
        return Response(status_code=307, headers={"Location": address, "Cache-Control": "no-store"})
    headers |= delivery_headers(file.mime_type, file.original_filename)
    wanted = wanted_range(request.headers, headers["ETag"], file.file_size)
    start, end = wanted or (0, file.file_size)
    headers["Content-Length"] = str(end - start)
    if wanted is not None:
        headers["Content-Range"] = f"bytes {start}-{end - 1}/{file.file_size}"
    return Stream(await opened(storage, file.storage_path, start, end), 200 if wanted is None else 206, headers)


async def opened(storage: Storage, path: str, start: int, end: int) -> AsyncGenerator[bytes]:
    """The bytes `start`..`end` (exclusive), of which the first were read; raise NotFound where the blob is missing."""
    chunks = storage.stream(path, start, end)
    try:
        first = await anext(chunks, b"")
    except BlobMissing:
        _log.error("a file has no blob", path=path)
        message = "The content of this file is missing."
        raise NotFound(message) from None
    return _continued(first, chunks)


async def _continued(first: bytes, rest: AsyncGenerator[bytes]) -> AsyncGenerator[bytes]:
    async with aclosing(rest):
        yield first
        async for chunk in rest:
            yield chunk
