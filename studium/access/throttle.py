"""Rate limits: hits are counted in the database, so that a stopped cache changes no limit."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, ScalarSelect, Select, bindparam, delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from studium.kit.base.clock import now
from studium.kit.base.ids import new_id
from studium.kit.base.problems import TooManyRequests
from studium.kit.base.sources import site_of
from studium.kit.db.prepared import PreparedStatement, QueryExecutor
from studium.kit.http.rate_limits import LimitStanding, tell_limit, told_of
from studium.kit.jobs.registry import periodic
from studium.kit.runtime import Runtime, get_runtime
from studium.kit.security.tokens import Keys
from studium.models import ThrottleHit

LONGEST = timedelta(days=1)
WIDER = 5
"""How many times as much the /48 around an IPv6 source may do in all."""

_WAIT = "Wait a little, then try again."
_UNNAMED = re.compile(r"[^a-z]+")


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `hits` within `within`, for each key of `scope`. Several limits may read one scope."""

    scope: str
    hits: int
    within: timedelta

    @property
    def of_site(self) -> "Limit":
        """The wider limit, of the /48 around a source."""
        return Limit(f"{self.scope}:site", self.hits * WIDER, self.within)

    @property
    def since(self) -> str:
        """The name of the parameter that says how far back the limit looks."""
        return f"since_{self.seconds}"

    @property
    def seconds(self) -> int:
        """The window in seconds."""
        return int(self.within.total_seconds())

    @property
    def name(self) -> str:
        """The policy's name in `RateLimit-Policy`."""
        return f"{_UNNAMED.sub('-', self.scope)}-{self.seconds}"


async def require_room(session: AsyncSession, limits: Sequence[Limit], *key: object, otherwise: str = _WAIT) -> None:
    """Raise TooManyRequests unless `key` has room under all of `limits`; the answer says how much. One statement."""
    values = {"key": digest(get_runtime(session).keys, *key), **beginnings(limits)}
    found = (await session.execute(_standings(tuple(limits)), values)).one()
    pairs = zip(limits, found[::2], found[1::2], strict=True)
    seconds = max([tell(limit, used, closing) for limit, used, closing in pairs])
    if seconds:
        raise TooManyRequests(seconds, otherwise)


async def require_room_at(session: AsyncSession, limit: Limit, source: str) -> None:
    """Raise TooManyRequests unless a source has room, and the site around it has too."""
    for each, key in _places(limit, source):
        await require_room(session, (each,), key)


async def require_room_to_read(reads: QueryExecutor, keys: Keys, limit: Limit, source: str) -> None:
    """The same for a hot read, in one statement."""
    places = _places(limit, source)
    kept = _standings_of(tuple(each for each, _ in places))
    asked = {f"key_{i}": digest(keys, key) for i, (_, key) in enumerate(places)}
    found = await reads.one(kept, **asked, **beginnings(each for each, _ in places))
    assert found is not None  # noqa: S101 -- counts have one row.
    seconds = max([tell(each, found[f"used_{i}"], found[f"closing_{i}"]) for i, (each, _) in enumerate(places)])
    if seconds:
        raise TooManyRequests(seconds, _WAIT)


@cache
def _standings_of(limits: tuple[Limit, ...]) -> PreparedStatement:
    columns: list[ColumnElement[Any]] = []
    for i, limit in enumerate(limits):
        columns += [
            used_hits(limit, f"key_{i}").label(f"used_{i}"),
            closing_hit(limit, f"key_{i}").label(f"closing_{i}"),
        ]
    return PreparedStatement(select(*columns))


async def wait_at(session: AsyncSession, limit: Limit, source: str) -> int:
    """Seconds until a source has room again, and the site around it; 0 where they have. The answer says nothing."""
    return max([await longest_wait(session, (each,), key) for each, key in _places(limit, source)])


async def note_at(session: AsyncSession, limit: Limit, source: str) -> None:
    """Count one hit against a source, and against the site around it."""
    for each, key in _places(limit, source):
        await note(session, each.scope, key)


def _places(limit: Limit, source: str) -> list[tuple[Limit, str]]:
    site = site_of(source)
    return [(limit, source)] if site is None else [(limit, source), (limit.of_site, site)]


