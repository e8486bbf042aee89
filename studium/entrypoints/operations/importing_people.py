"""People from CSV on the command line: the plan is printed, and carried out where that is wanted."""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from uuid import UUID

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from studium.entrypoints.operations.importing import find_owner
from studium.kit.base.config import Settings
from studium.kit.base.executors import in_thread
from studium.kit.base.failures import CommandError
from studium.kit.runtime import BACKGROUND_SECONDS, Runtime, open_runtime
from studium.kit.text.csv_text import MARK, csv_line
from studium.models import InviteMode, PeopleImport, PeopleImportRow, PeopleImportStatus, PlannedAction
from studium.modules.exchange.people import actions, queries
from studium.modules.exchange.people.applying import apply_batch
from studium.modules.exchange.people.errors import InvalidCsv
from studium.modules.exchange.people.plan import make_plan
from studium.modules.exchange.people.source import MOST_BYTES, check_file
from studium.modules.registry import load_handlers
from studium.modules.users.passwords import hash_of_nobodys


class NotImported(CommandError):
    """Why nothing was imported; its text is one sentence."""


async def import_people_from(
    settings: Settings, path: Path, invite: str, owner: str | None, report: Path | None, *, apply: bool
) -> bool:
    """Make the plan and print it; carry it out with `apply`. Returns whether no row is wrong and none was left out.

    Raises NotImported for a file that is no table of people, NotFound for an owner who is no admin, PlanStale.
    """
    load_handlers()
    try:
        rows = await in_thread(check_file, path)
    except InvalidCsv as problem:
        raise NotImported(problem.detail) from None
    size = await in_thread(lambda: path.stat().st_size)
    if size > MOST_BYTES:
        message = "A CSV of people may have 10 MiB."
        raise NotImported(message)
    async with open_runtime(settings, statement_seconds=BACKGROUND_SECONDS) as runtime:
        actor = await find_owner(runtime, owner, admin=True)
        row = actions.new_import(actor.id, path.name, size=size, rows=rows, invite=InviteMode(invite))
        async with runtime.database.write_session() as session:
            session.add(row)
        await make_plan(runtime, row.id, path, InviteMode(invite))
        planned = await _read(runtime, row.id)
        await _print_plan(runtime, planned)
        if apply and planned.status is PeopleImportStatus.PLANNED:
            await _apply(runtime, row.id, actor.id)
        if report is not None:
            await _write_report(runtime, row.id, report)
        ended = await _read(runtime, row.id)
    return not _number(ended.counts, "error") and not _number(ended.applied, "skipped")


async def _read(runtime: Runtime, import_id: UUID) -> PeopleImport:
    async with runtime.database.read_session() as session:
        return await actions.find_import(session, import_id)


async def _print_plan(runtime: Runtime, row: PeopleImport) -> None:
    if row.fault is not None:
        raise NotImported(str(row.fault["detail"]))
    console = Console(highlight=False)
    async with runtime.database.read_session() as session:
        wrong = PeopleImportRow.import_id == row.id, PeopleImportRow.action == PlannedAction.ERROR
        errors = (await session.execute(queries.in_order(*wrong))).scalars().all()
    for error in errors:
        place = f" {error.field}:" if error.field else ""
        console.print(f"[red]line {error.line}:[/]{escape(place)} {escape(error.detail or '')}", soft_wrap=True)
    if _number(row.counts, "errors_not_listed"):
        console.print(f"and {_number(row.counts, 'errors_not_listed')} lines more with errors")
    told = ("create", "change", "unchanged", "error", "enrollments", "invitations")
    console.print(", ".join(f"{_number(row.counts, name)} {name}" for name in told))


async def _apply(runtime: Runtime, import_id: UUID, owner_id: UUID) -> None:
    password_hash = await hash_of_nobodys()
    async with runtime.database.write_session() as session:
        row = await actions.find_import(session, import_id, locked=True)
        await actions.apply_plan(session, owner_id, row, password_hash)
    # The job that goes on where this command is killed is stored already; until then it finds nothing to do.
    console = Console(stderr=True)
    with Progress(TextColumn("Applying"), BarColumn(), MofNCompleteColumn(), console=console) as progress:
        task = progress.add_task("Applying", total=row.progress_total)
        while True:
            async with runtime.database.write_session() as session:
                more = await apply_batch(session, import_id)
            progress.update(task, completed=(await _read(runtime, import_id)).progress_done)
            if not more:
                break
    done = await _read(runtime, import_id)
    names = ("create", "change", "skipped", "enrollments", "invitations")
    Console(highlight=False).print("Done: " + ", ".join(f"{_number(done.applied, name)} {name}" for name in names))


async def _write_report(runtime: Runtime, import_id: UUID, path: Path) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        file.write(MARK + csv_line(queries.REPORT))
        async for lines in queries.report_rows(runtime, import_id):
            file.writelines(map(csv_line, lines))
    sys.stderr.write(f"The report lies in {path}.\n")


def _number(counts: Mapping[str, Any] | None, name: str) -> int:
    return int((counts or {}).get(name, 0))
