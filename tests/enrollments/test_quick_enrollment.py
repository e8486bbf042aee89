"""Enrolling goes the quick way, and the quick way leaves and answers what the whole one does."""

import pytest

from studium.kit.jobs import registered_jobs
from studium.modules.enrollments import deps
from tests.world import World

OWN = {"id", "course_id", "enrolled_at"}


async def enrolled(world: World, course: str, **headers: str) -> dict[str, object]:
    wish = {"course_id": str(world.ids[course])}
    answer = await world.call("mia", "POST", "/enrollments", json=wish, headers=headers)
    assert answer.status_code == 201, answer.text
    assert answer.headers.get("etag") == f'"v{answer.json()["version"]}"'
    found: dict[str, object] = answer.json()
    return found


async def never(*_: object) -> None:
    return None


async def test_the_answer_and_the_row_are_those_of_all_the_rules(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    quick = await enrolled(world, "C1")
    monkeypatch.setattr(deps, "quick_enrollment", never)
    whole = await enrolled(world, "C2")
    assert quick.keys() == whole.keys()
    differing = {name for name in quick if quick[name] != whole[name]}
    assert OWN <= differing <= OWN | {"total_lessons_count"}
    for made in (quick, whole):
        assert (await world.call("mia", "GET", f"/enrollments/{made['id']}")).json() == made
    assert quick["total_lessons_count"] == len(
        (await world.call("mia", "GET", "/courses/{C1}/lessons")).json()["items"]
    )


async def test_the_mail_that_follows_is_stored_with_it(world: World) -> None:
    before = (await world.runtime.jobs.pending())["ready"]
    await enrolled(world, "C1")
    assert (await world.runtime.jobs.pending())["ready"] == before + 1
    assert "notifications.handlers_learning.mail_enrollment" in {kind.name for kind in registered_jobs()}
    await world.runtime.jobs.drain()
    assert (await world.runtime.jobs.pending()) == {"ready": 0, "running": 0, "dead": 0}


async def test_it_takes_four_statements(world: World) -> None:
    async with world.counting() as seen:
        await enrolled(world, "C1")
    assert len(seen) == 4


async def test_under_a_key_it_happens_once(world: World) -> None:
    first = await enrolled(world, "C1", **{"Idempotency-Key": "one"})
    assert await enrolled(world, "C1", **{"Idempotency-Key": "one"}) == first


async def test_a_second_time_is_refused_by_all_the_rules(world: World) -> None:
    first = await enrolled(world, "C1")
    again = await world.call("mia", "POST", "/enrollments", json={"course_id": str(world.ids["C1"])})
    assert (again.status_code, again.json()["enrollment_id"]) == (409, first["id"])
