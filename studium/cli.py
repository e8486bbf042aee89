"""The command line: `studium COMMAND`. Heavy imports wait inside the commands, so that each starts quickly."""

import asyncio
import getpass
import os
import sys
import traceback
from contextlib import suppress
from pathlib import Path
from typing import Annotated, NoReturn
from uuid import UUID

from cyclopts import App, Parameter

from studium import __version__
from studium.kit.config import Settings, load_settings
from studium.kit.failures import Failure
from studium.kit.problems import InvalidInput, Problem

app = App(name="studium", version=__version__, help="Studium: a learning-management backend behind one HTTP API.")


def main() -> NoReturn:
    """Run a command and end the process with its exit code.

    The interpreter is not taken down piece by piece: threads of native code (the storage's) that come back to it in
    that moment would now and then abort the process after all its work was done.
    """
    code: object = 1
    try:
        code = _run()
    except SystemExit as exit_:
        code = exit_.code or 0
    except BaseException:  # noqa: BLE001 -- what the interpreter itself would do.
        traceback.print_exc()
    with suppress(OSError):
        sys.stdout.flush()
        sys.stderr.flush()
    os._exit(code if isinstance(code, int) else 1)


def _run() -> int:
    """Run a command; what goes wrong is said in one sentence on standard error, with exit code 1."""
    from pydantic import ValidationError  # noqa: PLC0415 -- see the module's first line.

    try:
        app()
        sys.stdout.flush()
    except BrokenPipeError:
        # Whoever read the output has seen enough: `studium routes | head`. Nothing is left to be flushed at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141
    except Failure as error:
        _fail(str(error))
    except InvalidInput as problem:
        _fail("; ".join(f"{error.pointer.strip('/')}: {error.detail}" for error in problem.errors))
    except Problem as problem:
        _fail(problem.detail)
    except ValidationError as error:
        # Never the input itself: it may be a password.
        _fail(
            "; ".join(f"{_words(item['loc'])}: {item['msg'].removeprefix('Value error, ')}" for item in error.errors())
        )
    except KeyboardInterrupt:
        return 130
    return 0


def _words(place: tuple[int | str, ...]) -> str:
    return ".".join(map(str, place)).replace("full_name", "name")


def _files(count: int) -> str:
    return "1 file" if count == 1 else f"{count} files"


def _fail(sentence: str) -> NoReturn:
    print(sentence, file=sys.stderr)
    sys.exit(1)


def _ready_settings() -> Settings:
    """The settings, with a database that fits this version: the embedded one is migrated, others must be."""
    from studium.kit import migrate  # noqa: PLC0415 -- see the module's first line.

    settings = load_settings()
    if settings.is_sqlite:
        migrate.upgrade(settings.database_url)
    elif migrate.is_pending(settings.database_url):
        _fail("The database is behind this version of Studium: run `studium migrate` first.")
    return settings


@app.command
def serve(host: str = "127.0.0.1", port: int = 8000, workers: int = 1) -> None:
    """Serve the API; on the embedded default also migrate, and run the jobs in-process.

    Parameters
    ----------
    host
        The address to listen on.
    port
        The port to listen on.
    workers
        How many processes serve; more than one needs PostgreSQL.
    """
    from studium.server import run_server  # noqa: PLC0415 -- see the module's first line.

    run_server(_ready_settings(), host=host, port=port, workers=workers)


@app.command
def worker(metrics_host: str = "127.0.0.1", metrics_port: int = 0) -> None:
    """Run jobs, beside as many other workers as wanted.

    Parameters
    ----------
    metrics_host
        The address on which to show what this process counts.
    metrics_port
        The port for it; 0 shows nothing.
    """
    from studium.worker import WorkerError, run_worker  # noqa: PLC0415 -- see the module's first line.

    try:
        run_worker(_ready_settings(), metrics_host=metrics_host, metrics_port=metrics_port)
    except WorkerError as error:
        _fail(str(error))


@app.command
def migrate() -> None:
    """Bring the database to this version; safe from several hosts at once."""
    from studium.kit import migrate as migrations  # noqa: PLC0415 -- see the module's first line.

    settings = load_settings()
    before = migrations.current(settings.database_url)
    migrations.upgrade(settings.database_url)
    done = "was up to date" if before == migrations.head() else f"is now at {migrations.head()}"
    print(f"The database {done}.")


