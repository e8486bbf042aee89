"""CSV that people open in spreadsheets: RFC 4180, UTF-8, and no text that a spreadsheet would run as a formula.

It begins with a byte-order mark: without one Excel reads another encoding, and names turn into other letters.
"""

import csv
from collections.abc import Iterable, Sequence
from enum import StrEnum
from io import StringIO

MEDIA_TYPE = "text/csv"
MARK = "\ufeff"
_NO_MARK = "bom=no"
# The full-width signs are formulas too where a spreadsheet runs in Japanese.
_DANGEROUS = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")


class Csv(StrEnum):
    """Whether a caller wants CSV (nothing is false), and whether with a byte-order mark."""

    NO = ""
    MARKED = "marked"
    PLAIN = "plain"


def csv_line(values: Sequence[object]) -> str:
    """One line of a table that is written piece by piece; it begins with `MARK` unless `Csv.PLAIN` is wanted."""
    text = StringIO()
    csv.writer(text, lineterminator="\r\n").writerow([_harmless(value) for value in values])
    return text.getvalue()


def csv_of(columns: Sequence[str], rows: Iterable[Sequence[object]], kind: Csv = Csv.MARKED) -> str:
    """A table with a line of names. None is an empty cell; a text that begins like a formula gets an apostrophe."""
    text = StringIO()
    text.write("" if kind is Csv.PLAIN else MARK)
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(columns)
    writer.writerows([_harmless(value) for value in row] for row in rows)
    return text.getvalue()


def _harmless(value: object) -> object:
    """A cell's value. Spreadsheets skip spaces before a formula, so the first other character decides."""
    return f"'{value}" if isinstance(value, str) and _is_formula(value.lstrip("'")) else value


def _is_formula(text: str) -> bool:
    return text.startswith(_DANGEROUS) or text.lstrip().startswith(_DANGEROUS)


def restored(cell: str) -> str:
    """What a cell said before it was made harmless: the inverse, for every text."""
    return cell[1:] if cell.startswith("'") and _is_formula(cell.lstrip("'")) else cell


def csv_wanted(accept: str | None) -> Csv:
    """What an `Accept` header asks for; `text/csv; bom=no` is for programs that do not know the mark."""
    if not prefers_csv(accept):
        return Csv.NO
    parts = (part.lower().replace(" ", "").split(";") for part in (accept or "").split(","))
    return Csv.PLAIN if any(kind == MEDIA_TYPE and _NO_MARK in more for kind, *more in parts) else Csv.MARKED


def prefers_csv(accept: str | None) -> bool:
    """Whether an `Accept` header names CSV, and does not want JSON more."""
    weights = dict(_weights(accept or ""))
    csv_weight = weights.get(MEDIA_TYPE, 0.0)
    return csv_weight > 0 and csv_weight >= weights.get("application/json", 0.0)


def _weights(accept: str) -> Iterable[tuple[str, float]]:
    """Each media type with its `q`; one that cannot be read counts as 0."""
    for part in accept.split(","):
        kind, *parameters = (piece.strip().lower() for piece in part.split(";"))
        weight = next((piece[2:] for piece in parameters if piece.startswith("q=")), "1")
        try:
            yield kind, float(weight)
        except ValueError:
            yield kind, 0.0
