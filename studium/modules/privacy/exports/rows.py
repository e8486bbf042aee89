"""The rows of a person that they may have, by the inventory: some at a time, all of one moment."""

import json
from collections.abc import AsyncIterator, Callable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, Table, literal, select, true, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from studium.kit.db.tables import Base
from studium.kit.text.csv_text import MARK, csv_line
from studium.models import Regrade, RegradeEntry
from studium.models.inventory import AREAS, INVENTORY
from studium.modules.privacy.rows import rows_of
from studium.modules.quizzes.actions_export import shown_attempt, shown_change, shown_entry

AT_ONCE = 100
INVITATIONS = "course_invitations"
"""Held by an address alone: they are the person's who has proved it."""

_SHOWN: Mapping[str, Callable[[Mapping[str, Any]], Mapping[str, Any]]] = {
    "quiz_attempts": shown_attempt,
    "grade_changes": shown_change,
    "regrade_entries": shown_entry,
}
APPLIED: Mapping[str, ColumnElement[bool]] = {
    "regrade_entries": RegradeEntry.regrade_id.in_(select(Regrade.id).where(Regrade.dry_run.is_(False))),
}
"""Of these tables only rows that took effect: what a dry run found is the staff's, and tells of a key."""

_LOOKED_AT = {"quiz_attempts": ("key",)}
"""Columns that decide what is shown of others, and are not shown."""


class Person(NamedTuple):
    """Whose data it is; `email` where it is proven."""

    id: UUID
    email: str | None


def tables_of(area: str) -> list[str]:
    """The tables of an area that have rows of a person."""
    return [name for name, held in AREAS[area].items() if held.person or name == INVITATIONS]


def columns_of(name: str) -> list[str]:
    """What is exported of a table."""
    left_out = {"invited_by"} if name == INVITATIONS else set()
    return [column for column in INVENTORY[name].exported if column not in left_out]


async def rows_in(session: AsyncSession, name: str, person: Person) -> AsyncIterator[list[dict[str, Any]]]:
    """The person's rows in a table, up to a hundred at a time; the session is a snapshot."""
    table: Table = Base.metadata.tables[name]
    key, columns = list(table.primary_key.columns), columns_of(name)
    names = {*columns, *(column.name for column in key), *_LOOKED_AT.get(name, ())}
    mine = table.c.email == person.email if name == INVITATIONS else rows_of(table, person.id)
    some = (
        select(*(table.c[each] for each in sorted(names)))
        .where(mine, APPLIED.get(name, true()))
        .order_by(*key)
        .limit(AT_ONCE)
    )
    shown = _SHOWN.get(name, dict)
    following = some
    while True:
        rows = (await session.execute(following)).mappings().all()
        if rows:
            whole = (shown(dict(row)) for row in rows)
            yield [{each: row[each] for each in columns} for row in whole]
        if len(rows) < AT_ONCE:
            return
        last = tuple_(*(literal(rows[-1][column.name], column.type) for column in key))
        following = some.where(tuple_(*key) > last)


async def as_json(session: AsyncSession, area: str, person: Person) -> AsyncIterator[bytes]:
    """An area as one object: a list of rows for each table."""
    before = "{"
    for name in tables_of(area):
        yield f"{before}\n {json.dumps(name)}: [".encode()
        between = ""
        async for rows in rows_in(session, name, person):
            lines = (json.dumps(row, ensure_ascii=False, default=_plain) for row in rows)
            yield (f"{between}\n  " + ",\n  ".join(lines)).encode()
            between = ","
        yield b"]"
        before = ","
    yield b"\n}\n"


async def as_csv(session: AsyncSession, name: str, person: Person) -> AsyncIterator[bytes]:
    """A table as CSV; a cell of JSON holds its text."""
    yield (MARK + csv_line(columns_of(name))).encode()
    async for rows in rows_in(session, name, person):
        yield "".join(csv_line([_cell(value) for value in row.values()]) for row in rows).encode()


def _plain(value: object) -> object:
    """What JSON has no form for."""
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, frozenset):
        return sorted(value)
    if isinstance(value, UUID | Decimal):
        return str(value)
    raise TypeError(type(value).__name__)


def _cell(value: object) -> object:
    if value is None or isinstance(value, str | int | float):
        return value
    text = json.dumps(value, ensure_ascii=False, default=_plain)
    return json.loads(text) if text.startswith('"') else text
