"""People from a CSV: the file, the plan that it makes, and its being carried out."""

from functools import partial
from typing import Annotated, Literal

from fastapi import Depends, Request
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import Response

from studium.access.actor import Actor, Admin, RecentAdmin
from studium.kit.http.dependencies import SessionDep, request_runtime
from studium.kit.text.csv_text import Csv
from studium.models import PeopleImport, PlannedAction
from studium.modules.exchange.people import actions, queries
from studium.modules.exchange.people.routes import locked_import, nobodys_hash, report_csv, some_import
from studium.modules.exchange.people.schemas import PeopleImportOut
from studium.modules.exchange.people.uploads import PeopleUpload, received
from studium.modules.exchange.uploads import stored
from studium.web import lists
from studium.web.admin.views import ImportView
from studium.web.again import id_of
from studium.web.forms import shown_form
from studium.web.lists import Cursor
from studium.web.once import file_once
from studium.web.render import Page
from studium.web.routing import Pages, see, shows_again, takes_files

router = Pages()
_FORM, _ONE = "/admin/people/import", "/admin/people/imports/{import_id}"
PER_PAGE = 50
SomeImport = Annotated[PeopleImport, Depends(some_import)]


async def import_again(request: Request) -> Page:
    """The form with why the file was not taken."""
    return Page("admin/import_new.html", form=shown_form(request))


@router.get(_FORM)
async def import_form(request: Request, _: Admin) -> Page:
    """Where a CSV of people is handed in."""
    return await import_again(request)


@router.post(f"{_FORM}")
@takes_files
@shows_again(import_again)
async def upload_people(request: Request, actor: Admin) -> Response:
    """Take the file in; a job makes the plan, and nothing is changed meanwhile."""
    runtime, kind = request_runtime(request), request.headers.get("content-type", "")
    async with received(runtime, kind, request.stream()) as upload, stored(runtime, upload.path) as path:
        act, remove = partial(_add, actor=actor, upload=upload, path=path), partial(runtime.storage.delete, path)
        return await file_once(request, actor.id, upload.fingerprint, act=act, discard=remove)


async def _add(session: AsyncSession, *, actor: Actor, upload: PeopleUpload, path: str) -> Response:
    row = actions.new_import(actor.id, upload.label, size=upload.size, rows=upload.rows, invite=upload.fields.invite)
    await actions.request_plan(session, row, path)
    return see(_ONE.format(import_id=row.id))


@router.get(_ONE)
async def import_page(
    request: Request,
    row: SomeImport,
    session: SessionDep,
    *,
    show: PlannedAction | Literal[""] = "",
    cursor: Cursor = None,
) -> Page:
    """An import: how far it is, what it would do, what it did."""
    page = lists.listing(request, PER_PAGE, cursor)
    wanted = PlannedAction(show) if show else None
    found = await queries.row_page(session, row.id, wanted, page)
    shown = PeopleImportOut.of(row, found.items, found.next_cursor)
    return Page("admin/import.html", ImportView(shown, str(show), is_first=cursor is None), form=shown_form(request))


@router.get(f"{_ONE}/report.csv")
async def import_report(request: Request, actor: Admin, row: SomeImport) -> Response:
    """Every row of it as a table."""
    return report_csv(request, actor, row.id, Csv.MARKED)


async def plan_again(request: Request) -> Page:
    """The plan with why it was not carried out."""
    async with request_runtime(request).database.read_session() as session:
        row = await actions.find_import(session, id_of(request, "import_id"))
    return Page("admin/import.html", ImportView(PeopleImportOut.of(row), "", is_first=True), form=shown_form(request))


@router.post(f"{_ONE}/apply")
@shows_again(plan_again)
async def apply_plan(
    actor: RecentAdmin,
    password_hash: Annotated[str, Depends(nobodys_hash)],
    row: Annotated[PeopleImport, Depends(locked_import)],
    session: SessionDep,
) -> Response:
    """Have exactly the plan carried out; again: nothing happens."""
    await actions.apply_plan(session, actor.id, row, password_hash)
    return see(_ONE.format(import_id=row.id))
