"""How often: hits are counted in the database, so that a stopped cache neither opens nor closes a gate."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, ScalarSelect, Select, bindparam, delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from studium.kit.clock import now
from studium.kit.ids import new_id
from studium.kit.jobs import periodic
from studium.kit.runtime import Runtime, runtime_of
from studium.kit.tokens import Keys
from studium.models import ThrottleHit

LONGEST = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `hits` within `within`, for each key of `scope`. Several limits may read one scope."""

    scope: str
    hits: int
    within: timedelta

    @property
    def since(self) -> str:
        """The name of the parameter that says how far back the limit looks."""
        return f"since_{int(self.within.total_seconds())}"


async def wait_for(session: AsyncSession, limit: Limit, *key: object) -> int:
    """Seconds until `key` has room again under `limit`; 0 where it has room now."""
    return await longest_wait(session, (limit,), *key)


async def longest_wait(session: AsyncSession, limits: Sequence[Limit], *key: object) -> int:
    """Seconds until `key` has room again under all of `limits`; 0 where it has room now. One statement."""
    values = {"key": digest(runtime_of(session).keys, *key), **beginnings(limits)}
    hits = (await session.execute(_closing_hits(tuple(limits)), values)).one()
    return max(seconds_left(limit, hit) for limit, hit in zip(limits, hits, strict=True))


@cache
def _closing_hits(limits: tuple[Limit, ...]) -> Select[*tuple[Any, ...]]:
    """Made once for all keys: making it takes longer than asking it."""
    return select(*(closing_hit(limit, "key") for limit in limits))


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
    if runtime_of(session).database.dialect == "postgresql":
        locks = (func.pg_advisory_xact_lock(func.hashtextextended(name, 0)) for name in names)
        await session.execute(select(*locks))


async def note(session: AsyncSession, scope: str, *key: object) -> None:
    """Count one hit against `key`."""
    session.add(ThrottleHit(id=new_id(), scope=scope, key=digest(runtime_of(session).keys, *key), occurred_at=now()))
    await session.flush()


async def forget(session: AsyncSession, scope: str, *key: object) -> None:
    """Drop the hits of `key`: the owner has shown who they are."""
    values = {"key": digest(runtime_of(session).keys, *key)}
    await session.execute(delete(ThrottleHit).where(*hits_of(scope, "key")), values)


def digest(keys: Keys, *key: object) -> str:
    """What stands for a key in the table, which tells nobody which addresses were tried."""
    return keys.mac("throttle", "\x1f".join(map(str, key)))


@periodic(seconds=3600)
async def sweep_throttle(runtime: Runtime) -> None:
    """Delete hits that no limit looks at any more."""
    async with runtime.database.writing() as session:
        await session.execute(delete(ThrottleHit).where(ThrottleHit.occurred_at < now() - LONGEST))
