"""The query parameters that every trend takes."""

import re
from datetime import date, timedelta
from typing import Annotated, NoReturn

from fastapi import Depends, Query
from pydantic import BeforeValidator

from studium.kit.base.clock import now
from studium.kit.base.problems import FieldError, InvalidInput
from studium.kit.base.zones import NAME_MAX, zone_of
from studium.modules.analytics.periods import DEFAULT_DAYS, FIRST_DAY, LAST_DAY, MAX_BUCKETS, Bucket, Period

_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_RANGE = f"Days lie between {FIRST_DAY} and {LAST_DAY}."


def _only_days(value: object) -> object:
    """Refuse what pydantic would take for a day as well: seconds since 1970, and a midnight."""
    if isinstance(value, str) and not _DAY.fullmatch(value):
        message = "must be a day, as in 2026-01-31"
        raise ValueError(message)
    return value


Day = Annotated[date, BeforeValidator(_only_days)]


async def period_query(
    first: Annotated[
        Day | None, Query(alias="from", description="The first day; 30 days until `to` by default.")
    ] = None,
    last: Annotated[Day | None, Query(alias="to", description="The last day, included; today by default.")] = None,
    bucket: Annotated[Bucket, Query(description="How wide a point is; weeks begin on Monday.")] = Bucket.DAY,
    timezone: Annotated[
        str, Query(max_length=NAME_MAX, description="Whose days: an IANA name such as `Asia/Kolkata`.")
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


PeriodDep = Annotated[Period, Depends(period_query)]
