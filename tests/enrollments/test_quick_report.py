"""A player's report goes the quick way, and the quick way gives the answer of the whole one."""

import pytest

from studium.modules.enrollments import deps
from tests.world import World

REPORTS = [
    {"time_spent_seconds": 20},
    {"time_spent_seconds": 10, "completion_percentage": 30},
    {"completion_percentage": 20.5, "last_position_seconds": 40},
    {"status": "in_progress", "time_spent_seconds": 2_000_000_000},
    {"last_position_seconds": 0},
]
SAME = (
    "status",
    "time_spent_seconds",
    "last_position_seconds",
    "completion_percentage",
    "attempts_count",
    "enrollment",
)


async def told(world: World, lesson: str) -> list[dict[str, object]]:
    answers = []
    for report in REPORTS:
        path = f"/enrollments/{{E1}}/lessons/{{{lesson}}}/progress"
        answer = await world.call("sam", "PATCH", path, json=report)
        assert answer.status_code == 200, answer.text
        answers.append({name: answer.json()[name] for name in SAME})
    return answers


async def test_the_answers_are_those_of_all_the_rules(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    quick = await told(world, "L1")

    async def never(*_: object) -> None:
        return None

    monkeypatch.setattr(deps, "quick_report", never)
    whole = await told(world, "L2")
    assert quick == whole


async def test_a_report_takes_five_statements(world: World) -> None:
    async with world.counting() as seen:
        await told(world, "L1")
    assert len(seen) == 5 * len(REPORTS)
