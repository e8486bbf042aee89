"""Tallies follow the rows, whoever writes, also at once; what went astray is found and put right."""

import asyncio
from datetime import timedelta

from sqlalchemy import delete, func, select, update

from studium.kit.base.clock import now
from studium.kit.base.ids import new_id
from studium.models import SCHOOL, Course, Enrollment, Gauge, Tally, TallyDelta
from studium.modules.analytics.actions_reconcile import find_tally_drift, repair_tallies
from studium.modules.analytics.jobs import fold_tallies, read_gauges
from tests.world import World, add_students


async def differences(world: World) -> list[str]:
    async with world.runtime.database.read_session() as session:
        return [str(drift) for drift in await find_tally_drift(session)]


async def test_folding_changes_no_figure(world: World) -> None:
    before = (await world.call("root", "GET", "/analytics/system/overview")).json()
    assert await world.count(TallyDelta) > 0
    await fold_tallies(world.runtime)
    assert await world.count(TallyDelta) == 0
    after = (await world.call("root", "GET", "/analytics/system/overview")).json()
    assert {**before, "as_of": None} == {**after, "as_of": None}
    assert await differences(world) == []


async def test_learners_who_work_at_once_are_all_counted(world: World) -> None:
    """Also while others fold what they append."""
    names = [f"p{number}" for number in range(12)]
    await add_students(world, *names)

    async def learn(name: str) -> None:
        made = await world.call(name, "POST", "/enrollments", json={"course_id": str(world.ids["C1"])})
        for lesson in ("L1", "L2"):
            path = f"/enrollments/{made.json()['id']}/lessons/{{{lesson}}}/complete"
            assert (await world.call(name, "POST", path)).status_code == 200

    await asyncio.gather(*(learn(name) for name in names), *(fold_tallies(world.runtime) for _ in range(3)))
    figures = (await world.call("ada", "GET", "/analytics/courses/{C1}")).json()
    assert figures["enrollments"]["active"] == len(names) + 1
    assert [lesson["completed"] for lesson in figures["lessons"]] == [len(names), len(names), 0, 0]
    assert await differences(world) == []


async def test_what_is_rolled_back_leaves_nothing(world: World) -> None:
    before = await world.count(TallyDelta)
    try:
        async with world.runtime.database.write_session() as session:
            await session.execute(update(Enrollment).where(Enrollment.id == world.ids["E1"]).values(rating=5))
            raise RuntimeError  # noqa: TRY301 -- the transaction is to fail.
    except RuntimeError:
        pass
    assert await world.count(TallyDelta) == before


async def test_a_progress_report_appends_one_row_for_each_figure(world: World) -> None:
    await fold_tallies(world.runtime)
    assert (await world.call("sam", "POST", "/enrollments/{E1}/lessons/{L1}/complete")).status_code == 200
    async with world.runtime.database.read_session() as session:
        rows = (await session.execute(select(TallyDelta.name, TallyDelta.amount).order_by(TallyDelta.name))).all()
    assert [tuple(row) for row in rows] == [("done", 1), ("progress", 2500), ("started", 1)]


async def test_a_difference_is_named_and_put_right(world: World) -> None:
    await fold_tallies(world.runtime)
    async with world.runtime.database.write_session() as session:
        wrong = update(Tally).where(Tally.subject_id == world.ids["C1"], Tally.name == "active")
        await session.execute(wrong.values(amount=7))
        await session.execute(delete(Tally).where(Tally.subject_id == SCHOOL, Tally.name == "student"))
        session.add(TallyDelta(subject_id=new_id(), name="done", slot=0, amount=2))
    found = await differences(world)
    assert len(found) == 3
    assert f"tally active of {world.ids['C1']}: is 7, its rows say 1" in found
    assert "tally student of the school: is 0, its rows say 3" in found
    async with world.runtime.database.write_session() as session:
        await repair_tallies(session)
    assert await differences(world) == []


async def test_a_gauge_says_when_it_was_read(world: World) -> None:
    await read_gauges(world.runtime)
    async with world.runtime.database.read_session() as session:
        gauge = (await session.execute(select(Gauge))).scalar_one()
    school = (await world.call("root", "GET", "/analytics/system/overview")).json()
    assert (school["active_users"], school["as_of"]) == (gauge.amount, gauge.read_at.isoformat().replace("+00:00", "Z"))
    assert gauge.amount == 6


async def test_a_gauge_that_nobody_reads_is_not_believed(world: World) -> None:
    async with world.runtime.database.write_session() as session:
        session.add(Gauge(name="active_users", amount=99, read_at=now() - timedelta(hours=1)))
    school = (await world.call("root", "GET", "/analytics/system/overview")).json()
    assert school["active_users"] == 6
    assert school["as_of"] > (now() - timedelta(minutes=1)).isoformat()


async def test_figures_cost_the_same_for_many_courses(world: World) -> None:
    costs = []
    for _ in range(2):
        async with world.counting() as seen:
            for path in ("instructors/{ada}/overview", "system/overview", "courses/{C1}"):
                await world.call("root", "GET", f"/analytics/{path}")
        costs.append(len(seen))
        more = [
            Course(title=f"C {n}", slug=f"c-{n}", instructor_id=world.ids["ada"], is_published=True) for n in range(9)
        ]
        if len(costs) == 1:
            await world.add(*more)
    assert costs[0] == costs[1]


async def test_a_fold_takes_some_thousand_rows_at_a_time(world: World) -> None:
    rows = [TallyDelta(subject_id=world.ids["C1"], name="seconds", slot=0, amount=1) for _ in range(6_000)]
    await world.add(*rows)
    await fold_tallies(world.runtime)
    assert await world.count(TallyDelta) == 0
    async with world.runtime.database.read_session() as session:
        total = select(func.sum(Tally.amount)).where(Tally.subject_id == world.ids["C1"], Tally.name == "seconds")
        assert await session.scalar(total) == 6_000
