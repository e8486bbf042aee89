"""The command line: `studium COMMAND`. Heavy imports wait inside the commands, so that each starts quickly."""

import asyncio
import os
import sys
import traceback
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Any, NoReturn
from uuid import UUID

from cyclopts import App, Parameter

from studium import __version__
from studium.entrypoints.cli.moving import move
from studium.entrypoints.cli.people import create_admin, import_people, reset_mfa, rotate_key
from studium.entrypoints.cli.ready import ready_settings, serving_settings
from studium.kit.base.config import Settings, load_settings
from studium.kit.base.failures import CommandError
from studium.kit.base.findings import Findings
from studium.kit.base.privacy import find_wide, write_privately
from studium.kit.base.problems import InvalidInput, Problem

app = App(name="studium", version=__version__, help="Studium: a learning-management backend behind one HTTP API.")
for _command in (create_admin, import_people, move, reset_mfa, rotate_key):
    app.command(_command)


def main() -> NoReturn:
    """Run a command and end the process with its exit code.

    The interpreter is not taken down piece by piece: threads of native code (the storage's) that come back to it in
    that moment would now and then abort the process after all its work was done.
    """
    write_privately()
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
    except CommandError as error:
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
    from studium.entrypoints.server import run_server  # noqa: PLC0415 -- see the module's first line.

    run_server(serving_settings(), host=host, port=port, workers=workers)


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
    from studium.entrypoints.worker import WorkerError, run_worker  # noqa: PLC0415 -- see the module's first line.

    try:
        run_worker(ready_settings(), metrics_host=metrics_host, metrics_port=metrics_port)
    except WorkerError as error:
        _fail(str(error))


@app.command
def migrate() -> None:
    """Bring the database to this version; safe from several hosts at once."""
    from studium.entrypoints.operations.moving.marker import refuse_while_moving  # noqa: PLC0415 -- as below.
    from studium.kit.db import migrations  # noqa: PLC0415 -- see the module's first line.

    settings = load_settings()
    refuse_while_moving(settings)
    before = migrations.current(settings.session_url)
    migrations.upgrade(settings.session_url)
    done = "was up to date" if before == migrations.head() else f"is now at {migrations.head()}"
    print(f"The database {done}.")


@app.command
def demo() -> None:
    """Load the demo school: people, courses, a year of enrollments; safe to repeat."""
    from studium.entrypoints.demo.school import load_demo  # noqa: PLC0415 -- see the module's first line.

    settings = load_settings()
    if settings.is_production:
        _fail("The demo school has public passwords and is not loaded in production mode.")
    asyncio.run(load_demo(ready_settings()))


