"""Hot reads give what sessions give, on both databases, and survive connections that die."""

import asyncio
import sqlite3

import pytest
from sqlalchemy import Uuid, bindparam, insert, literal, select, text, update

from studium.kit.base.problems import DependencyDown
from studium.kit.db.database import Database
from studium.kit.db.errors import Constraint, IntegrityViolation
from studium.kit.db.prepared import PreparedStatement
from studium.models import Course, Enrollment, EnrollmentStatus, Role, User
from tests.servers import free_port
from tests.world import World

_COLUMNS = [column for table in (User, Course, Enrollment) for column in table.__table__.c]


async def test_every_type_is_what_a_session_gives(world: World) -> None:
    everything = (
        select(*(column.label(f"{column.table.name}_{column.name}") for column in _COLUMNS))
        .select_from(Enrollment)
        .join(User, User.id == Enrollment.student_id)
        .join(Course, Course.id == Enrollment.course_id)
        .where(
            Enrollment.id == bindparam("wanted", type_=Uuid()),
            User.role.in_([Role.STUDENT, Role.ADMIN]),
            Enrollment.enrolled_at < bindparam("moment", type_=Enrollment.enrolled_at.type),
        )
    )
    database = world.runtime.database
    for name in ("E1", "E3"):
        values = {"wanted": world.ids[name], "moment": (await world.row(Enrollment, name)).last_accessed_at}
        values["moment"] = values["moment"] or (await world.row(Course, "C1")).created_at.replace(year=2100)
        async with database.read_session() as session:
            expected = (await session.execute(everything, values)).mappings().one_or_none()
        found = await database.reads.one(PreparedStatement(everything), **values)
        assert (found is None) == (expected is None)
        if found is not None and expected is not None:
            assert {key: found[key] for key in expected} == dict(expected)


async def test_a_value_of_the_statement_itself_is_bound_too(world: World) -> None:
    statement = select(Course.id).where(Course.slug == literal("none"), Course.id.in_([world.ids["C1"]]))
    assert await world.runtime.database.reads.all(PreparedStatement(statement)) == []


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_connections_that_died_are_replaced(world: World) -> None:
    database = world.runtime.database
    count = PreparedStatement(select(User.id))
    assert await database.reads.all(count)
    others = "FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    async with database.read_session() as session:
        await session.execute(text(f"SELECT pg_terminate_backend(pid) {others}"))
    assert await database.reads.all(count)


async def test_a_database_that_is_not_there_is_503() -> None:
    reads = Database(f"postgresql://postgres@127.0.0.1:{free_port()}/none").reads
    with pytest.raises(DependencyDown):
        await reads.all(PreparedStatement(select(User.id)))
    await reads.close()


_RENAME = PreparedStatement(
    update(Course)
    .where(Course.slug == bindparam("p_slug"))
    .values(title="Renamed", updated_at=Course.updated_at)
    .returning(Course.title)
)


async def rename_and_fail(database: Database, slug: str) -> None:
    async with database.transaction() as tx:
        assert await tx.first(_RENAME, p_slug=slug) is not None
        raise KeyError


async def run_alone(database: Database, step: PreparedStatement, **values: object) -> None:
    async with database.transaction() as tx:
        await tx.first(step, **values)


async def title_of(world: World) -> str:
    return (await world.row(Course, "C1")).title


async def test_steps_are_one_transaction(world: World) -> None:
    database, slug = world.runtime.database, (await world.row(Course, "C1")).slug
    with pytest.raises(KeyError):
        await rename_and_fail(database, slug)
    assert await title_of(world) != "Renamed"
    async with database.transaction() as tx:
        found = await tx.first(_RENAME, p_slug=slug)
        assert found is not None
        assert found["title"] == "Renamed"
        assert await tx.first(_RENAME, p_slug="no such slug") is None
    assert await title_of(world) == "Renamed"


async def test_a_taken_value_ends_the_transaction(world: World) -> None:
    enrollment = await world.row(Enrollment, "E1")
    again = PreparedStatement(
        insert(Enrollment)
        .values(
            id=bindparam("p_id", type_=Uuid()),
            student_id=enrollment.student_id,
            course_id=enrollment.course_id,
            enrolled_at=enrollment.enrolled_at,
            status=EnrollmentStatus.ACTIVE,
            progress_percentage=0,
            completed_lessons_count=0,
            total_lessons_count=0,
            total_time_spent_seconds=0,
            version=1,
        )
        .returning(Enrollment.id)
    )
    before = await world.count(Enrollment)
    with pytest.raises(IntegrityViolation) as raised:
        await run_alone(world.runtime.database, again, p_id=world.ids["C1"])
    assert raised.value.kind is Constraint.UNIQUE
    assert await world.count(Enrollment) == before
    async with world.runtime.database.transaction() as tx:
        assert await tx.first(_RENAME, p_slug="no such slug") is None


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_a_cancelled_wait_for_the_lock_leaves_the_connection_usable(world: World, database_url: str) -> None:
    database, slug = world.runtime.database, (await world.row(Course, "C1")).slug
    other = sqlite3.connect(database_url.removeprefix("sqlite:///"), isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    waiting = asyncio.create_task(run_alone(database, _RENAME, p_slug=slug))
    await asyncio.sleep(0.05)
    waiting.cancel()
    asyncio.get_running_loop().call_later(0.05, other.execute, "COMMIT")
    with pytest.raises(asyncio.CancelledError):
        await waiting
    other.close()
    assert await title_of(world) != "Renamed"
    await run_alone(database, _RENAME, p_slug=slug)
    assert await title_of(world) == "Renamed"
