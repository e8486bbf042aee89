"""A small library whose jobs the tests run: in the test's own process, or in one of its own that may be killed.

As a program: `python -m tests.jobs.worker` is a worker for the database and folder that the environment names.
"""

import asyncio
import os
import signal
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from sqlalchemy import event as events
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from studium.kit.base.clock import now
from studium.kit.base.ids import new_id
from studium.kit.jobs.events import Event, on, publish
from studium.kit.jobs.registry import PermanentJobError, Queue, current_job_id, job, periodic
from studium.kit.runtime import Runtime, get_runtime
from studium.models import ThrottleHit


@dataclass(frozen=True)
class BookReturned(Event):
    """A book came back; the shelf says how its handler behaves."""

    book_id: UUID
    shelf: str


@dataclass(frozen=True)
class LetterDue(Event):
    """A letter is to leave the house."""

    letter_id: UUID


@dataclass(frozen=True)
class NobodyListens(Event):
    """An event without handlers."""

    book_id: UUID


@dataclass(frozen=True)
class CrateArrived(Event):
    """A crate is to be unpacked; the shelf says how its handler behaves."""

    crate_id: UUID
    sender: str
    content: str


class ShelfFull(Exception):
    """The shelf is full while the file `full` is in the data folder."""


@on(BookReturned, "library.shelve")
async def shelve(session: AsyncSession, event: BookReturned) -> None:
    """Put the book on its shelf."""
    folder = get_runtime(session).settings.data_dir
    session.add(ThrottleHit(id=new_id(), scope=event.shelf, key=str(event.book_id), occurred_at=now()))
    await session.flush()
    if event.shelf == "unknown":
        message = "no such shelf"
        raise PermanentJobError(message)
    if event.shelf == "full" and (folder / "full").exists():
        raise ShelfFull
    if event.shelf == "chain":
        await publish(session, BookReturned(book_id=event.book_id, shelf="end"))
    if os.environ.get("LIBRARY_DIES") == "after commit":
        events.listen(session.sync_session, "after_commit", lambda _: os.kill(os.getpid(), signal.SIGKILL))


@on(LetterDue, "library.send_letter", has_external_effects=True)
async def send_letter(runtime: Runtime, event: LetterDue) -> None:
    """Write the job's id to the file `letters`; hang where the environment says so, refuse where `closed` exists."""
    folder = runtime.settings.data_dir
    _append(folder / "started", str(os.getpid()))
    if os.environ.get("LIBRARY_DIES") == "during":
        await asyncio.sleep(60)
    await asyncio.sleep(0.1 if (folder / "slow").exists() else 0)
    _append(folder / "letters", f"{event.letter_id} {current_job_id()} {os.getpid()}")
    if (folder / "closed").exists():
        raise ShelfFull


@on(CrateArrived, "library.unpack", has_external_effects=True, queue=Queue.IMPORTS, alone_by="sender", seconds=60)
async def unpack(runtime: Runtime, event: CrateArrived) -> None:
    """Write down when a crate is begun and done; a deadly one kills the process, a heavy one takes its time."""
    crates = runtime.settings.data_dir / "crates"
    _append(crates, f"begun {event.sender} {event.crate_id}")
    if event.content == "deadly":
        os.kill(os.getpid(), signal.SIGKILL)
    await asyncio.sleep(60 if event.content == "endless" else 0.2)
    _append(crates, f"done {event.sender} {event.crate_id}")


@dataclass(frozen=True)
class ClockStopped(Event):
    """Somebody waits for a clock that stands still."""

    clock_id: UUID


@on(ClockStopped, "library.wait_for_clock", seconds=0.1)
async def wait_for_clock(session: AsyncSession, event: ClockStopped) -> None:
    """Leave a mark in the transaction, and never end."""
    session.add(ThrottleHit(id=new_id(), scope="clock", key=str(event.clock_id), occurred_at=now()))
    await session.flush()
    await asyncio.sleep(60)


@job("library.stamp")
async def stamp(session: AsyncSession, *, book: str) -> None:
    """Stamp a book."""
    session.add(ThrottleHit(id=new_id(), scope="stamp", key=book, occurred_at=now()))


@periodic("library.dust", seconds=0.2)
async def dust(runtime: Runtime) -> None:
    """Leave a line in the file `dusted`."""
    _append(runtime.settings.data_dir / "dusted", str(os.getpid()))


async def shelved(runtime: Runtime, shelf: str) -> list[str]:
    """The books on a shelf."""
    async with runtime.database.read_session() as session:
        return list(await session.scalars(select(ThrottleHit.key).where(ThrottleHit.scope == shelf)))


def lines(path: Path) -> list[str]:
    """The lines of a file that may not be there yet."""
    return path.read_text().splitlines() if path.exists() else []


def _append(path: Path, line: str) -> None:
    with path.open("a") as file:
        file.write(line + "\n")
