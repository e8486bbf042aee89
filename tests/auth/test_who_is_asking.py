"""Who is asking is read anew for each request; PostgreSQL is asked once for all who come in the same moment."""

import asyncio
from uuid import UUID

import pytest
from sqlalchemy import update

from studium.access.actor import find_actor
from studium.kit.base.clock import now
from studium.kit.base.ids import new_id
from studium.models import Role, UserSession
from tests.databases import counting
from tests.world import World, add_students

CLASS = [f"pupil{number}" for number in range(20)]
ME = "/users/me"


async def sessions_of(world: World) -> dict[str, UUID]:
    claims = {name: world.runtime.keys.verify("access", world.tokens[name]) for name in (*CLASS, "ada", "root")}
    return {name: UUID(str(each["sid"])) for name, each in claims.items()}


async def test_everybody_is_who_they_are_and_who_was_logged_out_is_nobody(world: World) -> None:
    await add_students(world, *CLASS)
    sessions = await sessions_of(world)
    async with world.runtime.database.write_session() as session:
        ended = update(UserSession).where(UserSession.id == sessions["pupil3"])
        await session.execute(ended.values(revoked_at=now()))
    asked = [*CLASS, "ada", "root", *CLASS]
    answers = await asyncio.gather(*(world.call(name, "GET", ME) for name in asked))
    for name, answer in zip(asked, answers, strict=True):
        if name == "pupil3":
            assert answer.status_code == 401
        else:
            assert answer.json()["id"] == str(world.ids[name])


async def test_those_who_ask_at_once_share_one_statement(world: World) -> None:
    await add_students(world, *CLASS)
    sessions, reads = await sessions_of(world), world.runtime.database.reads
    with counting(world.runtime.database) as statements:
        found = await asyncio.gather(*(find_actor(reads, world.ids[name], sessions[name]) for name in CLASS))
    assert [actor.id for actor in found if actor] == [world.ids[name] for name in CLASS]
    assert len(statements) == (1 if reads.dialect == "postgresql" else len(CLASS))


async def test_a_session_is_only_its_own_users(world: World) -> None:
    await add_students(world, *CLASS)
    sessions, reads = await sessions_of(world), world.runtime.database.reads
    pairs = [("pupil0", "root"), ("ada", "ada"), ("root", "pupil0")]
    asked = [find_actor(reads, world.ids[user], sessions[session]) for user, session in pairs]
    first, second, third, unknown = await asyncio.gather(*asked, find_actor(reads, world.ids["ada"], new_id()))
    assert second is not None
    assert second.role is Role.INSTRUCTOR
    assert (first, third, unknown) == (None, None, None)


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_who_goes_away_takes_nothing_from_the_others(world: World) -> None:
    await add_students(world, *CLASS)
    sessions, reads = await sessions_of(world), world.runtime.database.reads
    gone, stays = (asyncio.create_task(find_actor(reads, world.ids[n], sessions[n])) for n in CLASS[:2])
    await asyncio.sleep(0)
    gone.cancel()
    found = await stays
    assert found is not None
    assert found.id == world.ids[CLASS[1]]
