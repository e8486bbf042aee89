"""A small library whose jobs the tests run: in the test's own process, or in one of its own that may be killed.

As a program: `python -m tests.jobs.library` is a worker for the database and folder that the environment names.
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

from studium.kit.clock import now
from studium.kit.config import load_settings
from studium.kit.events import Event, on, publish
from studium.kit.ids import new_id
from studium.kit.jobs import GiveUp, current_job_id, job, periodic
from studium.kit.runtime import Runtime, runtime_of
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


class ShelfFull(Exception):
    """The shelf is full while the file `full` is in the data folder."""


@on(BookReturned)
async def shelve(session: AsyncSession, event: BookReturned) -> None:
    """Put the book on its shelf."""
    folder = runtime_of(session).settings.data_dir
    session.add(ThrottleHit(id=new_id(), scope=event.shelf, key=str(event.book_id), occurred_at=now()))
    await session.flush()
    if event.shelf == "unknown":
        message = "no such shelf"
        raise GiveUp(message)
    if event.shelf == "full" and (folder / "full").exists():
        raise ShelfFull
    if event.shelf == "chain":
        await publish(session, BookReturned(book_id=event.book_id, shelf="end"))
    if os.environ.get("LIBRARY_DIES") == "after commit":
        events.listen(session.sync_session, "after_commit", lambda _: os.kill(os.getpid(), signal.SIGKILL))


@on(LetterDue, outside=True)
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


@job
async def stamp(session: AsyncSession, *, book: str) -> None:
    """Stamp a book."""
    session.add(ThrottleHit(id=new_id(), scope="stamp", key=book, occurred_at=now()))


@periodic(seconds=0.2)
async def dust(runtime: Runtime) -> None:
    """Leave a line in the file `dusted`."""
    _append(runtime.settings.data_dir / "dusted", str(os.getpid()))


async def shelved(runtime: Runtime, shelf: str) -> list[str]:
    """The books on a shelf."""
    async with runtime.database.reading() as session:
        return list(await session.scalars(select(ThrottleHit.key).where(ThrottleHit.scope == shelf)))


def lines(path: Path) -> list[str]:
    """The lines of a file that may not be there yet."""
    return path.read_text().splitlines() if path.exists() else []


def _append(path: Path, line: str) -> None:
    with path.open("a") as file:
        file.write(line + "\n")


if __name__ == "__main__":
    from studium.worker import run_worker
    from tests.jobs import library as _registered  # noqa: F401 -- under its own name, not as __main__.

    run_worker(load_settings())
