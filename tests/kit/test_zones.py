"""Time zones: those of the database by name, UTC for anything else, and those that people choose from."""

from datetime import UTC, datetime

import pytest

from studium.kit.base.languages import day_in, time_in
from studium.kit.base.zones import clock_of, known_zone, offered_zones, zone_of


@pytest.mark.parametrize(
    "name", ["", "Mars/Base", "../etc/passwd", "/etc/localtime", "localtime", "x" * 5_000, None, 7, []]
)
def test_what_is_no_zone_is_utc(name: object) -> None:
    assert known_zone(name) == "UTC"
    assert clock_of(known_zone(name)) is UTC


def test_a_day_and_a_time_are_those_of_the_zone() -> None:
    moment = datetime(2026, 12, 31, 20, 5, tzinfo=UTC)
    kiritimati = clock_of("Pacific/Kiritimati")
    assert (day_in("en", moment, kiritimati), time_in(moment, kiritimati)) == ("1 January 2027", "10:05")
    assert (day_in("en", moment), time_in(moment, UTC)) == ("31 December 2026", "20:05")


def test_every_zone_that_is_offered_is_one() -> None:
    names = [name for _, names in offered_zones() for name in names]
    assert all(zone_of(name) is not None for name in names)
    assert len(names) == len(set(names)) > 350
    assert {"Africa/Cairo", "Asia/Kolkata", "America/Argentina/Buenos_Aires", "Europe/Berlin"} <= set(names)
    assert "Asia/Calcutta" not in names
