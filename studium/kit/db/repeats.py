"""Trying again what certainly did nothing: the database gave the transaction up, or lost it before COMMIT was sent."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Iterator
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TypeVar

from studium.kit.db.errors import RETRYABLE_SQLSTATES, is_lost, sqlstate_of

Result = TypeVar("Result")
_PAUSES = (0.02, 0.1)


@dataclass(slots=True)
class _Attempt:
    """One try, within another where a part of a request is tried by itself."""

    outer: "_Attempt | None"
    may_be_done: bool = False
    is_done: bool = False


_attempt: ContextVar[_Attempt | None] = ContextVar("attempt", default=None)


def committing() -> None:
    """COMMIT is sent now. If the connection is lost from here on, nobody knows whether the transaction happened."""
    for attempt in _attempts():
        attempt.may_be_done = True


def committed() -> None:
    """A transaction of this try is committed: whatever fails later, the try did something."""
    for attempt in _attempts():
        attempt.is_done = True


def _attempts() -> Iterator[_Attempt]:
    attempt = _attempt.get()
    while attempt is not None:
        yield attempt
        attempt = attempt.outer


async def repeated(work: Callable[[], Awaitable[Result]], is_possible: Callable[[], bool] | None = None) -> Result:
    """What `work` gives, tried up to twice more, a moment later, where a try certainly did nothing.

    `is_possible` says whether what it needs is still there, such as a body that was streamed.
    """
    for pause in _PAUSES:
        attempt = _Attempt(_attempt.get())
        mark = _attempt.set(attempt)
        try:
            return await work()
        except Exception as error:
            was_undone = sqlstate_of(error) in RETRYABLE_SQLSTATES or (is_lost(error) and not attempt.may_be_done)
            if attempt.is_done or not was_undone or (is_possible is not None and not is_possible()):
                raise
        finally:
            _attempt.reset(mark)
        await asyncio.sleep(pause * random.uniform(0.5, 1.5))  # noqa: S311 -- jitter.
    return await work()
