"""What a database's refusal means: PostgreSQL's SQLSTATEs and SQLite's codes as problems and as broken constraints."""

import sqlite3
import sys
from collections.abc import Iterator
from enum import StrEnum
from typing import NoReturn

from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError

from studium.kit.base.problems import ChangedMeanwhile, DependencyDown, Overloaded, Problem, StorageFull

RETRYABLE_SQLSTATES = frozenset({"40001", "40P01"})
"""A transaction that PostgreSQL gave up for the sake of another: nothing was done, trying again helps."""

READ_ONLY = "25006"
"""A server that takes no writes, such as a standby: nothing was done there."""

_DISK_FULL = "53100"
# Waited too long for a lock; took too long and was stopped; too many connections, no memory.
_BUSY = RETRYABLE_SQLSTATES | {"55P03", "57014", "53000", "53200", "53300", "53400"}
# Connections lost, shutting down or starting, a standby that only reads, broken discs.
_LOST_CLASSES = ("08", "57P", "58", READ_ONLY)
_DIED = ("08", "57P01", "57P02", READ_ONLY)
_SQLITE_BUSY = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED})
_FULL = "The disk is full; nothing was stored."


class Constraint(StrEnum):
    """The kinds of constraints that a row can break."""

    UNIQUE = "unique"
    FOREIGN_KEY = "foreign_key"
    CHECK = "check"
    NOT_NULL = "not_null"
    OTHER = "other"


_BY_SQLSTATE = {
    "23505": Constraint.UNIQUE,
    "23503": Constraint.FOREIGN_KEY,
    "23001": Constraint.FOREIGN_KEY,
    "23514": Constraint.CHECK,
    "23502": Constraint.NOT_NULL,
}
_BY_SQLITE_CODE = {
    sqlite3.SQLITE_CONSTRAINT_UNIQUE: Constraint.UNIQUE,
    sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY: Constraint.UNIQUE,
    sqlite3.SQLITE_CONSTRAINT_ROWID: Constraint.UNIQUE,
    sqlite3.SQLITE_CONSTRAINT_FOREIGNKEY: Constraint.FOREIGN_KEY,
    sqlite3.SQLITE_CONSTRAINT_TRIGGER: Constraint.FOREIGN_KEY,  # ON DELETE RESTRICT reports itself as a trigger.
    sqlite3.SQLITE_CONSTRAINT_CHECK: Constraint.CHECK,
    sqlite3.SQLITE_CONSTRAINT_NOTNULL: Constraint.NOT_NULL,
}


class IntegrityViolation(Exception):
    """A statement broke a constraint: its kind, and its name on PostgreSQL or SQLite's message."""

    def __init__(self, kind: Constraint, constraint: str) -> None:
        super().__init__(f"{kind}: {constraint}")
        self.kind = kind
        self.constraint = constraint


def sqlstate_of(error: BaseException) -> str:
    """PostgreSQL's five letters, wherever in the chain they are; empty without."""
    for link in _chain(error):
        found = getattr(link, "sqlstate", None)
        if found:
            return str(found)
    return ""


def is_lost(error: BaseException) -> bool:
    """Whether the connection died under a statement, or led to a server that takes no writes.

    One that is not answered in time, or not opened, is not meant.
    """
    links = list(_chain(error))
    if any(isinstance(link, (TimeoutError, ConnectionRefusedError)) for link in links):
        return False
    died: tuple[type[Exception], ...] = (ConnectionError, *_client_errors())
    return sqlstate_of(error).startswith(_DIED) or any(
        isinstance(link, died) or getattr(link, "connection_invalidated", False) for link in links
    )


def problem_from_db_error(error: BaseException) -> Problem | None:
    """The problem behind a driver's error that is not ours: down, busy, full, or overtaken by another request.

    None where it is a defect of ours.
    """
    violation = violation_of(error)
    if violation is not None:
        return _problem_of_violation(violation)
    state = sqlstate_of(error)
    if state == _DISK_FULL:
        return StorageFull(_FULL)
    if state in _BUSY:
        return Overloaded()
    for link in _chain(error):
        if isinstance(link, sqlite3.OperationalError):
            return _problem_of_sqlite(link)
    return DependencyDown() if _is_lost(error, state) else None


def raise_problem(error: Exception) -> NoReturn:
    """Raise the problem behind a driver's error, or the error itself where it is a defect of ours."""
    problem = problem_from_db_error(error)
    if problem is None:
        raise error
    raise problem from error


def raise_violation(error: Exception) -> NoReturn:
    """Raise the violation behind a driver's error, or the error itself where it is none."""
    violation = violation_of(error)
    if violation is None:
        raise error
    raise violation from error


def _problem_of_violation(violation: IntegrityViolation) -> Problem | None:
    """A row that came first, or is gone, is another's doing; what breaks a CHECK is ours."""
    if violation.kind not in (Constraint.UNIQUE, Constraint.FOREIGN_KEY):
        return None
    return ChangedMeanwhile("What this builds on was changed by somebody else at the same moment; read it again.")


def _is_lost(error: BaseException, state: str) -> bool:
    lost = OSError, TimeoutError, OperationalError, InterfaceError, *_client_errors()
    was_invalidated = isinstance(error, DBAPIError) and error.connection_invalidated
    return state.startswith(_LOST_CLASSES) or isinstance(error, lost) or was_invalidated


def violation_of(error: BaseException) -> IntegrityViolation | None:
    """The constraint that a driver's or SQLAlchemy's error is about; None where it is about something else."""
    links = list(_chain(error))
    for link in links:
        if isinstance(link, IntegrityViolation):
            return link
        if isinstance(link, sqlite3.IntegrityError):
            kind = _BY_SQLITE_CODE.get(getattr(link, "sqlite_errorcode", 0), Constraint.OTHER)
            return IntegrityViolation(kind, str(link))
    state = sqlstate_of(error)
    if not state.startswith("23"):
        return None
    names = [name for link in links if (name := getattr(link, "constraint_name", None))]
    return IntegrityViolation(_BY_SQLSTATE.get(state, Constraint.OTHER), str(names[0] if names else links[-1]))


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
    """The error and what it was raised from; each once, however they point at each other."""
    seen: set[int] = set()
    link: BaseException | None = error
    while link is not None and id(link) not in seen:
        seen.add(id(link))
        yield link
        link = getattr(link, "orig", None) or link.__cause__
