"""Courses taken in from other systems, and given out in Studium's own format."""

from typing import Annotated, Any

from fastapi import Header, Request, Response

from studium.access import idempotency
from studium.access.actor import Teacher
from studium.access.permissions import EditableCourse, OwnImport
from studium.kit.db import SessionDep, runtime_behind
from studium.kit.routing import Router
from studium.kit.streams import Stream
from studium.modules.courses.importing import uploads
from studium.modules.courses.importing.export import export_course
from studium.modules.courses.importing.schemas import ImportOut

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
async def import_course(
    request: Request, actor: Teacher, idempotency_key: Annotated[str | None, Header()] = None
) -> Response:
    """Import a course, or questions into a course: an archive or a file, read by a job."""
    # The form is received before the transaction begins, as in an upload of a file.
    key = None if idempotency_key is None else idempotency.tidy_key(idempotency_key)
    runtime = runtime_behind(request)
    kind = request.headers.get("content-type", "")
    async with (
        uploads.received(runtime, actor, kind, request.stream()) as upload,
        uploads.stored(runtime, upload) as path,
        runtime.database.writing() as session,
    ):
        kept = None if key is None else await idempotency.begin(session, actor.id, key, upload.fingerprint)
        if isinstance(kept, Response):
            await runtime.storage.delete(path)
            return kept
        row = await uploads.request_import(session, actor, upload, path)
        answer = Response(ImportOut.of(row).model_dump_json(), 202, media_type="application/json")
        answer.headers["Location"] = f"/api/v1/courses/imports/{row.id}"
        if kept is not None:
            await kept.keep(answer)
        return answer


@router.get("/imports/{import_id}")
async def read_import(row: OwnImport) -> ImportOut:
    """How far an import is, and what became of every item."""
    return ImportOut.of(row)


@router.get(
    "/{course_id}/export",
    response_class=Response,
    responses={200: {"content": _ZIP, "description": "The course as a folder of Markdown files."}},
)
async def read_export(request: Request, course: EditableCourse, session: SessionDep) -> Response:
    """The course as a ZIP archive that can be imported again."""
    export = await export_course(session, runtime_behind(request), course)
    headers = {
        "Content-Disposition": f'attachment; filename="{export.filename}"',
        "Content-Length": str(export.size),
    }
    return Stream(export.chunks(), headers=headers, media_type="application/zip")
