"""Whose rows are whose, by the inventory."""

from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, ScalarSelect, Select, Table, select

from studium.kit.db.tables import Base
from studium.models.inventory import INVENTORY, Held

Whose = UUID | ScalarSelect[Any] | Select[Any]
"""A person, or a query for the ids of some."""


def personal_tables() -> list[tuple[Table, Held]]:
    """Every table whose rows are somebody's, parents before what points at them."""
    return [(table, INVENTORY[table.name]) for table in Base.metadata.sorted_tables if INVENTORY[table.name].person]


def rows_of(table: Table, whose: Whose) -> ColumnElement[bool]:
    """The condition for the rows of a person, or of people, in a table that has a way to them."""
    return _along(table, INVENTORY[table.name].person.split(), whose)


def _along(table: Table, way: list[str], whose: Whose) -> ColumnElement[bool]:
    column = table.c[way[0]]
    if len(way) == 1:
        return column == whose if isinstance(whose, UUID) else column.in_(whose)
    (key,) = column.foreign_keys
    parents = key.column.table
    return column.in_(select(parents.c[key.column.name]).where(_along(parents, way[1:], whose)))


def still_holds(table: Table, name: str) -> ColumnElement[bool]:
    """The condition that a column, which an erasure empties in every row alike, is not empty."""
    empty = INVENTORY[table.name].emptied[name]
    return table.c[name].is_not(None) if empty is None else table.c[name] != empty
