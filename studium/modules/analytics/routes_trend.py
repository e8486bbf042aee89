"""The query parameters that every trend takes."""

from datetime import date, timedelta
from typing import Annotated

from fastapi import Query

from studium.kit.clock import now
from studium.kit.problems import FieldError, InvalidInput
from studium.modules.analytics.periods import DEFAULT_DAYS, MAX_DAYS, Bucket, Period


async def period_query(
    first: Annotated[date | None, Query(alias="from", description="The first day (UTC); 30 days by default.")] = None,
    last: Annotated[
        date | None, Query(alias="to", description="The last day (UTC), included; today by default.")
    ] = None,
    bucket: Bucket = Bucket.DAY,
) -> Period:
    """The period asked for; raises InvalidInput where it ends before it begins or is longer than five years."""
    end = last or now().date()
    begin = first or end - min(timedelta(days=DEFAULT_DAYS - 1), end - date.min)
    if begin > end:
        raise InvalidInput([FieldError("query", "/from", "after_to", "The period ends before it begins.")])
    if (end - begin).days > MAX_DAYS or end == date.max:
        raise InvalidInput([FieldError("query", "/from", "too_long", "A period is at most five years.")])
    return Period(begin, end, bucket)
