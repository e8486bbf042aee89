"""Column kinds that many tables share, and the words that their CHECK constraints are written in."""

from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Protocol
from uuid import UUID

from sqlalchemy import CheckConstraint, text
from sqlalchemy.orm import mapped_column

from studium.kit.base.clock import now
from studium.kit.base.ids import new_id
from studium.kit.db.tables import utc_now

JsonObject = dict[str, object]
"""Free JSON of one row. A change inside it goes unnoticed: assign a new object."""

PrimaryKey = Annotated[UUID, mapped_column(primary_key=True, default=new_id)]
CreatedAt = Annotated[datetime, mapped_column(default=now, server_default=utc_now())]
"""When the row came to be, by the injectable clock; by the database's own for rows that come from elsewhere."""

UpdatedAt = Annotated[datetime, mapped_column(default=now, onupdate=now, server_default=utc_now())]
"""When the row last changed."""

Version = Annotated[int, mapped_column(default=1, server_default=text("1"))]
"""The row's edition, 1 at first: it makes the `ETag`. Whoever changes what a reader sees calls `increment_version`."""


class Versioned(Protocol):
    """A row that has an edition number."""

    version: int


def increment_version(row: object) -> None:
    """Raise the edition of a `Versioned` row by one. Hold the row's lock, or two writers may make the same edition."""
    versioned: Versioned = row  # type: ignore[assignment]  # a mapped attribute is an int on the instance.
    versioned.version += 1


def check(name: str, *conditions: str) -> CheckConstraint:
    """Return a CHECK constraint called `name` that wants every condition to hold."""
    joined = conditions[0] if len(conditions) == 1 else " AND ".join(f"({each})" for each in conditions)
    return CheckConstraint(joined, name=name)


def one_of(column: str, kind: Iterable[StrEnum]) -> str:
    """Return the condition that `column` holds a member of `kind`; NULL passes, as it does in every CHECK."""
    values = ",".join(f"'{member.value}'" for member in kind)
    return f"{column} IN ({values})"


def between(column: str, low: str, high: str) -> str:
    """Return the condition that `column` lies in low..high; NULL passes."""
    return f"{column} >= {low} AND {column} <= {high}"
