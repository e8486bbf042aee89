"""Lists: keyset pages with signed cursors. Never OFFSET, and a total only where it is asked for."""

import base64
import json
import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, Generic, TypeAlias, TypeVar
from urllib.parse import quote, urlencode
from uuid import UUID

from fastapi import Depends, Query, Request, Response
from sqlalchemy import ColumnElement, Integer, Row, Select, and_, bindparam, func, or_, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from studium.kit.base.problems import FieldError, InvalidInput
from studium.kit.db.prepared import PreparedStatement, QueryExecutor, Record
from studium.kit.db.transaction import Transaction
from studium.kit.http.dependencies import request_runtime
from studium.kit.http.schemas import ResponseModel
from studium.kit.security.tokens import Keys

T = TypeVar("T")
Item = TypeVar("Item", bound=ResponseModel)
AnySelect: TypeAlias = Select[*tuple[Any, ...]]
"""A SELECT of whatever columns."""

DEFAULT_LIMIT = 50
MAX_LIMIT = 100
CURSOR_MAX = 1024
_MAC_LENGTH = 32
_PLAIN = re.compile(rb"(?:[a-z_]+=[A-Za-z0-9_.-]+(?:&|$))*")


class Page(ResponseModel, Generic[T]):
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

    def within(self, most: int) -> "PageQuery":
        """The same for pages of at most `most`: so many where no limit was sent; raise InvalidInput for more."""
        if self.limit > most and "limit" in self.request.query_params:
            message = f"Input should be less than or equal to {most}"
            raise InvalidInput([FieldError("query", "/limit", "less_than_equal", message)])
        return replace(self, limit=min(self.limit, most))

    @property
    def signer(self) -> Keys:
        """What signs cursors."""
        return request_runtime(self.request).keys

    def announce(self, cursor: str) -> None:
        """Put the next page's address into the `Link` header (path and query only: a Host cannot be trusted)."""
        path, sent = self.request.scope["path"], self.request.scope["query_string"]
        if _PLAIN.fullmatch(sent) and b"cursor=" not in sent:
            # Needs no spelling, and a cursor needs none ever.
            asked = f"{sent.decode()}&cursor={cursor}" if sent else f"cursor={cursor}"
        else:
            asked = urlencode({**self.request.query_params, "cursor": cursor})
        self.response.headers["Link"] = f'<{quote(path)}?{asked}>; rel="next"'


_Cursor = Annotated[str | None, Query(max_length=CURSOR_MAX, description="The `next_cursor` of the page before.")]
_Total = Annotated[bool, Query(description="Count the whole list too.")]


async def page_query(
    request: Request,
    response: Response,
    limit: Annotated[int, Query(ge=1, le=MAX_LIMIT)] = DEFAULT_LIMIT,
    cursor: _Cursor = None,
    include_total: _Total = False,  # noqa: FBT002 -- query parameters have names.
) -> PageQuery:
    """The dependency behind PageDep."""
    return PageQuery(limit, cursor, include_total, request, response)


def bounded_query(bound: int) -> Callable[..., Awaitable[PageQuery]]:
    """A dependency for lists that one course bounds: everything by default, `limit` up to `bound`."""

    async def query(
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
        keyed = keyed.where(_after(order, _decode(page.signer, name, page.cursor, len(order))))
    rows = (await session.execute(keyed.order_by(*(o.clause() for o in order)).limit(page.limit + 1))).all()
    total = await _total(session, statement) if page.include_total else None
    shown = rows[: page.limit]
    cursor = None
    if len(rows) > page.limit:
        cursor = _encode(page.signer, name, shown[-1][-len(order) :])
        page.announce(cursor)
    return Page(items=[item(row) for row in shown], next_cursor=cursor, total=total)


class PagedRead(Generic[Item]):
    """A list in one order as hot reads: the first page, the pages after a cursor, and the total, each compiled once.

    `statement` may hold parameters of its own; `name` and `order` are those of `paginate`. `beyond` makes the statement
    of the rows after a cursor of the condition for them, where that belongs inside of it; `counted` then selects what
    the total counts.
    """

    def __init__(
        self,
        statement: AnySelect,
        *,
        order: Sequence[Order],
        name: str,
        of: type[Item],
        beyond: Callable[[ColumnElement[bool]], AnySelect] | None = None,
        counted: AnySelect | None = None,
    ) -> None:
        marks = [bindparam(f"_after{i}", type_=o.column.type) for i, o in enumerate(order)]
        after = (beyond or statement.where)(_after(order, marks))
        self._first, self._after = (PreparedStatement(_keyed(each, order)) for each in (statement, after))
        whole = statement if counted is None else counted
        self._count = PreparedStatement(
            select(func.count().label("total")).select_from(whole.order_by(None).subquery())
        )
        self._shape = Page[of]  # type: ignore[valid-type]  # made at run time, so that answers have their routes' types.
        self._name, self._keys = name, [f"_key{i}" for i in range(len(order))]
        self._of = of

    async def page(
        self,
        reads: QueryExecutor | Transaction,
        page: PageQuery,
        item: Callable[[Record], Item] | None = None,
        *,
        if_empty: Callable[[], Awaitable[object]] | None = None,
        **values: Any,  # noqa: ANN401 -- parameters of any type.
    ) -> Page[Item]:
        """One page; raise InvalidInput (422) for a cursor that is not ours or belongs to another list.

        `item` makes an item of a row; without it each of its members has a column of that name. `if_empty` is called
        where the page has no row: it raises what is wrong if the caller may not see the list.
        """
        if page.cursor is None:
            rows = await reads.all(self._first, _limit=page.limit + 1, **values)
        else:
            marks = _decode(page.signer, self._name, page.cursor, len(self._keys))
            after = {f"_after{i}": mark for i, mark in enumerate(marks)}
            rows = await reads.all(self._after, _limit=page.limit + 1, **after, **values)
        if not rows and if_empty is not None:
            await if_empty()
        counted = await reads.all(self._count, **values) if page.include_total else None
        cursor = None
        if len(rows) > page.limit:
            rows = rows[: page.limit]
            cursor = _encode(page.signer, self._name, [rows[-1][key] for key in self._keys])
            page.announce(cursor)
        total = None if counted is None else counted[0]["total"]
        make = item or self._of.of_record
        return self._shape(items=[make(row) for row in rows], next_cursor=cursor, total=total)


def _keyed(statement: AnySelect, order: Sequence[Order]) -> AnySelect:
    """A page of the statement, with what its cursor is made of."""
    keyed = statement.add_columns(*(o.column.label(f"_key{i}") for i, o in enumerate(order)))
    return keyed.order_by(*(o.clause() for o in order)).limit(bindparam("_limit", type_=Integer()))


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


def _encode(signer: Keys, name: str, values: Sequence[object]) -> str:
    payload = json.dumps([name, *map(_pack, values)], separators=(",", ":")).encode()
    text = base64.urlsafe_b64encode(payload).decode().rstrip("=")
    return f"{text}.{signer.mac('cursor', text)[:_MAC_LENGTH]}"


def _decode(signer: Keys, name: str, cursor: str, count: int) -> list[Any]:
    text, _, mac = cursor.partition(".")
    if cursor.isascii() and len(mac) == _MAC_LENGTH and signer.is_mac("cursor", text, mac):
        stored, *values = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        if stored == name and len(values) == count:
            return [_unpack(value) for value in values]
    error = FieldError("query", "/cursor", "invalid_cursor", "The cursor does not belong to this list.")
    raise InvalidInput([error])
