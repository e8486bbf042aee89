"""The command that moves a school to PostgreSQL. Heavy imports wait inside, so that others start quickly."""

import asyncio
import sys
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from studium.kit.base.config import load_settings

if TYPE_CHECKING:
    from studium.entrypoints.operations.moving.move import Report
    from studium.entrypoints.operations.moving.source import Advance
    from studium.kit.base.findings import Findings

_SHOWN = 20
"""Differences that are printed here."""


def move(*, to: str, dry_run: Annotated[bool, Parameter(negative="")] = False) -> None:
    """Move the school from SQLite to an empty PostgreSQL database; stop the server before. Exit 1 where it cannot go.

    Parameters
    ----------
    to
        The address of the database: postgresql://user@host/name.
    dry_run
        Look at every value and at the target, and change nothing.
    """
    from rich.console import Console  # noqa: PLC0415 -- see the module's first line.
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn  # noqa: PLC0415 -- as above.

    from studium.entrypoints.operations.moving.move import differences  # noqa: PLC0415 -- as above.
    from studium.entrypoints.operations.moving.move import move as move_to  # noqa: PLC0415 -- as above.

    settings = load_settings()

    columns = TextColumn("Looking" if dry_run else "Moving"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn()
    with Progress(*columns, console=Console(stderr=True)) as progress:
        task = progress.add_task("", total=None)

        def begin(total: int) -> "Advance":
            progress.update(task, total=total)
            return lambda steps: progress.advance(task, steps)

        report = move_to(settings, to, begin, dry_run=dry_run)
    is_well = _tell(report, dry_run=dry_run)
    if report.renamed is not None:
        is_well = _tell_differences(asyncio.run(differences(settings, to)))
    sys.exit(0 if is_well else 1)


def _tell(report: "Report", *, dry_run: bool) -> bool:
    """Say what happened; whether all is well."""
    total, tables = sum(report.rows.values()), sum(many > 0 for many in report.rows.values())
    rows = f"{total:,} rows of {tables} tables"
    if report.faults.count:
        for fault in report.faults.first:
            print(fault)
        more = report.faults.count - len(report.faults.first)
        print(f"{f'and {more:,} more; ' if more else ''}PostgreSQL would refuse these values: nothing was moved.")
        return False
    if dry_run:
        print(
            f"{rows} would go to {report.target}, which is empty; {report.rows['jobs']:,} of them are jobs that wait."
        )
        return True
    rate = total / max(report.seconds, 0.001)
    print(f"{rows} are in {report.target} after {report.seconds:.0f} s ({rate:,.0f} a second).")
    print(f"The file is {report.renamed} now.")
    print("Set STUDIUM_DATABASE_URL to the new address, and start a server and a worker.")
    return True


def _tell_differences(found: "Findings[str]") -> bool:
    """Say what does not agree in the moved school; whether nothing is."""
    for difference in found[:_SHOWN]:
        print(difference)
    if found:
        many = f"{found.total:,} {'difference' if found.total == 1 else 'differences'}"
        print(f"{many} came along, as `studium reconcile --invariants` lists them; `--fix` puts counters right.")
    return not found
