"""Commands about people and their secrets. Heavy imports wait inside, so that each starts quickly."""

import asyncio
import getpass
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Parameter

from studium.entrypoints.cli.ready import ready_settings
from studium.kit.base.executors import in_thread
from studium.kit.base.failures import CommandError

if TYPE_CHECKING:
    from studium.kit.runtime import Runtime


class NotDone(CommandError):
    """Why it was not done; its text is one sentence."""


@asynccontextmanager
async def _runtime() -> AsyncIterator["Runtime"]:
    from studium.kit.runtime import BACKGROUND_SECONDS, open_runtime  # noqa: PLC0415 -- see the module's first line.
    from studium.modules.registry import load_handlers  # noqa: PLC0415 -- as above.

    # Whoever publishes an event needs to know who hears of it.
    load_handlers()
    settings = await in_thread(ready_settings)
    async with open_runtime(settings, statement_seconds=BACKGROUND_SECONDS) as runtime:
        yield runtime


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
        message = "No password was typed; --password-stdin reads it from standard input."
        raise NotDone(message) from None
    asyncio.run(_create_admin(email, name, password, force=force))


async def _create_admin(email: str, name: str, password: str, *, force: bool) -> None:
    from studium.modules.users.actions import create_admin as create  # noqa: PLC0415 -- see the module's first line.

    async with _runtime() as runtime:
        user = await create(runtime.database, email, name, password, force=force)
    print(f"{user.full_name} <{user.email}> is an admin now.")


def reset_mfa(*, email: str) -> None:
    """Turn off the second factor of somebody who has lost it; their sessions end, and a mail tells them.

    Parameters
    ----------
    email
        The address that they log in with.
    """
    asyncio.run(_reset_mfa(email))


async def _reset_mfa(email: str) -> None:
    from studium.modules.users.actions_help import reset_mfa_of  # noqa: PLC0415 -- see the module's first line.

    async with _runtime() as runtime, runtime.database.write_session() as session:
        is_gone = await reset_mfa_of(session, email)
    print("The second factor is off." if is_gone else "There was no second factor.")


def rotate_key() -> None:
    """Seal the secrets of second factors with the present STUDIUM_SECRET_KEY; exit 1 where one cannot be opened."""
    sealed, lost = asyncio.run(_rotate_key())
    print(f"{sealed} {'secret is' if sealed == 1 else 'secrets are'} sealed with the present key.")
    if lost:
        message = f"{lost} cannot be opened: STUDIUM_SECRET_KEY_PREVIOUS is not the key that they were sealed with."
        raise NotDone(message)


async def _rotate_key() -> tuple[int, int]:
    from studium.modules.auth.actions_rotate import rotate  # noqa: PLC0415 -- see the module's first line.

    async with _runtime() as runtime:
        return await rotate(runtime)


def import_people(
    path: Path,
    /,
    *,
    apply: Annotated[bool, Parameter(negative="")] = False,
    invite: Literal["none", "new", "all"] = "none",
    owner: str | None = None,
    report: Path | None = None,
) -> None:
    """Say what a CSV of people would do, and with --apply do it; exit 1 where it cannot be read or a row is wrong.

    Parameters
    ----------
    path
        The file: a header with `email`, `full_name`, `role`, `language`, `external_id`, `courses`, `is_active`.
    apply
        Carry the plan out. Rows that are wrong are left out.
    invite
        Whom to mail a link to choose a first password: nobody, whom the file makes, or also others never invited.
    owner
        The address of the admin who is on the record for it; without one, the first admin.
    report
        Where to write every row of the report, as CSV.
    """
    from studium.entrypoints.operations.importing_people import import_people_from  # noqa: PLC0415 -- see the module's first line.

    if not path.is_file():
        message = f"There is no file {path}."
        raise NotDone(message)
    is_done = asyncio.run(import_people_from(ready_settings(), path, invite, owner, report, apply=apply))
    sys.exit(0 if is_done else 1)
