"""Slow work holds no database connection: rendering, storage, mail and hashing are awaited when the session is closed.

A pool has ten connections and SQLite one writer: a dozen readers whose pages are rendered meanwhile would keep
everybody else from logging in. While `is_checked`, as in tests, whoever does it all the same is told so.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

is_checked = False
_held: ContextVar[int] = ContextVar("held_connections", default=0)


class ConnectionHeld(Exception):
    """Slow work was awaited while the same task held a session or a short transaction."""


@contextmanager
def holding() -> Iterator[None]:
    """The block holds a connection."""
    _held.set(_held.get() + 1)
    try:
        yield
    finally:
        _held.set(_held.get() - 1)


@contextmanager
def allowed() -> Iterator[None]:
    """The block may await slow work though it holds a connection: it needs one moment of the database for long."""
    held = _held.get()
    _held.set(0)
    try:
        yield
    finally:
        _held.set(held)


def require_free(what: str) -> None:
    """Raise ConnectionHeld where a connection is held and the check is on; `what` is the slow work."""
    if is_checked and _held.get():
        message = f"{what} is awaited while a database session is open"
        raise ConnectionHeld(message)
