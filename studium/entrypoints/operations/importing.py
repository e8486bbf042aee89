"""Imports and exports from the command line: the work that HTTP asks for, with a progress bar and a printed report."""

import sys
from collections import Counter
from contextlib import suppress
from pathlib import Path
from uuid import UUID

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from studium.access.actor import Actor
from studium.kit.base.config import Settings
from studium.kit.base.problems import NotFound
from studium.kit.runtime import Runtime, open_runtime
from studium.models import Course, ImportPhase, Role, User
from studium.modules.exchange.actions import import_course
from studium.modules.exchange.export import export_course, note_export, read_source
from studium.modules.exchange.model.imports import ImportRequest, Report
from studium.modules.exchange.model.items import ImportOutcome
from studium.modules.users.email import normalise_email

_PHASES = {ImportPhase.READING: "Reading", ImportPhase.FILES: "Files", ImportPhase.WRITING: "Writing"}
_COLOURS = {ImportOutcome.IMPORTED: "green", ImportOutcome.CHANGED: "yellow", ImportOutcome.SKIPPED: "red"}


async def import_from(settings: Settings, path: Path, owner: str | None, into: UUID | None, *, dry_run: bool) -> bool:
    """Import a course for its owner (an e-mail address; without one the first admin), and print the report.

    Returns whether it went well. Raises NotFound for an owner who is not there, DependencyDown, StorageFull.
    """
    console = Console(highlight=False)
    async with open_runtime(settings) as runtime:
        actor = await find_owner(runtime, owner)
        payload = ImportRequest(path, path.name, actor, into, dry_run)
        with _bar() as progress:
            tasks = {phase: progress.add_task(name, total=None, start=False) for phase, name in _PHASES.items()}

            def note(phase: ImportPhase, done: int, total: int) -> None:
                progress.start_task(tasks[phase])
                progress.update(tasks[phase], completed=done, total=total)

            report = await import_course(runtime, payload, note, _nothing_more)
    _print(console, report, dry_run=dry_run)
    return report.fault is None


def _bar() -> Progress:
    """On standard error, so that the report can be piped."""
    console = Console(stderr=True)
    return Progress(TextColumn("{task.description:<8}"), BarColumn(), MofNCompleteColumn(), console=console)


async def _nothing_more(session: AsyncSession, report: Report) -> None:
    del session, report


async def find_owner(runtime: Runtime, email: str | None, *, admin: bool = False) -> Actor:
    """Who is on the record for an import: the instructor or admin with this address, or the first admin.

    With `admin` it has to be an admin. Raises NotFound.
    """
    role = User.role == Role.ADMIN if admin else User.role != Role.STUDENT
    statement = select(User.id, User.role).where(User.is_active, role)
    wanted = User.role == Role.ADMIN if email is None else User.email == _address(email)
    async with runtime.database.read_session() as session:
        row = (await session.execute(statement.where(wanted).order_by(User.created_at).limit(1))).first()
    if row is None:
        who = "There is no admin yet: run `studium create-admin`, or name an --owner." if email is None else ""
        raise NotFound(who or f"There is no active {'admin' if admin else 'instructor or admin'} with this address.")
    return Actor(row.id, row.role, row.id)


def _address(text: str) -> str:
    """The stored form of an address; "", which nobody has, for what is none."""
    try:
        return normalise_email(text)
    except ValueError:
        return ""


def _print(console: Console, report: Report, *, dry_run: bool) -> None:
    for item in report.items:
        why = f" — {item.why}" if item.why else ""
        fate = f"[{_COLOURS[item.fate]}]{item.fate.value:8}[/]"
        place = f"{item.place}: " if item.place else ""
        console.print(f"{fate} {escape(f'{place}{item.name}: {item.what}{why}')}", soft_wrap=True)
    counts: Counter[ImportOutcome] = Counter()
    for item in report.items:
        counts[item.fate] += item.count
    console.print(", ".join(f"{counts[fate]} {fate.value}" for fate in ImportOutcome))
    if report.fault is not None:
        sys.stderr.write(f"Nothing was imported. {report.fault[0]}: {report.fault[1]}\n")
    elif dry_run:
        console.print(f"Dry run: the course would be {report.outcome}; nothing was changed.")
    else:
        console.print(f"Course {report.course_id} is {report.outcome}.")


async def export_to(settings: Settings, course: str, output: Path | None) -> Path:
    """Write a course (its id or slug) to a ZIP archive, and return where it lies; raises NotFound."""
    async with open_runtime(settings) as runtime:
        async with runtime.database.read_session() as session:
            source = await read_source(session, await _course(session, course))
        export = await export_course(runtime, source)
        target = output or Path(export.filename)
        with target.open("wb") as file:
            async for chunk in export.chunks():
                file.write(chunk)
        await note_export(runtime, None, source.course_id)
    return target


async def _course(session: AsyncSession, named: str) -> Course:
    wanted = [Course.slug == named]
    with suppress(ValueError):
        wanted.append(Course.id == UUID(named))
    row = await session.scalar(select(Course).where(or_(*wanted)))
    if row is None:
        message = "There is no course with this id or slug."
        raise NotFound(message)
    return row
