"""Twenty at once: the database decides, and one wins."""

import asyncio
from collections import Counter

from studium.models import Certificate, Enrollment
from tests.world import World


async def test_twenty_parallel_enrolments_make_one(world: World) -> None:
    wish = {"course_id": str(world.ids["C1"])}
    before = await world.count(Enrollment)
    answers = await asyncio.gather(*(world.call("mia", "POST", "/enrollments", json=wish) for _ in range(20)))
    assert Counter(answer.status_code for answer in answers) == {201: 1, 409: 19}
    assert len({answer.json().get("enrollment_id", answer.json().get("id")) for answer in answers}) == 1
    assert await world.count(Enrollment) == before + 1


async def test_a_course_is_completed_once(world: World) -> None:
    enrolled = await world.call("mia", "POST", "/enrollments", json={"course_id": str(world.ids["C2"])})
    path = f"/enrollments/{enrolled.json()['id']}/lessons/{{M1}}/complete"
    before = await world.count(Certificate)
    answers = await asyncio.gather(*(world.call("mia", "POST", path) for _ in range(10)))
    assert {answer.status_code for answer in answers} == {200}
    assert {answer.json()["enrollment"]["status"] for answer in answers} == {"completed"}
    await world.jobs()
    generate = f"/certificates/enrollments/{enrolled.json()['id']}/generate"
    again = await asyncio.gather(*(world.call("mia", "POST", generate) for _ in range(10)))
    assert {answer.status_code for answer in again} == {200}
    assert await world.count(Certificate) == before + 1
