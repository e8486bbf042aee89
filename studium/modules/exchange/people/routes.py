"""People taken in from CSV: a plan first, then its being carried out."""

from collections.abc import AsyncIterator
from functools import partial
from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, Query, Request, Response
from sqlalchemy.ext.asyncio import AsyncSession

from studium.access.actor import Actor, Admin, RecentAdmin
from studium.access.downloads import PeopleTable, Taken, people_csv
from studium.access.idempotency import FormKey, answer_form
from studium.kit.http.after import AfterSession
from studium.kit.http.dependencies import SessionDep, request_runtime
from studium.kit.http.pagination import PageDep
from studium.kit.http.routing import Router
from studium.kit.http.streams import Stream, WantsCsv, csv_responses
from studium.kit.text.csv_text import Csv
from studium.models import PeopleImport, PlannedAction
from studium.modules.exchange.people import actions, queries
from studium.modules.exchange.people.schemas import PeopleImportOut
from studium.modules.exchange.people.uploads import PeopleUpload, received
from studium.modules.exchange.uploads import stored
from studium.modules.users.passwords import hash_of_nobodys

router = Router("/users", tag="users")
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
                        "invite": {"type": "string", "enum": ["none", "new", "all"], "default": "none"},
                    },
                }
            }
        },
    }
}


@router.post("/import", status_code=202, response_model=PeopleImportOut, openapi_extra=_UPLOAD)
async def import_people(request: Request, actor: Admin, key: FormKey) -> Response:
    """Make a plan of a CSV of people: a job finds out what each row would do, and nothing is changed meanwhile."""
    runtime = request_runtime(request)
    body: AsyncIterator[bytes] = request.stream()
    async with (
        received(runtime, request.headers.get("content-type", ""), body) as upload,
        stored(runtime, upload.path) as path,
    ):
        act, remove = partial(_request, actor, upload, path), partial(runtime.storage.delete, path)
        return await answer_form(runtime, (actor.id, key), upload.fingerprint, act=act, discard=remove)


async def _request(actor: Actor, upload: PeopleUpload, path: str, session: AsyncSession) -> Response:
    row = actions.new_import(actor.id, upload.label, size=upload.size, rows=upload.rows, invite=upload.fields.invite)
    await actions.request_plan(session, row, path)
    location = {"Location": f"/api/v1/users/imports/{row.id}"}
    return Response(PeopleImportOut.of(row).model_dump_json(), 202, location, "application/json")


async def some_import(import_id: UUID, _: Admin, session: SessionDep) -> PeopleImport:
    """Any import of people, for an admin; raises NotFound."""
    return await actions.find_import(session, import_id)


@router.get("/imports/{import_id}", response_model=PeopleImportOut, responses=csv_responses("every row of the report"))
async def read_people_import(
    request: Request,
    actor: Admin,
    row: Annotated[PeopleImport, Depends(some_import)],
    session: SessionDep,
    page: PageDep,
    as_csv: WantsCsv,
    action: Annotated[PlannedAction | None, Query(description="Only rows that do this.")] = None,
) -> PeopleImportOut | AfterSession[Response]:
    """An import: how far it is, its plan, and a page of the rows that do something, in the order of the file."""
    if as_csv:
        return AfterSession(partial(_report, request, actor, row.id, as_csv))
    rows = await queries.row_page(session, row.id, action, page)
    return PeopleImportOut.of(row, rows.items, rows.next_cursor)


async def _report(request: Request, actor: Actor, import_id: UUID, kind: Csv) -> Response:
    return report_csv(request, actor, import_id, kind)


def report_csv(request: Request, actor: Actor, import_id: UUID, kind: Csv) -> Stream:
    """Every row of the report as a file to save."""
    runtime, taken = request_runtime(request), Taken(actor, PeopleTable.IMPORT, ("people_import", import_id))
    rows = queries.report_rows(runtime, import_id)
    return people_csv(runtime, taken, "people-import.csv", queries.REPORT, rows, kind)


async def nobodys_hash(_: RecentAdmin) -> str:
    """The hash of a password that nobody knows, for the accounts that are made; hashed before any transaction."""
    return await hash_of_nobodys()


async def locked_import(import_id: UUID, _: Admin, session: SessionDep) -> PeopleImport:
    """Any import of people, locked; raises NotFound."""
    return await actions.find_import(session, import_id, locked=True)


@router.post("/imports/{import_id}/apply", status_code=202)
async def apply_people_import(
    actor: RecentAdmin,
    password_hash: Annotated[str, Depends(nobodys_hash)],
    row: Annotated[PeopleImport, Depends(locked_import)],
    session: SessionDep,
) -> PeopleImportOut:
    """Carry out exactly the plan, within 24 hours of it and ten minutes of the password; again: nothing happens."""
    await actions.apply_plan(session, actor.id, row, password_hash)
    return PeopleImportOut.of(row)
