"""Periods and their buckets: pure arithmetic with days in UTC."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum

MAX_DAYS = 5 * 366
DEFAULT_DAYS = 30
_DECEMBER = 12


class Bucket(StrEnum):
    """How wide a point of a trend is; weeks begin on Monday."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"


@dataclass(frozen=True, slots=True)
class Period:
    """The days `first`..`last`, both included, in buckets."""

    first: date
    last: date
    bucket: Bucket

    @property
    def begin(self) -> datetime:
        """The first instant."""
        return datetime.combine(self.first, time(), UTC)

    @property
    def end(self) -> datetime:
        """The first instant after the period."""
        return datetime.combine(self.last + timedelta(days=1), time(), UTC)

    def starts(self) -> list[date]:
        """The first day of each bucket, in order; the first bucket may begin before the period."""
        starts = []
        day = start_of(self.first, self.bucket)
        while day <= self.last:
            starts.append(day)
            day = next_start(day, self.bucket)
        return starts

    def folded(self, by_day: Mapping[date, int]) -> dict[date, int]:
        """Counts of days added up by bucket; a bucket without any is 0."""
        counts = dict.fromkeys(self.starts(), 0)
        for day, count in by_day.items():
            counts[start_of(day, self.bucket)] += count
        return counts


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