@app.command
def import_course(
    path: Path,
    /,
    *,
    dry_run: Annotated[bool, Parameter(negative="")] = False,
    owner: str | None = None,
    into: UUID | None = None,
) -> None:
    """Import a course (OLX of Open edX, our Markdown) or questions (GIFT, Aiken, Moodle XML); exit 1 where it fails.

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
    from studium.entrypoints.operations.importing import import_from  # noqa: PLC0415 -- see the module's first line.

    if not path.exists():
        _fail(f"There is no {path}.")
    is_done = asyncio.run(import_from(ready_settings(), path, owner, into, dry_run=dry_run))
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
    from studium.entrypoints.operations.importing import export_to  # noqa: PLC0415 -- see the module's first line.

    print(asyncio.run(export_to(ready_settings(), course, output)))


@app.command
def reconcile(
    *,
    fix: Annotated[bool, Parameter(negative="")] = False,
    invariants: Annotated[bool, Parameter(negative="")] = False,
    contents: Annotated[bool, Parameter(negative="")] = False,
) -> None:
    """Compare counters with rows, files with their content, and who may read what is ours; exit 1 where any differ.

    Parameters
    ----------
    fix
        Put right the counters that differ, and close to others what they may read.
    invariants
        Look for anything else, too, that no crash or race may leave behind.
    contents
        Read every file, and name those whose content is not what was stored.
    """
    from studium.entrypoints.operations.reconcile import altered_files, broken_invariants  # noqa: PLC0415 -- see the module's first line.
    from studium.entrypoints.operations.reconcile import reconcile as compare  # noqa: PLC0415 -- see the module's first line.

    settings, nothing = ready_settings(), Findings[Any]()
    drifted, lost = asyncio.run(compare(settings, fix=fix))
    broken = asyncio.run(broken_invariants(settings)) if invariants else nothing
    wide = list(find_wide(settings))
    altered = asyncio.run(altered_files(settings)) if contents else nothing
    for found in (drifted, lost, broken, altered, Findings(wide)):
        for line in found.lines():
            print(line)
    many = drifted.total
    print(f"{many} {'difference' if many == 1 else 'differences'}{' put right' if fix and many else ''}.")
    if lost:
        have = "file has" if lost.total == 1 else "files have"
        print(f"{lost.total} {have} lost content: bring it back, or delete them.")
    if wide:
        closed = sum(path.narrow() for path in wide) if fix else 0
        print(f"{len(wide)} of our files and folders are open to others; {closed} are closed to them now.")
    if invariants:
        print(f"{broken.total} broken {'invariant' if broken.total == 1 else 'invariants'}.")
    if contents:
        print(f"{altered.total} {'file has' if altered.total == 1 else 'files have'} other content than was stored.")
    sys.exit(1 if drifted or lost or broken or altered or wide else 0)


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
    from studium.entrypoints.operations.backup import back_up  # noqa: PLC0415 -- see the module's first line.

    report = asyncio.run(back_up(ready_settings(), path, force=force))
    for file in report.faults:
        print(f"file {file.id}: its content is missing or damaged; this backup cannot bring it back")
    print(f"{path} holds {report.people} people and {_files(report.files)} as of {report.made_at}.")
    sys.exit(1 if report.faults else 0)


@app.command(name="verify-backup")
def verify_backup(path: Path, /) -> None:
    """Read a backup whole, say whether every byte is as it was written, and remember it in the school.

    Parameters
    ----------
    path
        The folder that `studium backup` wrote.
    """
    from studium.entrypoints.operations.backup import verify  # noqa: PLC0415 -- see the module's first line.

    manifest = asyncio.run(verify(ready_settings(), path))
    print(f"{path} is whole: a backup of version {manifest.version}, as of {manifest.made_at}.")


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
    from studium.entrypoints.operations.backup import restore as put_back  # noqa: PLC0415 -- see the module's first line.

    report = asyncio.run(put_back(load_settings(), path, force=force))
    if report.is_other_key:
        print("STUDIUM_SECRET_KEY is not that of the backup: second factors and links in older mails will not work.")
    if report.erased:
        who = "person who was" if report.erased == 1 else "people who were"
        print(f"{report.erased} {who} erased since then {'is' if report.erased == 1 else 'are'} erased again.")
    back = f"{report.people} people and {_files(report.files)}"
    print(f"{back} of {report.made_at} are back, and every session has ended.")


@app.command
def jobs(
    *,
    requeue: Annotated[list[str] | None, Parameter(negative="")] = None,
    drop: Annotated[list[str] | None, Parameter(negative="")] = None,
) -> None:
    """Count the jobs by state, and list those that failed for good; exit 1 where there are any.

    Parameters
    ----------
    requeue
        The id of a dead job to try again; `all` for every one.
    drop
        The id of a job to forget: a dead one, or one that waits.
    """
    dead = asyncio.run(_jobs(ready_settings(), requeue or [], drop or []))
    sys.exit(1 if dead else 0)


async def _jobs(settings: Settings, requeue: list[str], drop: list[str]) -> int:
    from studium.kit.runtime import BACKGROUND_SECONDS, open_runtime  # noqa: PLC0415 -- see the module's first line.

    async with open_runtime(settings, statement_seconds=BACKGROUND_SECONDS) as runtime:
        for job_id in drop:
            if not await runtime.jobs.drop(job_id):
                _fail(f"There is no job {job_id} that is dead or waits.")
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
def openapi() -> None:
    """Work out the OpenAPI document from the code, and print it: `make openapi` keeps it in `studium/openapi.json`."""
    from studium.entrypoints.reference.document import document_text  # noqa: PLC0415 -- see the module's first line.

    print(document_text(), end="")


@app.command
def routes(*, markdown: Annotated[bool, Parameter(negative="")] = False) -> None:
    """List every route: method, path, who may, and where its code is.

    Parameters
    ----------
    markdown
        Print the table of docs/routes.md instead.
    """
    from studium.entrypoints.inventory import route_lines, route_table  # noqa: PLC0415 -- see the module's first line.

    print("\n".join(route_table() if markdown else route_lines()))


@app.command
def privacy(*, markdown: Annotated[bool, Parameter(negative="")] = False) -> None:
    """List what is kept about people: every table, why, how long, who sees it, and the class of each column.

    Parameters
    ----------
    markdown
        Print the table of docs/privacy.md instead.
    """
    from studium.entrypoints.inventory import data_lines, data_table  # noqa: PLC0415 -- see the module's first line.

    print("\n".join(data_table() if markdown else data_lines()))


@app.command
def events(*, markdown: Annotated[bool, Parameter(negative="")] = False) -> None:
    """List every event and what happens after it.

    Parameters
    ----------
    markdown
        Print the table of docs/events.md instead.
    """
    from studium.entrypoints.inventory import event_lines, event_table  # noqa: PLC0415 -- see the module's first line.

    print("\n".join(event_table() if markdown else event_lines()))
