"""A class of 200 opens its dashboards within one second; log-ins and lessons hardly notice."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from subprocess import Popen

import pytest

from studium.kit.base.clock import now
from studium.kit.base.ids import new_id
from studium.models import Enrollment, LessonProgress, ProgressStatus
from studium.models.lesson import LessonType
from tests.processes.crowd import Stretch, Times, again_and_again, ask, request
from tests.processes.school import School, school
from tests.processes.test_start import cpu_seconds
from tests.world import PASSWORD, World, add_students, lesson, open_world

CLASS = [f"pupil{number}" for number in range(200)]
LESSONS = 20
TRIES = 3
MOST_CPU_SECONDS = 1.5
"""Of the server for a class; with one second for it to come and two to wait, three would do."""


async def teach(world: World) -> None:
    """The class is in two courses and has done half of one."""
    await add_students(world, *CLASS)
    added = [lesson(world, f"P{n}", "C2", 10 + n, LessonType.TEXT, content="Text") for n in range(LESSONS)]
    await world.add(*added)
    rows: list[LessonProgress] = []
    enrolled: list[Enrollment] = []
    for name in CLASS:
        enrollments = [_enrollment(world, name, course) for course in ("C1", "C2")]
        enrolled += enrollments
        rows += [
            LessonProgress(
                id=new_id(),
                enrollment_id=enrollments[1].id,
                lesson_id=one.id,
                status=ProgressStatus.COMPLETED,
                started_at=now() - timedelta(days=3),
                completed_at=now() - timedelta(days=2),
                completion_percentage=Decimal(100),
                time_spent_seconds=60,
            )
            for one in added[: LESSONS // 2]
        ]
    await world.add(*enrolled)
    await world.add(*rows)


def _enrollment(world: World, name: str, course: str) -> Enrollment:
    at = now() - timedelta(days=9)
    ids = {"student_id": world.ids[name], "course_id": world.ids[course]}
    return Enrollment(id=new_id(), **ids, enrolled_at=at, started_at=at, total_lessons_count=LESSONS)


@pytest.fixture
async def classroom(database_url: str, tmp_path: Path) -> AsyncIterator[tuple[World, School, Popen[bytes]]]:
    async with open_world(database_url, tmp_path) as world:
        await teach(world)
        with school(tmp_path, database_url=database_url, jobs="external") as opened:
            yield world, opened, await asyncio.to_thread(opened.serve)


@asynccontextmanager
async def honest(world: World, port: int) -> AsyncIterator[tuple[Times, Times]]:
    """What log-ins and lessons take during the block."""
    log_ins, lessons, done = Times(), Times(), asyncio.Event()
    form = {"email": "sam@school.example", "password": PASSWORD}
    entry = request("/api/v1/auth/login", method="POST", body=form)
    reading = request(world.filled("/api/v1/courses/{C1}/lessons/{L2}"), token=world.tokens["sam"])
    asking = [
        asyncio.create_task(again_and_again(port, entry, log_ins, 0.2, done)),
        asyncio.create_task(again_and_again(port, reading, lessons, 0.02, done)),
    ]
    yield log_ins, lessons
    done.set()
    await asyncio.gather(*asking)


@dataclass
class Rush:
    """A class that comes within a second, and others meanwhile; `stretch` is what the machine's other work costs."""

    dashboards: Times
    log_ins: Times
    lessons: Times
    stretch: float
    cpu_seconds: float

    def is_good(self) -> bool:
        """All were answered: the class within two seconds, the others within 200 ms, on a machine that is idle else."""
        times = self.dashboards, self.log_ins, self.lessons
        everybody = {status for each in times for status in each.statuses} == {200}
        quick = max(self.log_ins.percentile(95), self.lessons.percentile(95)) <= 0.2 * self.stretch
        return everybody and quick and self.dashboards.percentile(99) <= 2 * self.stretch

    def __str__(self) -> str:
        times = f"dashboards {self.dashboards}; log-ins {self.log_ins}; lessons {self.lessons}"
        return f"{self.cpu_seconds:.2f} s of CPU, stretched {self.stretch:.1f} times: {times}"


async def rush(world: World, port: int, server: Popen[bytes]) -> Rush:
    dashboards, stretch, before = Times(), Stretch(server.pid), cpu_seconds(server)

    async def open_home(number: int, name: str) -> None:
        await asyncio.sleep(number / len(CLASS))
        await ask(port, request("/api/v1/analytics/my-dashboard", token=world.tokens[name]), dashboards)

    async with honest(world, port) as (log_ins, lessons):
        await asyncio.gather(*(open_home(number, name) for number, name in enumerate(CLASS)))
    return Rush(dashboards, log_ins, lessons, stretch.factor(), cpu_seconds(server) - before)


@pytest.mark.alone
@pytest.mark.timeout(120)
async def test_a_class_opens_its_dashboards(classroom: tuple[World, School, Popen[bytes]]) -> None:
    """Beside other tests a machine is busy: one of three times it must be as promised, and so must the cost be."""
    world, opened, server = classroom
    seen: list[Rush] = []
    while len(seen) < TRIES and not (seen and seen[-1].is_good()):
        seen.append(await rush(world, opened.port, server))
    said = "\n".join(map(str, seen))
    assert seen[-1].is_good(), said
    assert min(each.cpu_seconds for each in seen) < MOST_CPU_SECONDS, said
