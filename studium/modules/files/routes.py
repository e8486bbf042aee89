"""Files: taken in, listed, described, removed. Giving them out has a file of its own."""

from typing import Annotated, Any

from fastapi import Header, Query, Request, Response

from studium.access import idempotency
from studium.access.actor import CurrentUser
from studium.access.permissions import DeletableFile, VisibleFile
from studium.kit.db import SessionDep, runtime_behind
from studium.kit.pages import Page, PageDep
from studium.kit.routing import Router
from studium.models import FileType
from studium.modules.files import actions, queries
from studium.modules.files.actions_upload import add_file, discard, received, stored
from studium.modules.files.schemas import FOLDER, FileOut

router = Router("/files", tag="files")
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
                        "folder": {"type": "string", "pattern": FOLDER},
                        "is_public": {"type": "boolean"},
                        "course_id": {"type": "string", "format": "uuid"},
                    },
                }
            }
        },
    }
}


@router.post("/upload", status_code=201, response_model=FileOut, openapi_extra=_UPLOAD)
async def upload_file(
    request: Request, actor: CurrentUser, idempotency_key: Annotated[str | None, Header()] = None
) -> Response:
    """Upload a file."""
    # The form is received before the transaction begins, so the route itself cannot look the key up in it.
    key = None if idempotency_key is None else idempotency.tidy_key(idempotency_key)
    runtime = runtime_behind(request)
    kind = request.headers.get("content-type", "")
    async with (
        received(runtime, actor, kind, request.stream()) as upload,
        stored(runtime, upload) as name,
        runtime.database.writing() as session,
    ):
        kept = None if key is None else await idempotency.begin(session, actor.id, key, upload.fingerprint)
        if isinstance(kept, Response):
            await discard(runtime, name)
            return kept
        file = await add_file(session, actor, upload, name)
        answer = Response(FileOut.model_validate(file).model_dump_json(), 201, media_type="application/json")
        if kept is not None:
            await kept.keep(answer)
        return answer


@router.get("/my-files")
async def my_files(
    actor: CurrentUser,
    session: SessionDep,
    page: PageDep,
    file_type: FileType | None = None,
    folder: Annotated[str | None, Query(pattern=FOLDER)] = None,
) -> Page[FileOut]:
    """The caller's files, newest first."""
    return await queries.my_files(session, actor, page, file_type, folder)


@router.get("/{file_id}")
async def read_file(file: VisibleFile) -> FileOut:
    """What is known of a file."""
    return FileOut.model_validate(file)


@router.delete("/{file_id}", status_code=204)
async def delete_file(file: DeletableFile, session: SessionDep) -> None:
    """Remove a file that no course and no lesson shows."""
    await actions.delete_file(session, file)
