# ruff: noqa: ARG001 -- the parameters are the contract of addresses that answer 501 for now.
"""Files: the addresses and who may use them are settled; the work behind them is not there yet."""

from typing import Annotated

from fastapi import Query, Response

from studium.access.actor import CurrentUser
from studium.access.permissions import DeletableFile, VisibleFile
from studium.kit.pages import Page, PageDep
from studium.kit.problems import NotImplementedYet
from studium.kit.routing import Router
from studium.modules.files.schemas import FileOut

router = Router("/files", tag="files")
_FOLDER = "^[a-z0-9_-]{1,50}$"
_UPLOAD = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["file"],
                    "properties": {
                        "file": {"type": "string", "format": "binary"},
                        "folder": {"type": "string", "pattern": _FOLDER},
                        "is_public": {"type": "boolean"},
                        "course_id": {"type": "string", "format": "uuid"},
                    },
                }
            }
        },
    }
}


@router.post("/upload", status_code=201, openapi_extra=_UPLOAD)
async def upload_file(actor: CurrentUser) -> FileOut:
    """Upload a file."""
    raise NotImplementedYet


@router.get("/my-files")
async def my_files(
    actor: CurrentUser,
    page: PageDep,
    file_type: Annotated[str | None, Query(max_length=50)] = None,
    folder: Annotated[str | None, Query(pattern=_FOLDER)] = None,
) -> Page[FileOut]:
    """The caller's files, newest first."""
    raise NotImplementedYet


@router.get("/{file_id}")
async def read_file(file: VisibleFile) -> FileOut:
    """What is known of a file."""
    raise NotImplementedYet


@router.get(
    "/{file_id}/download",
    response_class=Response,
    responses={200: {"content": {"application/octet-stream": {}}, "description": "The file."}},
)
async def download_file(file: VisibleFile) -> Response:
    """The file itself."""
    raise NotImplementedYet


@router.delete("/{file_id}", status_code=204)
async def delete_file(file: DeletableFile) -> None:
    """Remove a file."""
    raise NotImplementedYet
