"""A report that can be read: what happened to many items in the same way is one line."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace

from studium.modules.exchange.model.items import ImportOutcome, ImportReportEntry

MOST = 10
"""Items of one kind, and of one fate for one reason, that have a line each."""
_NAMED = 3
"""Items of a group that are named in its line."""


def grouped(items: Iterable[ImportReportEntry]) -> tuple[ImportReportEntry, ...]:
    """The report with repeats in one line, where the first of them stood.

    Only what was skipped or changed while reading has repeats: an item that came as it is, or a change of the course
    itself (which has no place in the material), is always a line of its own.
    """
    groups: dict[tuple[object, ...], list[ImportReportEntry]] = defaultdict(list)
    for at, item in enumerate(items):
        is_alone = item.fate is ImportOutcome.IMPORTED or not item.why or not item.place
        groups[(at,) if is_alone else (item.fate, item.what, _kind(item), item.why)].append(item)
    return tuple(line for group in groups.values() for line in (group if len(group) <= MOST else [_one(group)]))


def _kind(item: ImportReportEntry) -> str:
    """What tells items of one name and reason apart: the ending of a file's name."""
    return item.name.rpartition(".")[2].lower() if item.what == "file" and "." in item.name else ""


def _one(group: list[ImportReportEntry]) -> ImportReportEntry:
    first, count = group[0], sum(item.count for item in group)
    name = f"{count:,} files (.{_kind(first)})" if _kind(first) else f"{count:,} of one kind: {first.what}"
    places = ", ".join(item.place for item in group[:_NAMED])
    return replace(first, name=name, why=f"{first.why} ({places} …)", count=count)
