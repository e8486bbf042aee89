"""However much is wrong, the first of each kind are named and the rest is counted, and all of it is put right."""

import re
from pathlib import Path

import pytest
from sqlalchemy import func, select, text, update

from studium.entrypoints.operations.reconcile import all_invariants, reconcile
from studium.kit.base import findings
from studium.kit.db import invariants
from studium.kit.db.invariants import find_breaches
from studium.models import CourseCounts, Enrollment, UserWords
from tests.cli.test_commands import run
from tests.world import World, open_world

MOST = 1


async def spoil(world: World) -> int:
    """Let a counter of every enrollment be wrong, and one of every course; returns how many enrollments these are."""
    async with world.runtime.database.write_session() as session:
        wrong = {"total_time_spent_seconds": Enrollment.total_time_spent_seconds + 7}
        await session.execute(update(Enrollment).values(**wrong))
        await session.execute(update(CourseCounts).values(enrollments=CourseCounts.enrollments + 1))
        return int(await session.scalar(select(func.count()).select_from(Enrollment)) or 0)


async def test_the_first_of_each_kind_are_kept_and_the_rest_is_counted(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(findings, "MOST", MOST)
    enrollments = await spoil(world)
    assert enrollments > MOST
    courses = await world.count(CourseCounts)
    found, _ = await reconcile(world.runtime.settings, fix=True)
    kinds = [type(each).__name__ for each in found]
    assert kinds == ["Drift"] * MOST + ["CountDrift"] * MOST
    assert found.total == enrollments + courses
    assert list(found.lines())[-1] == f"and {found.total - 2 * MOST} more"
    assert await reconcile(world.runtime.settings, fix=False) == ([], [])


async def test_breaches_of_one_rule_are_counted_past_the_first(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(invariants, "MOST", MOST)
    people = await world.count(UserWords)
    async with world.runtime.database.write_session() as session:
        await session.execute(text("DELETE FROM user_words"))
    async with world.runtime.database.snapshot() as session:
        found = await find_breaches(session, all_invariants(world.runtime))
    assert (len(found), found.total) == (MOST, people)


async def test_the_command_says_how_many(database_url: str, tmp_path: Path) -> None:
    async with open_world(database_url, tmp_path) as world:
        many = await spoil(world) + await world.count(CourseCounts)
    code, said, _ = run(database_url, tmp_path, "reconcile", "--fix")
    assert code == 1
    assert re.search(rf"^{many} differences put right\.$", said, re.MULTILINE)
    assert run(database_url, tmp_path, "reconcile")[:2] == (0, "0 differences.\n")
