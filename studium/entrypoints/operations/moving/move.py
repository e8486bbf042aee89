"""The move: look at everything, copy everything, compare everything, and only then commit."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from time import monotonic

import psycopg
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, SQLAlchemyError

import studium.models  # noqa: F401 -- so that every table is known.
from studium.entrypoints.operations.moving.marker import database_path, refuse_while_moving
from studium.entrypoints.operations.moving.source import Advance, Faults, MoveError, Source, held
from studium.entrypoints.operations.moving.target import Target, filling, looking
from studium.entrypoints.operations.moving.values import Digest, Form
from studium.entrypoints.operations.moving.waiting_jobs import check_jobs, move_jobs, moved_jobs
from studium.entrypoints.operations.reconcile import broken_invariants, reconcile
from studium.kit.base.clock import now
from studium.kit.base.config import JobsMode, Settings
from studium.kit.base.findings import Findings
from studium.kit.db import migrations as migrate
from studium.kit.db.addresses import shown
from studium.kit.db.tables import Base
from studium.kit.jobs.tables import JobDeaths, JobRow

_JOBS, _PROCRASTINATE_JOBS = JobRow.__tablename__, "procrastinate_jobs"
_NOT_READ = {JobDeaths.__tablename__}
"""Tables that the embedded engine does not use; the move of the jobs fills them."""
_OPTIONS = {"host", "port", "user", "password"}
"""What may stand in the query of an address: what both drivers know, that of the move and that of the server."""
_PASSES = 3
"""How often each row is handled: looked at, copied, compared."""

Begin = Callable[[int], Advance]
"""Makes a progress bar of so many steps."""


@dataclass(slots=True)
class Report:
    """What was moved, or would be."""

    target: str
    rows: dict[str, int]
    """By table; jobs that wait are among them."""
    faults: Faults
    seconds: float = 0.0
    renamed: Path | None = None


class _Move:
    """A source that is held, and what its target must have."""

    def __init__(self, source: Source, to: str) -> None:
        self.source, self.to = source, to
        self.forms = [Form(table) for table in Base.metadata.sorted_tables if table.name not in _NOT_READ]
        self.rows = {form.table.name: source.count(form.table) for form in self.forms}
        self.faults = Faults()
        self._expected: dict[str, Digest] = {}

    def look(self, advance: Advance) -> None:
        """Look at every value."""
        for form in self.forms:
            check = check_jobs if form.table.name == _JOBS else Source.check
            self._expected[form.table.name] = check(self.source, form, self.faults, advance)
        self.source.check_references(self.faults)

    def is_there(self, advance: Advance) -> bool:
        """Whether the target has these rows already: a move was killed between its commit and its end."""
        with looking(self.to) as target:
            return self._differing(target, advance) is None

    def refuse_occupied(self, *, also_same: bool) -> bool:
        """Whether the target has rows, as many as the source; raise MoveError where it has others.

        Counting them is quick: nobody need wait for all that `is_there` looks at to hear of a wrong address.
        """
        with looking(self.to) as target:
            target.check_encoding()
            revision = target.check_tables()
            target.check_rights()
            occupied = target.occupied()
            if occupied is None:
                return False
            if (
                also_same
                or revision != migrate.head()
                or any(target.count(_there(name)) != many for name, many in self.rows.items())
            ):
                raise _occupied(occupied)
        return True

    def fill(self, advance: Advance) -> None:
        """Migrate the target, then copy and compare everything in one transaction."""
        migrate.upgrade(self.to)
        with filling(self.to) as target:
            tables = Base.metadata.sorted_tables
            target.hold(tables)
            occupied = target.occupied()
            if occupied is not None:
                raise _occupied(occupied)
            for form in self.forms:
                if form.table.name == _JOBS:
                    move_jobs(self.source, form, target.connection, advance)
                else:
                    target.fill(form, chain.from_iterable(self.source.rows(form)), advance)
            differing = self._differing(target, advance)
            if differing is not None:
                message = f"The rows of {differing} did not arrive as they left: nothing was moved."
                raise MoveError(message)
            target.release(tables)

    def _differing(self, target: Target, advance: Advance) -> str | None:
        """A table of which the target has other rows than it must have."""
        for form in self.forms:
            name = form.table.name
            seen = moved_jobs(target.connection, advance) if name == _JOBS else target.digest(form, advance)
            if seen != self._expected[name]:
                return name
        return None


def move(settings: Settings, to: str, begin: Begin, *, dry_run: bool) -> Report:
    """Move the school of `settings` to the PostgreSQL database `to`, or only say what would be moved.

    Raises MoveError, or what a migration raises; then the target has no rows, and the source is as it was. A move that
    was killed after its commit is ended by the next one.
    """
    there = shown(_address(settings, to))
    path, began = database_path(settings), monotonic()
    if not path.exists():
        refuse_while_moving(settings)
    with held(path, there) as source, _explained(there):
        _check_revision(source)
        work = _Move(source, to)
        advance = begin(sum(work.rows.values()) * (1 if dry_run else _PASSES))
        may_be_there = work.refuse_occupied(also_same=dry_run)
        work.look(advance)
        report = Report(there, work.rows, work.faults)
        if dry_run or work.faults.count:
            return report
        if not (may_be_there and work.is_there(advance)):
            work.fill(advance)
        source.mark_moved(there)
    report.renamed = _rename(path)
    report.seconds = monotonic() - began
    return report


def _address(settings: Settings, to: str) -> URL:
    if not settings.is_sqlite:
        message = "There is nothing to move: STUDIUM_DATABASE_URL names a PostgreSQL database."
        raise MoveError(message)
    try:
        address = make_url(to)
    except (ArgumentError, ValueError):
        address = URL.create("none")
    if address.drivername != "postgresql" or "@" in (address.host or ""):
        # Never the address itself: what stands in a wrong place may be a password.
        message = (
            "--to wants an address such as postgresql://user:password@host:5432/name; write %40 for @ in a password."
        )
        raise MoveError(message)
    unknown = sorted(set(address.query) - _OPTIONS)
    if unknown:
        # The move itself could use them, but not the server that comes after it.
        message = f"--to has options that the server cannot use: {', '.join(unknown)}. Leave them out."
        raise MoveError(message)
    return address


def _check_revision(source: Source) -> None:
    revision = source.revision()
    if revision is None:
        message = f"There is no school in {source.path}."
    elif revision != migrate.head():
        message = (
            f"The school is at revision {revision}, this version is at {migrate.head()}: run `studium migrate` first."
        )
    else:
        return
    raise MoveError(message)


def _there(name: str) -> str:
    return _PROCRASTINATE_JOBS if name == _JOBS else name


def _occupied(table: str) -> MoveError:
    return MoveError(f"The target has rows already (in {table}): `studium move` wants an empty database.")


@contextmanager
def _explained(there: str) -> Iterator[None]:
    """Turn what the driver raises into one sentence, without the values of any row."""
    try:
        yield
    except psycopg.Error as error:
        raise _refusal(error, there) from error
    except SQLAlchemyError as error:
        # Migrations speak through SQLAlchemy, whose text has the statement.
        if isinstance(error, DBAPIError) and isinstance(error.orig, psycopg.Error):
            raise _refusal(error.orig, there) from error
        message = f"The target cannot be worked with, and nothing was moved: {type(error).__name__}."
        raise MoveError(message) from error


def _refusal(error: psycopg.Error, there: str) -> MoveError:
    place = error.diag.constraint_name or error.diag.column_name or error.diag.table_name
    if error.sqlstate is None:
        reason = str(error).strip().partition("\n")[0]
        return MoveError(f"The database {there} cannot be reached or was lost, and nothing was moved: {reason}.")
    what = f"{type(error).__name__} ({place or error.sqlstate})"
    return MoveError(f"PostgreSQL refused something, and nothing was moved: {what}.")


def _rename(path: Path) -> Path:
    """Put the file aside, with what SQLite left beside it; it is the way back."""
    aside = path.with_name(f"{path.name}.moved-{now():%Y%m%d-%H%M%S}")
    for suffix in ("-wal", "-shm"):
        beside = path.with_name(path.name + suffix)
        if beside.exists():
            beside.rename(aside.with_name(aside.name + suffix))
    return path.rename(aside)


async def differences(settings: Settings, to: str) -> Findings[str]:
    """What `reconcile` and the invariants say of the moved school: what they would have said of it before."""
    settings = settings.model_copy(update={"database_url": to, "jobs": JobsMode.EXTERNAL})
    drifted, lost = await reconcile(settings, fix=False)
    broken = await broken_invariants(settings)
    kept = [str(each) for each in (*drifted, *lost, *broken)]
    return Findings(kept, drifted.total + lost.total + broken.total)
