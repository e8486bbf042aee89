"""Lists: keyset pages with signed cursors. Never OFFSET, and a total only where it is asked for."""

import base64
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from hmac import compare_digest
from typing import Annotated, Any, Generic, TypeAlias, TypeVar
from uuid import UUID

from fastapi import Depends, Query, Request, Response
from sqlalchemy import ColumnElement, Row, Select, and_, func, or_, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from studium.kit.problems import FieldError, InvalidInput
from studium.kit.runtime import runtime_of
from studium.kit.schema import Output

T = TypeVar("T")
AnySelect: TypeAlias = Select[*tuple[Any, ...]]
"""A SELECT of whatever columns."""

DEFAULT_LIMIT = 50
MAX_LIMIT = 100
CURSOR_MAX = 1024
_MAC_LENGTH = 32


class Page(Output, Generic[T]):
    """One page of a list; `next_cursor` is null on the last one, `total` unless it was asked for."""

    items: list[T]
    next_cursor: str | None = None
    total: int | None = None


@dataclass(frozen=True, slots=True)
class PageQuery:
    """What the caller asked for, and where the `Link` header goes."""

    limit: int
    cursor: str | None
    include_total: bool
    request: Request
    response: Response

    def announce(self, cursor: str) -> None:
        """Put the next page's address into the `Link` header (path and query only: a Host cannot be trusted)."""
        url = self.request.url.include_query_params(cursor=cursor)
        self.response.headers["Link"] = f'<{url.path}?{url.query}>; rel="next"'


_Cursor = Annotated[str | None, Query(max_length=CURSOR_MAX, description="The `next_cursor` of the page before.")]
_Total = Annotated[bool, Query(description="Count the whole list too.")]


def page_query(
    request: Request,
    response: Response,
    limit: Annotated[int, Query(ge=1, le=MAX_LIMIT)] = DEFAULT_LIMIT,
    cursor: _Cursor = None,
    include_total: _Total = False,  # noqa: FBT002 -- query parameters have names.
) -> PageQuery:
    """The dependency behind PageDep."""
    return PageQuery(limit, cursor, include_total, request, response)


def bounded_query(bound: int) -> Callable[..., PageQuery]:
    """A dependency for lists that one course bounds: everything by default, `limit` up to `bound`."""

    def query(
        request: Request,
        response: Response,
        limit: Annotated[int, Query(ge=1, le=bound)] = bound,
        cursor: _Cursor = None,
        include_total: _Total = False,  # noqa: FBT002 -- query parameters have names.
    ) -> PageQuery:
        return PageQuery(limit, cursor, include_total, request, response)

    return query


PageDep = Annotated[PageQuery, Depends(page_query)]


@dataclass(frozen=True, slots=True)
class Order:
    """One column of a list's order; it must never be null, and the last one must be unique."""

    column: ColumnElement[Any] | InstrumentedAttribute[Any]
    descending: bool = True

    def clause(self) -> ColumnElement[Any]:
        """The ORDER BY term."""
        return self.column.desc() if self.descending else self.column.asc()

    def beyond(self, value: object) -> ColumnElement[bool]:
        """Rows that come after `value` in this column alone."""
        return self.column < value if self.descending else self.column > value


async def paginate(
    session: AsyncSession,
    statement: AnySelect,
    *,
    order: Sequence[Order],
    page: PageQuery,
    name: str,
    item: Callable[[Row[Any]], T],
) -> Page[T]:
    """Run `statement` for one page in `order`; `name` binds cursors to this list and sort.

    One statement, two with a total. Raises InvalidInput (422) for a cursor that is not ours or belongs to another list.
    """
    keyed = statement.add_columns(*(o.column.label(f"_key{i}") for i, o in enumerate(order)))
    if page.cursor is not None:
        keyed = keyed.where(_after(order, _decode(session, name, page.cursor, len(order))))
    rows = (await session.execute(keyed.order_by(*(o.clause() for o in order)).limit(page.limit + 1))).all()
    total = await _total(session, statement) if page.include_total else None
    shown = rows[: page.limit]
    cursor = None
    if len(rows) > page.limit:
        cursor = _encode(session, name, shown[-1][-len(order) :])
        page.announce(cursor)
    return Page(items=[item(row) for row in shown], next_cursor=cursor, total=total)


async def _total(session: AsyncSession, statement: AnySelect) -> int:
    counted = select(func.count()).select_from(statement.order_by(None).subquery())
    return int((await session.execute(counted)).scalar_one())


def _after(order: Sequence[Order], values: Sequence[Any]) -> ColumnElement[bool]:
    """Everything beyond `values`: a row comparison where all columns run one way, else the same written out."""
    if len({o.descending for o in order}) == 1:
        row, mark = tuple_(*(o.column for o in order)), tuple_(*values, types=[o.column.type for o in order])
        return row < mark if order[0].descending else row > mark
    steps = []
    for i, o in enumerate(order):
        same = [earlier.column == value for earlier, value in zip(order[:i], values, strict=False)]
        steps.append(and_(*same, o.beyond(values[i])))
    return or_(*steps)


_TAGS: tuple[tuple[str, type, Callable[[str], Any]], ...] = (
    ("t", datetime, datetime.fromisoformat),
    ("u", UUID, UUID),
    ("d", Decimal, Decimal),
    ("b", bool, lambda text: text == "True"),
    ("i", int, int),
    ("f", float, float),
    ("s", str, str),
)


def _pack(value: object) -> str:
    for tag, kind, _ in _TAGS:
        if isinstance(value, kind):
            return tag + (value.isoformat() if isinstance(value, datetime) else str(value))
    message = f"cannot put a {type(value).__name__} into a cursor"
    raise TypeError(message)


def _unpack(text: str) -> Any:  # noqa: ANN401 -- a cursor holds values of several types.
    return next(read for tag, _, read in _TAGS if tag == text[:1])(text[1:])


def _encode(session: AsyncSession, name: str, values: Sequence[object]) -> str:
    payload = json.dumps([name, *map(_pack, values)], separators=(",", ":")).encode()
    text = base64.urlsafe_b64encode(payload).decode().rstrip("=")
    return f"{text}.{_mac(session, text)}"


def _mac(session: AsyncSession, text: str) -> str:
    return runtime_of(session).keys.mac("cursor", text)[:_MAC_LENGTH]


def _decode(session: AsyncSession, name: str, cursor: str, count: int) -> list[Any]:
    text, _, mac = cursor.partition(".")
    if cursor.isascii() and compare_digest(mac, _mac(session, text)):
        stored, *values = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        if stored == name and len(values) == count:
            return [_unpack(value) for value in values]
    error = FieldError("query", "/cursor", "invalid_cursor", "The cursor does not belong to this list.")
    raise InvalidInput([error])
