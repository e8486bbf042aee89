"""What every table is made of: the declarative base and the column types that behave alike on both databases."""

from collections.abc import Mapping
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import JSON, DateTime, Dialect, MetaData, String, Uuid, inspect
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import DeclarativeBase
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TypeDecorator


class UtcDateTime(TypeDecorator[datetime]):
    """An instant: aware UTC with microseconds, in and out, on both databases. A naive datetime raises ValueError."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Refuse the naive, and store UTC (SQLite has no zones, so it gets the bare UTC reading)."""
        if value is None:
            return None
        if value.tzinfo is None:
            message = "a naive datetime cannot be stored"
            raise ValueError(message)
        instant = value.astimezone(UTC)
        return instant.replace(tzinfo=None) if dialect.name == "sqlite" else instant

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Return aware UTC, whatever zone the connection speaks."""
        del dialect
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class EnumText(TypeDecorator[StrEnum]):
    """A StrEnum kept as plain text, so that a CHECK constraint under its own name guards the values."""

    impl = String
    cache_ok = True

    def __init__(self, kind: type[StrEnum], length: int = 50) -> None:
        super().__init__(length)
        self.kind = kind

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        """Store the member's text; an unknown text raises ValueError."""
        del dialect
        return None if value is None else self.kind(value).value

    def process_result_value(self, value: str | None, dialect: Dialect) -> StrEnum | None:
        """Return the member."""
        del dialect
        return None if value is None else self.kind(value)


Json = JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")
"""Free JSON: JSONB on PostgreSQL, text on SQLite; Python None is SQL NULL."""


class utc_now(FunctionElement[datetime]):  # noqa: N801 -- it stands in statements like the other SQL functions.
    """The database's own clock in UTC, for server defaults."""

    type = UtcDateTime()
    inherit_cache = True


@compiles(utc_now, "postgresql")
def _utc_now_postgresql(element: utc_now, compiler: SQLCompiler, **kw: object) -> str:
    del element, compiler, kw
    return "CURRENT_TIMESTAMP"


@compiles(utc_now, "sqlite")
def _utc_now_sqlite(element: utc_now, compiler: SQLCompiler, **kw: object) -> str:
    del element, compiler, kw
    return "(strftime('%Y-%m-%d %H:%M:%f000', 'now'))"


class Base(DeclarativeBase):
    """The declarative base. Names of constraints and indexes follow one convention, so migrations can use them."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map: ClassVar[dict[Any, Any]] = {datetime: UtcDateTime(), UUID: Uuid()}


def record_of(row: Base) -> dict[str, Any]:
    """The values of a row by the names of its columns, as a prepared statement gives them."""
    return {attribute.columns[0].name: getattr(row, attribute.key) for attribute in inspect(type(row)).column_attrs}


def apply_changes(row: Base, changes: Mapping[str, object]) -> bool:
    """Write `changes` (by column name) to `row`; say whether any value is another one now."""
    changed = False
    for attribute in inspect(type(row)).column_attrs:
        name = attribute.columns[0].name
        if name in changes and getattr(row, attribute.key) != changes[name]:
            setattr(row, attribute.key, changes[name])
            changed = True
    return changed
