"""What a database's refusal means for the caller: PostgreSQL's SQLSTATEs and SQLite's codes as problems."""

import sqlite3
import sys
from collections.abc import Iterator

from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError

from studium.kit.problems import DependencyDown, Overloaded, Problem, StorageFull

UNLUCKY = frozenset({"40001", "40P01"})
"""A transaction that PostgreSQL gave up for the sake of another: nothing was done, trying again helps."""

_DISK_FULL = "53100"
# Waited too long for a lock; took too long and was stopped; too many connections, no memory.
_BUSY = UNLUCKY | {"55P03", "57014", "53000", "53200", "53300", "53400"}
# Connections lost, shutting down or starting, a standby that only reads, broken discs.
_LOST_CLASSES = ("08", "57P", "58", "25006")
_SQLITE_BUSY = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED})
_FULL = "The disk is full; nothing was stored."


def sqlstate_of(error: BaseException) -> str:
    """PostgreSQL's five letters, wherever in the chain they are; empty without."""
    for link in _chain(error):
        found = getattr(link, "sqlstate", None)
        if found:
            return str(found)
    return ""


def problem_of(error: BaseException) -> Problem | None:
    """The problem behind a driver's error that is not ours: down, busy or full. None where it is a defect of ours."""
    state = sqlstate_of(error)
    if state == _DISK_FULL:
        return StorageFull(_FULL)
    if state in _BUSY:
        return Overloaded()
    if state.startswith(_LOST_CLASSES):
        return DependencyDown()
    for link in _chain(error):
        if isinstance(link, sqlite3.OperationalError):
            return _problem_of_sqlite(link)
    lost = OSError, TimeoutError, OperationalError, InterfaceError, *_client_errors()
    if isinstance(error, lost) or (isinstance(error, DBAPIError) and error.connection_invalidated):
        return DependencyDown()
    return None


def _client_errors() -> tuple[type[Exception], ...]:
    """What asyncpg raises by itself about a connection that died. The embedded default never loads it."""
    asyncpg = sys.modules.get("asyncpg")
    return () if asyncpg is None else (asyncpg.InterfaceError, asyncpg.InternalClientError)


def _problem_of_sqlite(error: sqlite3.OperationalError) -> Problem | None:
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_IOERR)
    # A file that shared memory cannot grow into is a full disk too.
    if code & 0xFF == sqlite3.SQLITE_FULL or code == sqlite3.SQLITE_IOERR_SHMSIZE:
        return StorageFull(_FULL)
    if code & 0xFF in _SQLITE_BUSY:
        return Overloaded()
    return None if code & 0xFF == sqlite3.SQLITE_ERROR else DependencyDown()


def _chain(error: BaseException) -> Iterator[BaseException]:
    link: BaseException | None = error
    while link is not None:
        yield link
        link = getattr(link, "orig", None) or link.__cause__
