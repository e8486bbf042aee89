"""Files: taken in, listed, described, removed. Giving them out has a file of its own."""

from functools import partial
from typing import Annotated, Any

from fastapi import Query, Request, Response
from sqlalchemy.ext.asyncio import AsyncSession

from studium.access.actor import Actor, CurrentUser
from studium.access.idempotency import FormKey, answer_form
from studium.access.permissions import DeletableFile, VisibleFile
from studium.kit.http.dependencies import ReadsDep, SessionDep, request_runtime
from studium.kit.http.pagination import Page, PageDep
from studium.kit.http.routing import Router
from studium.models import FileType
from studium.modules.files import actions, queries
from studium.modules.files.actions_upload import Upload, add_file, discard, received, stored
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
async def upload_file(request: Request, actor: CurrentUser, key: FormKey) -> Response:
    """Upload a file."""
    runtime = request_runtime(request)
    content_type = request.headers.get("content-type", "")
    async with received(runtime, actor, content_type, request.stream()) as upload, stored(runtime, upload) as name:
        act, remove = partial(_add, actor, upload, name), partial(discard, runtime, name)
        return await answer_form(runtime, (actor.id, key), upload.fingerprint, act=act, discard=remove)


async def _add(actor: Actor, upload: Upload, name: str, session: AsyncSession) -> Response:
    file = await add_file(session, actor, upload, name)
    return Response(FileOut.model_validate(file).model_dump_json(), 201, media_type="application/json")


@router.get("/my-files")
async def list_my_files(
    actor: CurrentUser,
    reads: ReadsDep,
    page: PageDep,
    file_type: FileType | None = None,
    folder: Annotated[str | None, Query(pattern=FOLDER)] = None,
) -> Page[FileOut]:
    """The caller's files, newest first."""
    return await queries.my_files(reads, actor, page, file_type, folder)


@router.get("/{file_id}")
async def read_file(file: VisibleFile) -> FileOut:
    """What is known of a file."""
    return FileOut.model_validate(file)


@router.delete("/{file_id}", status_code=204)
async def delete_file(file: DeletableFile, session: SessionDep) -> None:
    """Remove a file that no course and no lesson shows."""
    await actions.delete_file(session, file)
