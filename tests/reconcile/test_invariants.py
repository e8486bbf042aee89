"""Every breach of every invariant is found and named with its ids, on both databases."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from time import time

import pytest
from sqlalchemy import delete, text
from sqlalchemy.ext.asyncio import AsyncSession

from studium.entrypoints.operations.reconcile import all_invariants
from studium.events import EnrollmentCompleted
from studium.kit.base.clock import shifted
from studium.kit.db.invariants import find_breaches
from studium.kit.jobs.events import publish
from studium.models import Certificate
from studium.modules.files.actions_reconcile import find_unswept
from tests.cli.test_commands import execute, run
from tests.reconcile.plants import CASES, free, soil
from tests.world import World, open_world


@asynccontextmanager
async def undone(world: World) -> AsyncIterator[AsyncSession]:
    """A transaction of which nothing is kept."""
    async with world.runtime.database.write_session() as session:
        yield session
        await session.rollback()


@asynccontextmanager
async def without_guards(world: World) -> AsyncIterator[AsyncSession]:
    """A transaction in which everything can be written, and of which nothing is kept."""
    is_sqlite = world.runtime.database.dialect == "sqlite"
    async with AsyncSession(world.runtime.database.engine) as session:
        session.info["runtime"] = world.runtime
        if is_sqlite:
            await session.execute(text("ROLLBACK"))
            await session.execute(text("PRAGMA foreign_keys=OFF"))
            await session.execute(text("BEGIN IMMEDIATE"))
        await free(session)
        yield session
        await session.rollback()


async def plant_soil(world: World) -> None:
    for rows in soil(world.ids):
        await world.add(*rows)


async def breaches(world: World, session: AsyncSession) -> list[tuple[int, str]]:
    found = await find_breaches(session, all_invariants(world.runtime))
    return [(breach.number, breach.sentence) for breach in found]


async def test_the_school_of_the_tests_breaks_none(world: World) -> None:
    await plant_soil(world)
    async with world.runtime.database.snapshot() as session:
        assert await breaches(world, session) == []


async def test_every_breach_is_found_and_named(world: World) -> None:
    await plant_soil(world)
    async with without_guards(world) as session:
        for case in CASES:
            async with session.begin_nested() as planted:
                await case.plant(session, world.ids)
                found = await breaches(world, session)
                await planted.rollback()
            expected = case.sentence.format(**world.ids)
            assert [number for number, sentence in found if expected in sentence] == [case.number], (expected, found)


def test_every_invariant_has_a_breach_of_its_own() -> None:
    assert {case.number for case in CASES} == {1, 2, 3, 4, 5, 6, 7, 8, 9, 14}


async def test_a_waiting_job_stands_for_the_certificate(world: World) -> None:
    async with undone(world) as session:
        await session.execute(delete(Certificate).where(Certificate.id == world.ids["X3"]))
        assert [number for number, _ in await breaches(world, session)] == [3]
        await publish(session, EnrollmentCompleted(enrollment_id=world.ids["E3"]))
        await session.flush()
        assert await breaches(world, session) == []


async def test_blobs_that_nobody_sweeps_are_named(world: World) -> None:
    await world.runtime.storage.put("uploads/ab/abc.pdf", b"x")
    assert await find_unswept(world.runtime) == []
    with shifted(timedelta(hours=4)):
        assert [str(breach) for breach in await find_unswept(world.runtime)] == [
            "invariant 7: blob uploads/ab/abc.pdf belongs to no file and was not swept for hours"
        ]


async def test_the_command_names_what_is_broken(database_url: str, tmp_path: Path) -> None:
    async with open_world(database_url, tmp_path) as world:
        lesson = world.ids["L4"]
    assert run(database_url, tmp_path, "reconcile", "--invariants") == (0, "0 differences.\n0 broken invariants.\n", "")
    execute(database_url, "UPDATE lessons SET order_index = 9 WHERE order_index = 4")
    (tmp_path / "files" / "uploads" / "f1.txt").unlink()
    orphan = tmp_path / "files" / "uploads" / "orphan.txt"
    orphan.touch()
    os.utime(orphan, (time() - 20_000, time() - 20_000))
    code, said, _ = run(database_url, tmp_path, "reconcile", "--invariants")
    assert code == 1
    assert "in places 1 to 9\n" in said
    assert "its content is missing\n" in said
    assert "invariant 7: blob uploads/orphan.txt belongs" in said
    assert said.endswith("2 broken invariants.\n")
    assert str(lesson) not in said


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_everything_is_seen_at_one_moment(world: World) -> None:
    async with world.runtime.database.snapshot() as session:
        first = await session.scalar(text("SELECT count(*) FROM users"))
        async with world.runtime.database.write_session() as other:
            await other.execute(text("UPDATE users SET is_active = false"))
        assert await session.scalar(text("SELECT count(*) FROM users WHERE is_active")) == first - 1


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_the_guards_are_back_afterwards(world: World) -> None:
    """The database is shared by the tests of this process: what a breach needed gone must be there for the others."""
    guards = text("SELECT count(*) FROM pg_constraint WHERE connamespace = 'public'::regnamespace")
    async with world.runtime.database.read_session() as session:
        before = await session.scalar(guards)
    async with without_guards(world) as session:
        assert await session.scalar(guards) < before
    async with world.runtime.database.read_session() as session:
        assert await session.scalar(guards) == before
