"""Every figure is right to the row: random schools, recounted in plain Python."""

from datetime import timedelta
from random import Random
from typing import Any

import pytest

from studium.kit.base.clock import now
from studium.modules.analytics.actions_reconcile import find_tally_drift
from studium.modules.analytics.jobs import fold_tallies
from tests.analytics.brute import School, Span, read_school, same, today
from tests.analytics.random_school import STUDENTS, TEACHERS, change, fill
from tests.world import World

ZONES = ("UTC", "Europe/Berlin", "America/New_York", "Asia/Kathmandu", "Australia/Lord_Howe", "America/St_Johns")


def spans(seed: int) -> list[Span]:
    random = Random(seed)
    found = []
    for bucket, days in (("day", 399), ("week", 420), ("month", 600)):
        last = today() - timedelta(days=random.randint(0, 40))
        found.append(Span(last - timedelta(days=random.randint(0, days)), last, bucket, random.choice(ZONES)))
    return found


async def figures(world: World, who: str, path: str) -> Any:  # noqa: ANN401 -- JSON.
    answer = await world.call(who, "GET", f"/analytics/{path}")
    assert answer.status_code == 200, answer.text
    return answer.json()


@pytest.mark.parametrize("seed", [1, 2])
async def test_figures_are_what_the_rows_say(world: World, seed: int) -> None:
    chance = await fill(world, seed)
    for step in ("written", "changed", "folded"):
        if step != "written":
            await change(chance)
        if step == "folded" or seed % 2:
            await fold_tallies(world.runtime)
        async with world.runtime.database.read_session() as session:
            assert await find_tally_drift(session) == []
        await compare(world, await read_school(world), seed)


async def compare(world: World, school: School, seed: int) -> None:
    for name in ("sam", *STUDENTS):
        expect(await figures(world, name, "my-progress"), school.progress_of(world.ids[name]))
        home = await figures(world, name, "my-dashboard")
        home["recommendations"] = [(one["course_id"], one["enrollments_count"]) for one in home["recommendations"]]
        expect(home, school.dashboard_of(world.ids[name], now()))
    for number, span in enumerate(spans(seed)):
        for course in school.courses():
            found = await figures(world, "root", f"courses/{course}?{span.query}")
            expect(found, school.course(course, span))
        for teacher in TEACHERS[number % 2 :]:
            found = await figures(world, teacher, f"instructors/{world.ids[teacher]}/overview?{span.query}")
            expect(found, school.instructor(world.ids[teacher], span))
        expect(await figures(world, "root", f"system/overview?{span.query}"), school.system(span, now()))


def expect(given: dict[str, Any], wanted: dict[str, Any]) -> None:
    differing = {name: (given.get(name), value) for name, value in wanted.items() if not same(given.get(name), value)}
    assert differing == {}
