"""The record of who did what."""

from datetime import date, datetime, time, timedelta, tzinfo
from typing import Annotated, Literal
from uuid import UUID

from fastapi import Query, Request

from studium.access.actor import Admin
from studium.kit.http.dependencies import ReadsDep, SessionDep
from studium.modules.users import queries_audit
from studium.modules.users.queries_audit import AuditFilter
from studium.modules.users.queries_named import named
from studium.web import lists
from studium.web.admin.record import things_of
from studium.web.admin.views import RecordView
from studium.web.lists import Cursor
from studium.web.render import Page
from studium.web.routing import Pages
from studium.web.visitor import VisitorDep

router = Pages()
PER_PAGE = 50
IdWish = Annotated[UUID | Literal[""], Query()]
DayWish = Annotated[date | Literal[""], Query()]


def _begin(day: date | Literal[""], zone: tzinfo, *, after: int = 0) -> datetime | None:
    """When a day begins there, or the one that so many days follow; None without a day."""
    if day == "" or not date(1980, 1, 1) <= day <= date(2199, 12, 31):
        return None
    return datetime.combine(day + timedelta(days=after), time(), zone)


@router.get("/admin/audit")
async def record_page(  # noqa: PLR0913 -- the filters of the record.
    request: Request,
    _: Admin,
    visitor: VisitorDep,
    reads: ReadsDep,
    session: SessionDep,
    *,
    action: Annotated[str, Query(max_length=80)] = "",
    outcome: Literal["", "done", "refused"] = "",
    actor_id: IdWish = "",
    target_id: IdWish = "",
    since: DayWish = "",
    until: DayWish = "",
    cursor: Cursor = None,
) -> Page:
    """Who did what, on whom, from where, newest first; what the filters leave stands in the address."""
    wanted = AuditFilter(
        action or None,
        outcome or None,
        actor_id or None,
        target_id or None,
        _begin(since, visitor.zone),
        _begin(until, visitor.zone, after=1),
    )
    found = await queries_audit.audit_page(reads, wanted, lists.listing(request, PER_PAGE, cursor))
    things = {thing for one in found.items for thing in things_of(one)}
    things |= {("user", one) for one in (actor_id, target_id) if one}
    names = await named(session, things)
    filters = ("action", "outcome", "actor_id", "target_id", "since", "until")
    query = {name: request.query_params.get(name, "") for name in filters}
    return Page(
        "admin/record.html",
        RecordView(found.items, names, query, found.next_cursor, is_first=cursor is None),
    )
