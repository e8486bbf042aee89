"""The only source of time."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta


def _system() -> datetime:
    return datetime.now(UTC)


_source: Callable[[], datetime] = _system


def now() -> datetime:
    """Return the present instant, aware, in UTC, with microseconds."""
    return _source()


@contextmanager
def _using(source: Callable[[], datetime]) -> Iterator[None]:
    global _source  # noqa: PLW0603 -- one process has one clock, and only tests turn it.
    before, _source = _source, source
    try:
        yield
    finally:
        _source = before


@contextmanager
def frozen(at: datetime) -> Iterator[None]:
    """Stop the clock at `at` (aware) inside the block; for tests."""
    with _using(lambda: at.astimezone(UTC)):
        yield


@contextmanager
def shifted(by: timedelta) -> Iterator[None]:
    """Let the clock run `by` ahead of the system's inside the block; for tests."""
    with _using(lambda: _system() + by):
        yield
