"""Twenty at once: the database decides, and one wins."""

import asyncio
from collections import Counter

from studium.models import Certificate, Enrollment, LessonProgress
from studium.modules.enrollments.actions_reconcile import find_drift
from tests.answers import ok
from tests.courses.teaching import new_course, new_lesson
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


async def test_twenty_at_once_complete_all_lessons_once(world: World) -> None:
    course = (await new_course(world))["id"]
    lessons = [(await new_lesson(world, course))["id"] for _ in range(7)]
    ok(await world.call("ada", "POST", f"/courses/{course}/publish"))
    enrollment = ok(await world.call("mia", "POST", "/enrollments", json={"course_id": course}), 201)["id"]
    certificates, path = await world.count(Certificate), f"/enrollments/{enrollment}"
    calls = []
    for i in range(20):
        step = f"{path}/lessons/{lessons[i % 7]}"
        if i % 3:
            calls.append(world.call("mia", "POST", f"{step}/complete"))
        else:
            report = {"completion_percentage": 100, "time_spent_seconds": 5}
            calls.append(world.call("mia", "PATCH", f"{step}/progress", json=report))
    answers = [ok(answer) for answer in await asyncio.gather(*calls)]
    counts = Counter(answer["enrollment"]["completed_lessons_count"] for answer in answers)
    assert sorted(counts) == [1, 2, 3, 4, 5, 6, 7]
    assert {answer["enrollment"]["status"] for answer in answers} == {"active", "completed"}
    done = ok(await world.call("mia", "GET", path))
    assert (done["status"], done["completed_lessons_count"], done["progress_percentage"]) == ("completed", 7, 100)
    assert await world.count(LessonProgress) == 1 + 7
    await world.jobs()
    assert await world.count(Certificate) == certificates + 1
    assert sum("Walking" in mail and "CERT-" in mail for mail in world.mails()) == 1
    after = ok(await world.call("mia", "GET", path))
    assert after["completed_at"] == done["completed_at"]
    assert after["certificate_issued_at"] is not None


async def test_steps_at_once_leave_one_state(world: World) -> None:
    """Dropping, resuming, expiring and completing: whatever wins, the row obeys its rules and nothing drifts."""
    steps = [
        world.call("sam", "PATCH", "/enrollments/{E1}", json={"status": "dropped"}),
        world.call("sam", "PATCH", "/enrollments/{E1}", json={"status": "active"}),
        world.call("ada", "PATCH", "/enrollments/{E1}", json={"status": "expired"}),
        world.call("sam", "POST", "/enrollments", json={"course_id": str(world.ids["C1"])}),
        world.call("sam", "POST", "/enrollments/{E1}/lessons/{L1}/complete"),
        world.call("sam", "DELETE", "/enrollments/{E1}"),
    ]
    answers = await asyncio.gather(*steps)
    assert {answer.status_code for answer in answers} <= {200, 204, 403, 409}
    async with world.runtime.database.read_session() as session:
        assert await find_drift(session) == []
