"""The query parameters that every trend takes."""

from datetime import UTC, date, timedelta, tzinfo
from functools import lru_cache
from typing import Annotated, NoReturn
from zoneinfo import ZoneInfo, available_timezones

from fastapi import Depends, Query

from studium.kit.clock import now
from studium.kit.problems import FieldError, InvalidInput
from studium.modules.analytics.periods import DEFAULT_DAYS, FIRST_DAY, LAST_DAY, MAX_BUCKETS, Bucket, Period

_ZONE_MAX = 64
_RANGE = f"Days lie between {FIRST_DAY} and {LAST_DAY}."


async def period_query(
    first: Annotated[
        date | None, Query(alias="from", description="The first day; 30 days until `to` by default.")
    ] = None,
    last: Annotated[date | None, Query(alias="to", description="The last day, included; today by default.")] = None,
    bucket: Annotated[Bucket, Query(description="How wide a point is; weeks begin on Monday.")] = Bucket.DAY,
    timezone: Annotated[
        str, Query(max_length=_ZONE_MAX, description="Whose days: an IANA name such as `Asia/Kolkata`.")
    ] = "UTC",
) -> Period:
    """The period asked for; raises InvalidInput where it is empty, too long, or its time zone is unknown."""
    zone = zone_of(timezone)
    if zone is None:
        _refuse("timezone", "unknown_timezone", "This is no time zone's IANA name.")
    end = last or now().astimezone(zone).date()
    if not FIRST_DAY <= end <= LAST_DAY:
        _refuse("to", "out_of_range", _RANGE)
    begin = first or max(end - timedelta(days=DEFAULT_DAYS - 1), FIRST_DAY)
    if begin < FIRST_DAY:
        _refuse("from", "out_of_range", _RANGE)
    if begin > end:
        _refuse("from", "after_to", "The period ends before it begins.")
    period = Period(begin, end, bucket, zone)
    if period.count() > MAX_BUCKETS:
        _refuse("bucket", "too_many_buckets", f"A trend has at most {MAX_BUCKETS} points: take a wider bucket.")
    return period


def _refuse(name: str, code: str, detail: str) -> NoReturn:
    raise InvalidInput([FieldError("query", f"/{name}", code, detail)])


@lru_cache(maxsize=1)
def _zones() -> frozenset[str]:
    """Every name of the time zone database. Asking `ZoneInfo` for any text at all would look for files."""
    return frozenset(available_timezones())


def zone_of(name: str) -> tzinfo | None:
    """The time zone of an IANA name, or None."""
    if name == "UTC":
        return UTC
    return ZoneInfo(name) if name in _zones() else None


PeriodDep = Annotated[Period, Depends(period_query)]
