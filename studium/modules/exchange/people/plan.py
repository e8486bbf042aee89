"""The dry run: every row of the file is judged, and what it will do is kept."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from uuid import UUID

from sqlalchemy import delete, insert, update
from sqlalchemy.ext.asyncio import AsyncSession

from studium.kit.base.clock import now
from studium.kit.base.executors import in_thread
from studium.kit.runtime import Runtime
from studium.models import InviteMode, PeopleImport, PeopleImportRow, PeopleImportStatus, PlannedAction
from studium.modules.exchange.people.errors import InvalidCsv
from studium.modules.exchange.people.facts import read_facts, repeated_cells
from studium.modules.exchange.people.judging import Verdict, judge
from studium.modules.exchange.people.persons import RowError, read_person
from studium.modules.exchange.people.source import Row, Source

AT_ONCE = 500
ERRORS_IN_FULL = 100
"""So many error rows are kept with their lines; the rest is counted."""

COUNTED = ("rows", "create", "change", "unchanged", "error", "enrollments", "invitations", "errors_not_listed")
_PLAIN = {"synchronize_session": False}


class Overtaken(Exception):
    """Another run of the same job has made the plan, or somebody applied it."""


async def make_plan(runtime: Runtime, import_id: UUID, path: Path, invite: InviteMode) -> None:
    """Judge every row of the file, and keep what the rows will do; begun anew, it begins from nothing.

    A file that breaks makes the import fail with its sentence. Raises Overtaken.
    """
    try:
        source = await in_thread(Source, path)
        repeated = await in_thread(repeated_cells, source)
        counts: Counter[str] = Counter(dict.fromkeys(COUNTED, 0))
        async with runtime.database.write_session() as session:
            await session.execute(delete(PeopleImportRow).where(PeopleImportRow.import_id == import_id))
        batches = source.batches(AT_ONCE)
        while batch := await in_thread(next, batches, None):
            verdicts = await _judged(runtime, batch, repeated, invite)
            await _keep(runtime, import_id, verdicts, counts)
    except InvalidCsv as problem:
        await finish(runtime, import_id, fault={"code": problem.reason, "detail": problem.detail})
    else:
        await finish(runtime, import_id, counts=dict(counts))


async def _judged(
    runtime: Runtime, batch: Sequence[Row], repeated: frozenset[tuple[str, str]], invite: InviteMode
) -> list[Verdict]:
    read = await in_thread(lambda: [(row.line, read_person(row)) for row in batch])
    people = [person for _, person in read if not isinstance(person, RowError)]
    async with runtime.database.read_session() as session:
        facts = await read_facts(session, people, repeated)
    return await in_thread(
        lambda: [
            Verdict(line, PlannedAction.ERROR, error=person)
            if isinstance(person, RowError)
            else judge(person, facts, invite)
            for line, person in read
        ]
    )


async def _keep(runtime: Runtime, import_id: UUID, verdicts: Sequence[Verdict], counts: Counter[str]) -> None:
    """Store what changes something, and the first errors; count everything; tell how far it is."""
    rows = []
    for verdict in verdicts:
        counts["rows"] += 1
        counts["unchanged" if verdict.is_nothing else verdict.action.value] += 1
        counts["enrollments"] += len(verdict.wanted.get("courses", ())) if verdict.error is None else 0
        counts["invitations"] += bool(verdict.wanted.get("invite")) and verdict.error is None
        if verdict.is_nothing:
            continue
        if verdict.error is not None and counts["error"] > ERRORS_IN_FULL:
            counts["errors_not_listed"] += 1
            continue
        rows.append(_row(import_id, verdict))
    values = {"progress_done": counts["rows"], "status": PeopleImportStatus.PLANNING}
    async with runtime.database.write_session() as session:
        await _update_open(session, import_id, values)
        if rows:
            await session.execute(insert(PeopleImportRow.__table__), rows)  # type: ignore[arg-type]  # a table.


def _row(import_id: UUID, verdict: Verdict) -> dict[str, object]:
    error = verdict.error
    return {
        "import_id": import_id,
        "line": verdict.line,
        "action": verdict.action,
        "user_id": verdict.user_id,
        "version": verdict.version,
        "email": verdict.wanted.get("email"),
        "external_id": verdict.wanted.get("external_id"),
        "wanted": verdict.wanted or None,
        "changes": verdict.changes,
        "field": None if error is None else error.field or None,
        "code": None if error is None else error.code,
        "detail": None if error is None else error.detail,
    }


async def finish(
    runtime: Runtime,
    import_id: UUID,
    *,
    counts: dict[str, int] | None = None,
    fault: dict[str, object] | None = None,
) -> None:
    """End the dry run, with a plan or a fault. Raises Overtaken."""
    ended = {"planned_at": now(), "status": PeopleImportStatus.PLANNED, "counts": counts}
    if fault is not None:
        ended = {"finished_at": now(), "status": PeopleImportStatus.FAILED, "fault": fault}
    async with runtime.database.write_session() as session:
        await _update_open(session, import_id, {**ended, "storage_path": None})


async def _update_open(session: AsyncSession, import_id: UUID, values: dict[str, object]) -> None:
    open_ = PeopleImport.status.in_((PeopleImportStatus.QUEUED, PeopleImportStatus.PLANNING))
    change = update(PeopleImport).where(PeopleImport.id == import_id, open_).values(**values).returning(PeopleImport.id)
    if (await session.execute(change, execution_options=_PLAIN)).scalar_one_or_none() is None:
        raise Overtaken
