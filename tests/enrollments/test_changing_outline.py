"""Lessons come, go and move while twenty learners work: nothing drifts, and nobody's completion moves."""

import asyncio
import random
from typing import Any

import httpx2

from studium.models import Certificate
from studium.modules.enrollments.actions_reconcile import find_drift
from tests.answers import ok
from tests.courses.teaching import new_course, new_lesson, titles
from tests.world import World, add_students

LEARNERS = 20
ROUNDS = 8
MAY_MOVE = {"last_accessed_at", "total_time_spent_seconds"}
"""All that a learner may still do to a completed enrollment."""


class Learner:
    """Works through the lessons that it sees, and notes what it was told."""

    def __init__(self, world: World, name: str, enrollment: str) -> None:
        self.world, self.name, self.path = world, name, f"/enrollments/{enrollment}"
        self.completed: dict[str, Any] | None = None
        self.dice = random.Random(name)

    async def work(self) -> None:
        for _ in range(ROUNDS):
            lessons = ok(await self.call("GET", "/lessons"))["items"]
            for lesson in self.dice.sample(lessons, min(2, len(lessons))):
                await self.step(lesson["lesson_id"])
            if self.dice.random() < 0.2:
                await self.call("PATCH", "", json={"status": "dropped"})
                await self.call("PATCH", "", json={"status": "active"})

    async def finish(self) -> None:
        """Complete whatever is left."""
        for lesson in ok(await self.call("GET", "/lessons"))["items"]:
            if lesson["status"] != "completed" and self.completed is None:
                ok(await self.call("POST", f"/lessons/{lesson['lesson_id']}/complete"))
        self.completed = self.completed or ok(await self.call("GET", ""))

    async def step(self, lesson: str) -> None:
        report = {"time_spent_seconds": self.dice.randrange(100), "completion_percentage": 40}
        steps = [
            ("POST", f"/lessons/{lesson}/complete", {}),
            ("PATCH", f"/lessons/{lesson}/progress", {"json": report}),
        ]
        method, path, content = self.dice.choice(steps)
        answer = await self.call(method, path, **content)
        assert answer.status_code in (200, 404, 409), answer.text
        if answer.status_code == 200:
            assert 0 <= answer.json()["enrollment"]["progress_percentage"] <= 100
        if self.completed is None:
            seen = ok(await self.call("GET", ""))
            self.completed = seen if seen["status"] == "completed" else None

    async def call(self, method: str, path: str, **content: Any) -> httpx2.Response:  # noqa: ANN401 -- whatever the client takes.
        return await self.world.call(self.name, method, self.path + path, **content)


async def teach(world: World, course: str, dice: random.Random) -> None:
    """Insert, remove and reorder lessons, all at random."""
    for i in range(ROUNDS):
        items = ok(await world.call("ada", "GET", f"/courses/{course}/lessons"))["items"]
        ids = [item["id"] for item in items]
        path = f"/courses/{course}/lessons"
        wish = {"title": f"Late {i}", "lesson_type": "text", "order_index": dice.randint(1, len(ids))}
        calls: list[tuple[str, str, dict[str, Any]]] = [("POST", path, {"json": wish})]
        calls += [("PATCH", f"{path}/reorder", {"json": {"lesson_ids": ids[::-1]}})]
        calls += [("DELETE", f"{path}/{dice.choice(ids)}", {})] * 2
        method, address, content = dice.choice(calls)
        answer = await world.call("ada", method, address, **content)
        assert answer.status_code in (200, 201, 204, 404, 409, 422), answer.text


async def enrolled(world: World, course: str) -> list[Learner]:
    names = [f"learner{i}" for i in range(LEARNERS)]
    await add_students(world, *names)
    wish = {"course_id": course}
    calls = (world.call(name, "POST", "/enrollments", json=wish) for name in names)
    answers = await asyncio.gather(*calls)
    return [Learner(world, name, ok(answer, 201)["id"]) for name, answer in zip(names, answers, strict=True)]


async def test_a_changing_outline_drifts_nothing(world: World) -> None:
    course = (await new_course(world))["id"]
    for i in range(6):
        await new_lesson(world, course, f"Lesson {i}")
    ok(await world.call("ada", "POST", f"/courses/{course}/publish"))
    people = await enrolled(world, course)
    before = await world.count(Certificate)
    teachers = [teach(world, course, random.Random(seed)) for seed in range(2)]
    await asyncio.gather(*teachers, *(person.work() for person in people))
    await nothing_has_drifted(world, course)
    done = people[: LEARNERS // 2]
    await asyncio.gather(*(person.finish() for person in done))
    await new_lesson(world, course, "After the end", order_index=1)
    await nothing_has_drifted(world, course)
    done += [person for person in people[len(done) :] if person.completed]
    for person in people:
        seen = ok(await person.call("GET", ""))
        assert 0 <= seen["progress_percentage"] <= 100
        assert (seen["status"] == "completed") is (seen["progress_percentage"] == 100) is (person in done)
        if person.completed is not None:
            assert {name for name in seen if seen[name] != person.completed[name]} <= MAY_MOVE
    await world.jobs()
    assert await world.count(Certificate) == before + len(done)


async def nothing_has_drifted(world: World, course: str) -> None:
    async with world.runtime.database.read_session() as session:
        assert await find_drift(session) == []
    await titles(world, course)
