"""Answers as tables: `Accept: text/csv` gives the one that the query parameter `table` names."""

from typing import Any, TypeVar, get_args

from fastapi import Response

from studium.kit.http.schemas import ResponseModel
from studium.kit.http.streams import WantsCsv
from studium.kit.text.csv_text import MEDIA_TYPE, Csv, csv_of
from studium.modules.analytics.schemas import Figures

__all__ = ["EXPORTS", "WantsCsv", "answer"]

AnyFigures = TypeVar("AnyFigures", bound=Figures)
TOTALS = "totals"
"""The table of one row that holds every single figure of an answer."""

_KEYS = {"enrollments": "status", "users": "role", "ratings": "stars"}
"""What the keys of a figure by key are called."""

EXPORTS: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The figures; with `Accept: text/csv` the table that `table` names.",
        "content": {MEDIA_TYPE: {"schema": {"type": "string"}}},
    }
}


def answer(figures: AnyFigures, table: str, *, as_csv: Csv) -> AnyFigures | Response:
    """The figures themselves, or one of their tables as a file to save."""
    if not as_csv:
        return figures
    columns, rows = table_of(figures, table)
    headers = {
        "Content-Disposition": f'attachment; filename="{table}.csv"',
        "Vary": "Accept",
        "X-As-Of": figures.model_dump(mode="json", include={"as_of"})["as_of"],
    }
    return Response(csv_of(columns, rows, as_csv), media_type=f"{MEDIA_TYPE}; charset=utf-8", headers=headers)


def table_of(figures: Figures, table: str) -> tuple[list[str], list[list[object]]]:
    """The names of a table's columns, and its rows."""
    document = figures.model_dump(mode="json")
    if table == TOTALS:
        single = {name: value for name, value in document.items() if not isinstance(value, dict | list)}
        return list(single), [list(single.values())]
    content = document[table]
    if table in _KEYS:
        return [_KEYS[table], "count"], [[key, many] for key, many in content.items()]
    if isinstance(content, dict):
        return list(content), [list(content.values())]
    return _columns(type(figures), table), [list(row.values()) for row in content]


def _columns(kind: type[Figures], table: str) -> list[str]:
    """The names of a list's members, which an empty list has too."""
    (row,) = get_args(kind.model_fields[table].annotation)
    assert issubclass(row, ResponseModel)  # noqa: S101 -- tables are lists of outputs.
    return list(row.model_fields)
