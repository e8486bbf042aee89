"""Periods and their buckets: pure arithmetic with the days of a time zone."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from enum import StrEnum

from studium.models import SLOT_SECONDS

MAX_BUCKETS = 400
DEFAULT_DAYS = 30
FIRST_DAY = date(1980, 1, 1)
"""Since then the offset of every time zone has been a whole number of slots."""

LAST_DAY = date(2199, 12, 31)
_DECEMBER = 12


class Bucket(StrEnum):
    """How wide a point of a trend is; weeks begin on Monday."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"


@dataclass(frozen=True, slots=True)
class Period:
    """The days `first`..`last` of a time zone, both included, in buckets."""

    first: date
    last: date
    bucket: Bucket
    zone: tzinfo = UTC

    def count(self) -> int:
        """How many buckets there are, without making them."""
        if self.bucket is Bucket.MONTH:
            return (self.last.year - self.first.year) * 12 + self.last.month - self.first.month + 1
        days = (self.last - start_of(self.first, self.bucket)).days
        return days // (7 if self.bucket is Bucket.WEEK else 1) + 1

    def starts(self) -> list[date]:
        """The first day of each bucket, in order; the first bucket may begin before the period."""
        starts = []
        day = start_of(self.first, self.bucket)
        while day <= self.last:
            starts.append(day)
            day = next_start(day, self.bucket)
        return starts

    def edges(self) -> list[int]:
        """The slots in which the counted part of each bucket begins, and the first slot after the period."""
        days = [max(start, self.first) for start in self.starts()]
        return [slot_of(midnight(day, self.zone)) for day in (*days, self.last + timedelta(days=1))]


def midnight(day: date, zone: tzinfo) -> datetime:
    """The instant at which a day begins there.

    Where clocks skip midnight it is the moment of the change; where midnight comes twice, the first.
    """
    return datetime.combine(day, time(), zone).astimezone(UTC)


def slot_of(at: datetime) -> int:
    """The slot that an instant lies in: quarters of an hour since 1970."""
    return int(at.timestamp() // SLOT_SECONDS)


def start_of(day: date, bucket: Bucket) -> date:
    """The first day of the bucket that a day lies in."""
    if bucket is Bucket.WEEK:
        return day - timedelta(days=day.weekday())
    return day.replace(day=1) if bucket is Bucket.MONTH else day


def next_start(day: date, bucket: Bucket) -> date:
    """The first day of the bucket after the one that begins on `day`."""
    if bucket is Bucket.MONTH:
        return day.replace(year=day.year + 1, month=1) if day.month == _DECEMBER else day.replace(month=day.month + 1)
    return day + timedelta(days=7 if bucket is Bucket.WEEK else 1)
