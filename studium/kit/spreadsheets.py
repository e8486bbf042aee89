"""CSV that people open in spreadsheets: RFC 4180, UTF-8, and no text that a spreadsheet would run as a formula."""

import csv
from collections.abc import Iterable, Sequence
from io import StringIO

MEDIA_TYPE = "text/csv"
# The full-width signs are formulas too where a spreadsheet runs in Japanese.
_DANGEROUS = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")


def csv_of(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A table with a line of names. None is an empty cell; a text that begins like a formula gets an apostrophe."""
    text = StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(columns)
    writer.writerows([_harmless(value) for value in row] for row in rows)
    return text.getvalue()


def _harmless(value: object) -> object:
    """A cell's value. Spreadsheets skip spaces before a formula, so the first other character decides."""
    if isinstance(value, str) and (value.startswith(_DANGEROUS) or value.lstrip().startswith(_DANGEROUS)):
        return f"'{value}"
    return value


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
