"""The plan and the report of an import of people."""

from collections.abc import AsyncGenerator
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, select
from sqlalchemy.ext.asyncio import AsyncSession

from studium.kit.http.pagination import Order, Page, PageQuery, paginate
from studium.kit.runtime import Runtime
from studium.models import PeopleImportRow, PlannedAction
from studium.modules.exchange.people.schemas import PeopleImportRowOut, PlannedChangeOut

REPORT = ("line", "action", "field", "code", "before", "after", "detail", "skipped")
_AT_ONCE = 1_000
_ORDER = (Order(PeopleImportRow.line, descending=False),)


async def row_page(
    session: AsyncSession, import_id: UUID, action: PlannedAction | None, page: PageQuery
) -> Page[PeopleImportRowOut]:
    """One page of the rows that do something, in the order of the file."""
    statement = select(PeopleImportRow).where(PeopleImportRow.import_id == import_id)
    if action is not None:
        statement = statement.where(PeopleImportRow.action == action)
    name = f"people-import {import_id}"
    return await paginate(session, statement, order=_ORDER, page=page, name=name, item=lambda row: _row(row[0]))


def in_order(*where: ColumnElement[bool]) -> Select[PeopleImportRow]:
    """The rows of which `where` holds, in the order of the file."""
    return select(PeopleImportRow).where(*where).order_by(PeopleImportRow.line)


def _row(row: PeopleImportRow) -> PeopleImportRowOut:
    return PeopleImportRowOut(
        line=row.line,
        action=row.action,
        user_id=row.user_id,
        changes=[PlannedChangeOut.model_validate(change) for change in row.changes or ()],
        field=row.field,
        code=row.code,
        detail=row.detail,
        skipped=row.skipped,
    )


async def report_rows(runtime: Runtime, import_id: UUID) -> AsyncGenerator[list[list[object]]]:
    """The whole report, a line for each value that changes and for each error, some at a time."""
    statement = in_order(PeopleImportRow.import_id == import_id).limit(_AT_ONCE)
    last = 0
    while True:
        async with runtime.database.read_session() as session:
            rows = (await session.execute(statement.where(PeopleImportRow.line > last))).scalars().all()
        if rows:
            yield [line for row in rows for line in _lines(row)]
            last = rows[-1].line
        if len(rows) < _AT_ONCE:
            return


def _lines(row: PeopleImportRow) -> list[list[object]]:
    if row.action is PlannedAction.ERROR:
        return [[row.line, row.action.value, row.field, row.code, None, None, row.detail, None]]
    return [
        [
            row.line,
            row.action.value,
            change["field"],
            None,
            _cell(change["before"]),
            _cell(change["after"]),
            None,
            row.skipped,
        ]
        for change in row.changes or ()
    ]


def _cell(value: Any) -> object:  # noqa: ANN401 -- a value in JSON.
    return str(value).lower() if isinstance(value, bool) else value
