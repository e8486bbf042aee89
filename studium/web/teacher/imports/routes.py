"""Courses and questions from elsewhere: the file, how far its import is, and what became of every item."""

from functools import partial
from typing import Annotated
from uuid import UUID

from fastapi import Query, Request
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import Response

from studium.access.actor import Actor, Teacher
from studium.access.permissions import OwnImport
from studium.kit.http.dependencies import request_runtime
from studium.kit.http.pagination import MAX_LIMIT
from studium.modules.courses.queries import CourseFilter, course_page
from studium.modules.exchange import uploads
from studium.modules.exchange.model.items import ImportOutcome
from studium.modules.exchange.queries import own_imports
from studium.modules.exchange.schemas import ImportOut
from studium.web import lists
from studium.web.again import actor_of
from studium.web.forms import shown_form
from studium.web.once import file_once
from studium.web.render import Page
from studium.web.routing import Pages, see, shows_again, takes_files
from studium.web.teacher.imports.views import ImportsView, ReportView

router = Pages()
LAST = 10
MAX_ITEMS = 1_000_000
Fate = Annotated[ImportOutcome | None, Query()]
First = Annotated[int, Query(ge=0, le=MAX_ITEMS, alias="from")]


async def imports_again(request: Request) -> Page:
    """The form with why the file was not taken; nobody can choose it again for them."""
    return await _imports(request, actor_of(request), None)


@router.get("/teach/import")
async def imports_page(request: Request, actor: Teacher, course_id: UUID | None = None) -> Page:
    """Where a course or questions come in, and one's last imports."""
    return await _imports(request, actor, course_id)


async def _imports(request: Request, actor: Actor, chosen: UUID | None) -> Page:
    runtime = request_runtime(request)
    mine = CourseFilter(mine=True)
    courses = await course_page(runtime.database.reads, actor, mine, "title", lists.listing(request, MAX_LIMIT))
    last = await own_imports(runtime.database.reads, actor, lists.listing(request, LAST))
    view = ImportsView(runtime.settings.import_max_mib, courses.items, chosen, last.items)
    return Page("teacher/imports/new.html", view, form=shown_form(request))


@router.post("/teach/upload/course")
@takes_files
@shows_again(imports_again)
async def upload_course(request: Request, actor: Teacher) -> Response:
    """Take the file in; a job reads it, and writes the course unless it is only a trial."""
    runtime, kind = request_runtime(request), request.headers.get("content-type", "")
    async with (
        uploads.received(runtime, actor, kind, request.stream()) as upload,
        uploads.stored(runtime, upload.path) as path,
    ):
        act, remove = partial(_request, actor=actor, upload=upload, path=path), partial(runtime.storage.delete, path)
        return await file_once(request, actor.id, upload.fingerprint, act=act, discard=remove)


async def _request(session: AsyncSession, *, actor: Actor, upload: uploads.Upload, path: str) -> Response:
    return see(f"/teach/import/{(await uploads.request_import(session, actor, upload, path)).id}")


@router.get("/teach/import/{import_id}")
async def import_page(row: OwnImport, show: Fate = None, first: First = 0) -> Page:
    """How far an import is, and what became of every item."""
    fate = "" if show is None else show.value
    return Page("teacher/imports/report.html", ReportView(ImportOut.of(row), fate, first))
