"""The arithmetic of progress: pure functions."""

from datetime import datetime
from decimal import ROUND_DOWN, Decimal

FULL = Decimal(100)
TIME_GRACE_SECONDS = 60
TIME_MAX_SECONDS = 2_000_000
"""The most that one lesson can be credited with, 23 days: a thousand lessons then still fit the enrollment's column."""
_PLACES = Decimal("0.01")


def percentage(done: int, total: int) -> Decimal:
    """Completed of live lessons in percent, rounded down to two places: 100 only when all are done; 0 of 0 is 0."""
    if total == 0:
        return Decimal(0)
    return (Decimal(done * 100) / total).quantize(_PLACES, ROUND_DOWN)


def credited_time(reported: int, credited: int, *, first_report: datetime, at: datetime, enrollment_room: int) -> int:
    """The cumulative seconds on a lesson that count after a report of `reported`; never less than `credited`.

    A lesson's time cannot exceed the wall clock since its first report plus a minute, and what it gains cannot exceed
    `enrollment_room`, the seconds that the whole enrollment may still gain (see `room_for_time`).
    """
    elapsed = int((at - first_report).total_seconds()) + TIME_GRACE_SECONDS
    gained = max(0, min(reported, elapsed) - credited)
    return credited + min(gained, max(0, enrollment_room))


def room_for_time(*, started: datetime, at: datetime, lessons_touched: int, spent: int) -> int:
    """Seconds that an enrollment may still gain: the wall clock since its start plus a minute per lesson touched."""
    return int((at - started).total_seconds()) + TIME_GRACE_SECONDS * lessons_touched - spent
