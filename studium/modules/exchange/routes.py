"""Courses taken in from other systems, and given out in Studium's own format."""

from functools import partial
from typing import Any

from fastapi import Request, Response
from sqlalchemy.ext.asyncio import AsyncSession

from studium.access.actor import Actor, CurrentUser, Teacher
from studium.access.idempotency import FormKey, answer_form
from studium.access.permissions import EditableCourse, OwnImport
from studium.kit.http.after import AfterSession
from studium.kit.http.dependencies import ReadsDep, SessionDep, request_runtime
from studium.kit.http.pagination import Page, PageDep
from studium.kit.http.routing import Router
from studium.kit.http.streams import Stream
from studium.modules.exchange import queries, uploads
from studium.modules.exchange.export import Source, export_course, note_export, read_source
from studium.modules.exchange.schemas import ImportCard, ImportOut

router = Router("/courses", tag="courses")
_UPLOAD: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["file"],
                    "properties": {
                        "file": {"type": "string", "format": "binary"},
                        "course_id": {"type": "string", "format": "uuid"},
                        "dry_run": {"type": "boolean"},
                    },
                }
            }
        },
    }
}
_ZIP = {"application/zip": {"schema": {"type": "string", "format": "binary"}}}


@router.post("/import", status_code=202, response_model=ImportOut, openapi_extra=_UPLOAD)
async def import_course(request: Request, actor: Teacher, key: FormKey) -> Response:
    """Import a course, or questions into a course: an archive or a file, read by a job."""
    runtime = request_runtime(request)
    content_type = request.headers.get("content-type", "")
    async with (
        uploads.received(runtime, actor, content_type, request.stream()) as upload,
        uploads.stored(runtime, upload.path) as path,
    ):
        act, remove = partial(_request, actor, upload, path), partial(runtime.storage.delete, path)
        return await answer_form(runtime, (actor.id, key), upload.fingerprint, act=act, discard=remove)


async def _request(actor: Actor, upload: uploads.Upload, path: str, session: AsyncSession) -> Response:
    row = await uploads.request_import(session, actor, upload, path)
    location = {"Location": f"/api/v1/courses/imports/{row.id}"}
    return Response(ImportOut.of(row).model_dump_json(), 202, location, "application/json")


@router.get("/imports")
async def list_imports(actor: Teacher, reads: ReadsDep, page: PageDep) -> Page[ImportCard]:
    """One's own imports, newest first, without their reports."""
    return await queries.own_imports(reads, actor, page)


@router.get("/imports/{import_id}")
async def read_import(row: OwnImport) -> ImportOut:
    """How far an import is, and what became of every item."""
    return ImportOut.of(row)


@router.get(
    "/{course_id}/export",
    operation_id="exportCourse",
    response_class=Response,
    response_model=None,
    responses={200: {"content": _ZIP, "description": "The course as a folder of Markdown files."}},
)
async def read_export(
    request: Request, actor: CurrentUser, course: EditableCourse, session: SessionDep
) -> AfterSession[Response]:
    """The course as a ZIP archive that can be imported again."""
    source = await read_source(session, course)
    return AfterSession(partial(_export, request, actor, source))


async def _export(request: Request, actor: Actor, source: Source) -> Response:
    runtime = request_runtime(request)
    export = await export_course(runtime, source)
    await note_export(runtime, actor.id, source.course_id)
    headers = {
        "Content-Disposition": f'attachment; filename="{export.filename}"',
        "Content-Length": str(export.size),
    }
    return Stream(export.chunks(), headers=headers, media_type="application/zip")
