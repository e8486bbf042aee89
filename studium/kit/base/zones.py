"""Time zones: those of the IANA database by their names, and the ones that are offered to people."""

from datetime import UTC, tzinfo
from functools import lru_cache
from importlib.resources import files
from zoneinfo import ZoneInfo, available_timezones

DEFAULT = "UTC"
"""For everybody who has chosen none."""

NAME_MAX = 64
_NO_ZONES = {"Factory", "localtime"}
"""Files beside the database's own: a machine that was not set up, and whatever this one was set up to."""


@lru_cache(maxsize=1)
def _names() -> frozenset[str]:
    """Every name of the time zone database. Asking `ZoneInfo` for any text at all would look for files."""
    return frozenset(available_timezones() - _NO_ZONES)


def zone_of(name: str) -> tzinfo | None:
    """The time zone of an IANA name, or None."""
    if name == DEFAULT:
        return UTC
    return ZoneInfo(name) if name in _names() else None


def known_zone(name: object) -> str:
    """The name if it is that of a time zone, else that of UTC."""
    return name if isinstance(name, str) and zone_of(name) is not None else DEFAULT


def clock_of(name: str) -> tzinfo:
    """The time zone of a name, UTC for one that is unknown."""
    return zone_of(name) or UTC


@lru_cache(maxsize=1)
def offered_zones() -> tuple[tuple[str, tuple[str, ...]], ...]:
    """The zones to choose from, by region: one name for each clock that people live by, without its old spellings."""
    table = files("tzdata").joinpath("zoneinfo", "zone.tab").read_text(encoding="utf-8")
    rows = (line.split("\t") for line in table.splitlines() if line and not line.startswith("#"))
    regions: dict[str, list[str]] = {}
    for name in sorted(row[2] for row in rows):
        if name in _names():
            regions.setdefault(name.partition("/")[0], []).append(name)
    return tuple((region, tuple(names)) for region, names in regions.items())