def tell(limit: Limit, used: int, closing: datetime | None) -> int:
    """Set the rate-limit headers of the response; return the seconds until it has room, 0 where it has."""
    seconds = seconds_left(limit, closing)
    left = 0 if seconds else max(0, limit.hits - used)
    tell_limit(limit.name, LimitStanding(limit.scope, limit.hits, limit.seconds, left, seconds))
    return seconds


async def longest_wait(session: AsyncSession, limits: Sequence[Limit], *key: object) -> int:
    """Seconds until `key` has room again under all of `limits`; 0 where it has room now. One statement."""
    values = {"key": digest(get_runtime(session).keys, *key), **beginnings(limits)}
    hits = (await session.execute(_closing_hits(tuple(limits)), values)).one()
    return max(seconds_left(limit, hit) for limit, hit in zip(limits, hits, strict=True))


@cache
def _closing_hits(limits: tuple[Limit, ...]) -> Select[*tuple[Any, ...]]:
    """The statement is built once for all keys: building it takes longer than running it."""
    return select(*(closing_hit(limit, "key") for limit in limits))


@cache
def _standings(limits: tuple[Limit, ...]) -> Select[*tuple[Any, ...]]:
    return select(*(column for limit in limits for column in (used_hits(limit, "key"), closing_hit(limit, "key"))))


def used_hits(limit: Limit, key: str) -> ScalarSelect[int]:
    """How many hits count against a limit now; parameters as for `closing_hit`."""
    counted = ThrottleHit.occurred_at > bindparam(limit.since)
    return select(func.count()).where(*hits_of(limit.scope, key), counted).scalar_subquery()


def closing_hit(limit: Limit, key: str) -> ScalarSelect[datetime]:
    """When the hit occurred that closes `limit`: the last one it allows. NULL where there is room.

    `key` names the parameter that holds a `digest`; `beginnings` has the other one.
    """
    return (
        select(ThrottleHit.occurred_at)
        .where(*hits_of(limit.scope, key), ThrottleHit.occurred_at > bindparam(limit.since))
        .order_by(ThrottleHit.occurred_at.desc())
        .offset(limit.hits - 1)
        .limit(1)
        .scalar_subquery()
    )


def hits_of(scope: str, key: str) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    """The condition for the hits in a scope of the key whose digest is the parameter `key`."""
    return ThrottleHit.scope == scope, ThrottleHit.key == bindparam(key)


def beginnings(limits: Iterable[Limit]) -> dict[str, datetime]:
    """The moments since which `limits` count, as the parameters of `closing_hit`."""
    at = now()
    return {limit.since: at - limit.within for limit in limits}


def seconds_left(limit: Limit, closing: datetime | None) -> int:
    """Whole seconds until the hit that closes a limit is too old to do so; 0 without one."""
    return 0 if closing is None else max(1, int((closing + limit.within - now()).total_seconds()) + 1)


async def take_turns(session: AsyncSession, *names: str) -> None:
    """Let nobody else count for these names before this transaction ends. SQLite's writers take turns anyway.

    Where several are held at once, everybody must name them in the same order.
    """
    if get_runtime(session).database.dialect == "postgresql":
        locks = (func.pg_advisory_xact_lock(func.hashtextextended(name, 0)) for name in names)
        await session.execute(select(*locks))


async def note(session: AsyncSession, scope: str, *key: object) -> None:
    """Count one hit against `key`."""
    session.add(ThrottleHit(id=new_id(), scope=scope, key=digest(get_runtime(session).keys, *key), occurred_at=now()))
    await session.flush()
    for standing in told_of(scope):
        standing.remaining = max(0, standing.remaining - 1)


async def forget(session: AsyncSession, scope: str, *key: object) -> None:
    """Drop the hits of `key`: the owner has shown who they are."""
    values = {"key": digest(get_runtime(session).keys, *key)}
    await session.execute(delete(ThrottleHit).where(*hits_of(scope, "key")), values)
    for standing in told_of(scope):
        standing.remaining, standing.reset = standing.quota, 0


def digest(keys: Keys, *key: object) -> str:
    """The keyed hash of a key, as it is stored: the table does not reveal which addresses were tried."""
    return keys.mac("throttle", "\x1f".join(map(str, key)))


@periodic("access.sweep_throttle", seconds=3600)
async def sweep_throttle(runtime: Runtime) -> None:
    """Delete hits that no limit looks at any more."""
    async with runtime.database.write_session() as session:
        await session.execute(delete(ThrottleHit).where(ThrottleHit.occurred_at < now() - LONGEST))