@app.command
def demo() -> None:
    """Load the demo school: people, courses, a year of enrollments; safe to repeat."""
    from studium.demo.school import load_demo  # noqa: PLC0415 -- see the module's first line.

    settings = load_settings()
    if settings.is_production:
        _fail("The demo school has public passwords and is not loaded in production mode.")
    asyncio.run(load_demo(_ready_settings()))


@app.command
def create_admin(
    *,
    email: str,
    name: str,
    password_stdin: Annotated[bool, Parameter(negative="")] = False,
    force: Annotated[bool, Parameter(negative="")] = False,
) -> None:
    """Make the first admin; the password comes from the terminal.

    Parameters
    ----------
    email
        The address to log in with.
    name
        The full name.
    password_stdin
        Read the password from standard input instead.
    force
        Make another admin although there is one.
    """
    try:
        password = sys.stdin.readline().rstrip("\n") if password_stdin else getpass.getpass("Password: ")
    except EOFError:
        _fail("No password was typed; --password-stdin reads it from standard input.")
    asyncio.run(_create_admin(_ready_settings(), email, name, password, force=force))


async def _create_admin(settings: Settings, email: str, name: str, password: str, *, force: bool) -> None:
    from studium.kit.runtime import BACKGROUND_SECONDS, open_runtime  # noqa: PLC0415 -- see the module's first line.
    from studium.modules.users.actions import create_admin as create  # noqa: PLC0415 -- see the module's first line.

    async with (
        open_runtime(settings, statement_seconds=BACKGROUND_SECONDS) as runtime,
        runtime.database.writing() as session,
    ):
        user = await create(session, email, name, password, force=force)
    print(f"{user.full_name} <{user.email}> is an admin now.")


@app.command
def import_course(
    path: Path,
    /,
    *,
    dry_run: Annotated[bool, Parameter(negative="")] = False,
    owner: str | None = None,
    into: UUID | None = None,
) -> None:
    """Import a course (Open edX's OLX, Studium's Markdown), or questions (GIFT, Moodle XML); exit 1 where it fails.

    Parameters
    ----------
    path
        A folder, an archive (.zip, .tar.gz), or a file of questions.
    dry_run
        Say what would become of every item, and change nothing.
    owner
        The address of the instructor or admin whose course it will be; without one, the first admin.
    into
        The id of a course that gets the questions; without one, they are a course of their own.
    """
    from studium.importing import import_from  # noqa: PLC0415 -- see the module's first line.

    if not path.exists():
        _fail(f"There is no {path}.")
    is_done = asyncio.run(import_from(_ready_settings(), path, owner, into, dry_run=dry_run))
    sys.exit(0 if is_done else 1)


@app.command
def export_course(course: str, /, *, output: Path | None = None) -> None:
    """Write a course to a ZIP archive of Markdown files, which can be imported again.

    Parameters
    ----------
    course
        The id or the slug of the course.
    output
        Where to write it; without one, `SLUG.zip` in the working directory.
    """
    from studium.importing import export_to  # noqa: PLC0415 -- see the module's first line.

    print(asyncio.run(export_to(_ready_settings(), course, output)))


@app.command
def reconcile(
    *,
    fix: Annotated[bool, Parameter(negative="")] = False,
    invariants: Annotated[bool, Parameter(negative="")] = False,
) -> None:
    """Compare counters with the rows they count, and files with their content; exit 1 where any differ.

    Parameters
    ----------
    fix
        Put right the counters that differ.
    invariants
        Look for anything else, too, that no crash or race may leave behind.
    """
    from studium.reconcile import broken_invariants  # noqa: PLC0415 -- see the module's first line.
    from studium.reconcile import reconcile as compare  # noqa: PLC0415 -- see the module's first line.

    settings = _ready_settings()
    drifted, lost = asyncio.run(compare(settings, fix=fix))
    broken = asyncio.run(broken_invariants(settings)) if invariants else ()
    for difference in (*drifted, *lost, *broken):
        print(difference)
    many = len(drifted)
    print(f"{many} {'difference' if many == 1 else 'differences'}{' put right' if fix and many else ''}.")
    if lost:
        print(
            f"{len(lost)} {'file has' if len(lost) == 1 else 'files have'} lost content: bring it back, or delete them."
        )
    if invariants:
        print(f"{len(broken)} broken {'invariant' if len(broken) == 1 else 'invariants'}.")
    sys.exit(1 if drifted or lost or broken else 0)


