"""Trends: their parameters, their bounds, and the days of time zones."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

import pytest

from studium.kit.base.clock import now
from studium.kit.base.ids import new_id
from studium.kit.base.zones import zone_of
from studium.models import Enrollment
from studium.modules.analytics.periods import Bucket, Period, slot_of
from tests.world import World, add_students

BERLIN = ZoneInfo("Europe/Berlin")


async def trend(world: World, query: str) -> list[tuple[str, int]]:
    answer = await world.call("ada", "GET", f"/analytics/courses/{{C1}}?{query}")
    assert answer.status_code == 200, answer.text
    return [(point["starts_on"], point["enrollments"]) for point in answer.json()["trend"]]


async def enroll(world: World, *moments: datetime) -> None:
    names = [f"p{number}" for number in range(len(moments))]
    await add_students(world, *names)
    at = zip(names, moments, strict=True)
    course = world.ids["C1"]
    await world.add(
        *(Enrollment(id=new_id(), student_id=world.ids[name], course_id=course, enrolled_at=when) for name, when in at)
    )


async def test_days_are_those_of_the_time_zone(world: World) -> None:
    """On the Sunday when clocks go forward in Berlin the day has 23 hours, in autumn 25."""
    spring, autumn = datetime(2026, 3, 29, tzinfo=BERLIN), datetime(2026, 10, 25, tzinfo=BERLIN)
    a_bit = timedelta(microseconds=1)
    edges = [(spring, 23), (autumn, 25)]
    moments = [
        moment
        for begin, hours in edges
        for end in [begin.astimezone(UTC) + timedelta(hours=hours)]
        for moment in (begin.astimezone(UTC) - a_bit, begin.astimezone(UTC), end - a_bit, end)
    ]
    await enroll(world, *moments)
    wanted = "from={0}&to={1}&timezone=Europe/Berlin"
    spring_days = await trend(world, wanted.format("2026-03-28", "2026-03-30"))
    assert spring_days == [("2026-03-28", 1), ("2026-03-29", 2), ("2026-03-30", 1)]
    autumn_days = await trend(world, wanted.format("2026-10-24", "2026-10-26"))
    assert autumn_days == [("2026-10-24", 1), ("2026-10-25", 2), ("2026-10-26", 1)]
    assert await trend(world, "from=2026-03-29&to=2026-03-29") == [("2026-03-29", 2)]


async def test_offsets_of_quarters_of_an_hour(world: World) -> None:
    """In Kathmandu a day begins at 18:15 UTC."""
    await enroll(world, datetime(2026, 5, 1, 18, 14, 59, 999_999, UTC), datetime(2026, 5, 1, 18, 15, tzinfo=UTC))
    days = await trend(world, "from=2026-05-01&to=2026-05-02&timezone=Asia/Kathmandu")
    assert days == [("2026-05-01", 1), ("2026-05-02", 1)]


async def test_weeks_and_months_count_only_the_period_and_leave_no_gap(world: World) -> None:
    await enroll(world, *(datetime(2026, 2, day, 12, tzinfo=UTC) for day in (2, 4, 28)))
    assert await trend(world, "from=2026-02-04&to=2026-02-28&bucket=week") == [
        ("2026-02-02", 1),
        ("2026-02-09", 0),
        ("2026-02-16", 0),
        ("2026-02-23", 1),
    ]
    assert await trend(world, "from=2025-12-31&to=2026-02-03&bucket=month") == [
        ("2025-12-01", 0),
        ("2026-01-01", 0),
        ("2026-02-01", 1),
    ]


async def test_the_default_is_thirty_days_until_today(world: World) -> None:
    days = await trend(world, "")
    assert (len(days), days[-1]) == (30, (str(now().date()), days[-1][1]))
    assert sum(count for _, count in days) == 1


REFUSED: dict[str, Any] = {
    "from=2026-02-02&to=2026-02-01": "after_to",
    "from=2024-01-01&to=2026-01-01": "too_many_buckets",
    "from=1980-01-01&to=2199-01-01&bucket=month": "too_many_buckets",
    "from=1900-01-01&to=1901-01-01": "out_of_range",
    "from=9999-12-31&to=9999-12-31": "out_of_range",
    "to=0001-01-01": "out_of_range",
    "bucket=year": "literal_error",
    "from=soon": "value_error",
    "from=1767225600": "value_error",
    "to=2026-01-01T00:00:00Z": "value_error",
    "from=2026-02-30": "date_from_datetime_parsing",
    "timezone=localtime": "unknown_timezone",
    "timezone=Factory": "unknown_timezone",
    "timezone=Mars/Olympus": "unknown_timezone",
    "timezone=../../etc/passwd": "unknown_timezone",
    "timezone=posix/Europe/Berlin": "unknown_timezone",
    "timezone=America": "unknown_timezone",
    "timezone=": "unknown_timezone",
    "timezone=%00": "unknown_timezone",
    "timezone=" + "x" * 65: "string_too_long",
    "x=1": "unknown_parameter",
    "table=users%3B": "literal_error",
}


@pytest.mark.parametrize("path", ["courses/{C1}", "instructors/{ada}/overview", "system/overview"])
async def test_a_wrong_period_is_422(world: World, path: str) -> None:
    answers = {query: await world.call("root", "GET", f"/analytics/{path}?{query}") for query in REFUSED}
    assert {query: answer.status_code for query, answer in answers.items()} == dict.fromkeys(REFUSED, 422)


async def test_what_is_wrong_is_said(world: World) -> None:
    for query in list(REFUSED)[:6]:
        answer = await world.call("root", "GET", f"/analytics/system/overview?{query}")
        assert [error["code"] for error in answer.json()["errors"]] == [REFUSED[query]]


@pytest.mark.parametrize("bucket", Bucket)
def test_buckets_are_counted_without_being_made(bucket: Bucket) -> None:
    for days in range(0, 400, 7):
        period = Period(date(2025, 11, 5), date(2025, 11, 5) + timedelta(days=days), bucket)
        assert period.count() == len(period.starts()) == len(period.edges()) - 1


def test_edges_are_the_beginnings_of_days_in_every_zone() -> None:
    """Also where clocks skip midnight, or a whole day: then the day is empty."""
    apia = Period(date(2011, 12, 29), date(2011, 12, 31), Bucket.DAY, ZoneInfo("Pacific/Apia"))
    first, skipped, new_year, end = apia.edges()
    assert (skipped - first, new_year - skipped, end - new_year) == (96, 0, 96)
    beirut = Period(date(2026, 3, 28), date(2026, 3, 29), Bucket.DAY, ZoneInfo("Asia/Beirut"))
    first, clocks_change, end = beirut.edges()
    assert (clocks_change - first, end - clocks_change) == (96, 92)


def test_every_zone_keeps_to_quarters_of_an_hour() -> None:
    for name in available_timezones() - {"Factory", "localtime"}:
        zone = zone_of(name)
        assert zone is not None
        for year in range(1980, 2040):
            for month in (1, 7):
                offset = datetime(year, month, 1, tzinfo=zone).utcoffset()
                assert offset is not None
                assert offset % timedelta(minutes=15) == timedelta(), (name, year)


def test_slots_before_1970_count_backwards() -> None:
    assert slot_of(datetime(1969, 12, 31, 23, 59, tzinfo=UTC)) == -1
