"""How often: hits are counted in the database, so that a stopped cache neither opens nor closes a gate."""

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from studium.kit.clock import now
from studium.kit.ids import new_id
from studium.kit.jobs import periodic
from studium.kit.runtime import Runtime, runtime_of
from studium.models import ThrottleHit

LONGEST = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `hits` within `within`, for each key of `scope`. Several limits may read one scope."""

    scope: str
    hits: int
    within: timedelta


async def wait_for(session: AsyncSession, limit: Limit, *key: object) -> int:
    """Seconds until `key` has room again under `limit`; 0 where it has room now."""
    since = now() - limit.within
    newest = (
        select(ThrottleHit.occurred_at)
        .where(
            ThrottleHit.scope == limit.scope, ThrottleHit.key == _digest(session, key), ThrottleHit.occurred_at > since
        )
        .order_by(ThrottleHit.occurred_at.desc())
        .limit(limit.hits)
        .subquery()
    )
    count, oldest = (await session.execute(select(func.count(), func.min(newest.c.occurred_at)))).one()
    return 0 if count < limit.hits else max(1, int((oldest - since).total_seconds()) + 1)


async def note(session: AsyncSession, scope: str, *key: object) -> None:
    """Count one hit against `key`."""
    session.add(ThrottleHit(id=new_id(), scope=scope, key=_digest(session, key), occurred_at=now()))
    await session.flush()


async def forget(session: AsyncSession, scope: str, *key: object) -> None:
    """Drop the hits of `key`: the owner has shown who they are."""
    await session.execute(
        delete(ThrottleHit).where(ThrottleHit.scope == scope, ThrottleHit.key == _digest(session, key))
    )


def _digest(session: AsyncSession, key: tuple[object, ...]) -> str:
    """A keyed digest: the table tells nobody which addresses were tried."""
    return runtime_of(session).keys.mac("throttle", "\x1f".join(map(str, key)))


@periodic(seconds=3600)
async def sweep_throttle(runtime: Runtime) -> None:
    """Delete hits that no limit looks at any more."""
    async with runtime.database.writing() as session:
        await session.execute(delete(ThrottleHit).where(ThrottleHit.occurred_at < now() - LONGEST))