@app.command
def backup(path: Path, /, *, force: Annotated[bool, Parameter(negative="")] = False) -> None:
    """Write the database and the content of all files to a folder, beside running servers.

    Parameters
    ----------
    path
        The folder to make.
    force
        Replace what is there.
    """
    from studium.backup import back_up  # noqa: PLC0415 -- see the module's first line.

    report = asyncio.run(back_up(_ready_settings(), path, force=force))
    for file in report.faults:
        print(f"file {file.id}: its content is missing or damaged; this backup cannot bring it back")
    print(f"{path} holds {report.people} people and {_files(report.files)} as of {report.made_at}.")
    sys.exit(1 if report.faults else 0)


@app.command
def restore(path: Path, /, *, force: Annotated[bool, Parameter(negative="")] = False) -> None:
    """Put a backup in the place of the school; stop every server and worker before. Every session ends.

    Parameters
    ----------
    path
        The folder that `studium backup` wrote.
    force
        Replace the school that is there.
    """
    from studium.backup import restore as put_back  # noqa: PLC0415 -- see the module's first line.

    report = asyncio.run(put_back(load_settings(), path, force=force))
    if report.is_other_key:
        print("STUDIUM_SECRET_KEY is not that of the backup: second factors and links in older mails will not work.")
    back = f"{report.people} people and {_files(report.files)}"
    print(f"{back} of {report.made_at} are back, and every session has ended.")


@app.command
def jobs(*, requeue: Annotated[list[str] | None, Parameter(negative="")] = None) -> None:
    """Count the jobs by state, and list those that failed for good; exit 1 where there are any.

    Parameters
    ----------
    requeue
        The id of a dead job to try again; `all` for every one.
    """
    dead = asyncio.run(_jobs(_ready_settings(), requeue or []))
    sys.exit(1 if dead else 0)


async def _jobs(settings: Settings, requeue: list[str]) -> int:
    from studium.kit.runtime import BACKGROUND_SECONDS, open_runtime  # noqa: PLC0415 -- see the module's first line.

    async with open_runtime(settings, statement_seconds=BACKGROUND_SECONDS) as runtime:
        dead = await runtime.jobs.dead_jobs()
        wanted = {job.id for job in dead} if "all" in requeue else set(requeue)
        unknown = wanted - {job.id for job in dead}
        if unknown:
            _fail(f"There is no dead job {', '.join(sorted(unknown))}.")
        for job_id in wanted:
            await runtime.jobs.requeue(job_id)
        states = await runtime.jobs.pending()
    print(", ".join(f"{count} {state}" for state, count in states.items()))
    left = [job for job in dead if job.id not in wanted]
    for job in left:
        print(f"{job.id}  {job.name}  {job.tries} tries  {job.created_at:%Y-%m-%d %H:%M}  {job.error or 'see the log'}")
    return len(left)


@app.command
def routes(*, markdown: Annotated[bool, Parameter(negative="")] = False) -> None:
    """List every route: method, path, who may, and where its code is.

    Parameters
    ----------
    markdown
        Print the table of docs/routes.md instead.
    """
    from studium.inventory import route_lines, route_table  # noqa: PLC0415 -- see the module's first line.

    print("\n".join(route_table() if markdown else route_lines()))


@app.command
def events(*, markdown: Annotated[bool, Parameter(negative="")] = False) -> None:
    """List every event and what happens after it.

    Parameters
    ----------
    markdown
        Print the table of docs/events.md instead.
    """
    from studium.inventory import event_lines, event_table  # noqa: PLC0415 -- see the module's first line.

    print("\n".join(event_table() if markdown else event_lines()))
