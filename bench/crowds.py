"""Crowds: what hundreds of people do at the same hour. Runs in a process of its own, so that it can be on time.

    .venv/bin/python -m bench.crowds '{"name": "exam-hour", "port": 8000, "learners": 500, "scale": 1, "steady": 1}'

prints one JSON object: the latencies by the kind of request, how late the generator was and what it cost, and every
answer that the server acknowledged.
"""

import asyncio
import json
import math
import random
import resource
import statistics
import sys
import time
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import uvloop

from bench.arrivals import BROKEN, Crowd, Visitor
from bench.load import percentile
from bench.papers import EXAM, id_of, question_id
from bench.scenarios import bearer_of
from bench.school import COURSES_EACH, LESSONS_EACH, PASSWORD, TEXTS_EACH

_EXAM_SECONDS, _COMING_SECONDS, _BELL_SECONDS = 600, 60, 20
_SAVE_SECONDS = 5
_MORNING_SECONDS = 300
_EVENING_SECONDS, _REPORT_SECONDS, _BROWSE_SECONDS = 600, 15, 10
_BROWSERS = 0.1
_EARLY = 0.1
"""Who hands in before the last seconds."""


@dataclass(slots=True)
class Run:
    """A crowd at work. `kept` is what the server acknowledged, by what it is about.

    `scale` shortens all of its time, `steady` only the part in which the same goes on for minutes.
    """

    crowd: Crowd
    learners: int
    scale: float
    steady: float
    chance: random.Random = field(default_factory=lambda: random.Random(7))  # noqa: S311 -- the same crowd each time.
    kept: dict[str, Any] = field(default_factory=dict)

    def student(self, number: int) -> Visitor:
        """Somebody who is logged in."""
        return Visitor(self.crowd, bearer_of("student", number))


async def exam_hour(run: Run) -> None:
    """They come within a minute, save every five seconds for ten minutes, and hand in at the bell."""
    between = (_EXAM_SECONDS - _COMING_SECONDS - _BELL_SECONDS) * run.steady
    exam, bell = id_of("exam", 0), (_COMING_SECONDS + between + _BELL_SECONDS) * run.scale
    await asyncio.gather(*(_examinee(run, number, exam, bell) for number in range(run.learners)))


async def _examinee(run: Run, number: int, exam: UUID, bell: float) -> None:
    me = run.student(number)
    path = f"/enrollments/{id_of('enrollment', number * COURSES_EACH)}/quizzes/{exam}/attempts"
    due = run.chance.uniform(0, _COMING_SECONDS * run.scale)
    is_early = run.chance.random() < _EARLY
    leaves = bell - run.chance.uniform(0, (bell / 2) if is_early else _BELL_SECONDS * run.scale)
    begun = await me.ask("start", due, "POST", path)
    if not begun.is_success:
        return
    attempt = begun.json()["id"]
    kept = run.kept[attempt] = {"answers": {}, "is_submitted": False}
    place = 0
    while (due := due + _SAVE_SECONDS) < leaves:
        answer = EXAM[place % len(EXAM)].answer(question_id(exam, place % len(EXAM)), place)
        saved = await me.ask("save", due, "PATCH", f"{path}/{attempt}", {"answers": [answer]})
        _keep(kept["answers"], answer, saved.status)
        place += 1
    answer = EXAM[-1].answer(question_id(exam, len(EXAM) - 1), place)
    done = await me.ask("submit", leaves, "POST", f"{path}/{attempt}/submit", {"answers": [answer]})
    _keep(kept["answers"], answer, done.status)
    kept["is_submitted"] = done.is_success
    await me.ask("result", leaves + 1, "GET", f"{path}/{attempt}")


def _keep(answers: dict[str, Any], answer: dict[str, Any], status: int) -> None:
    """Note an acknowledged answer; of one whose connection broke nobody knows whether it counts."""
    if status == BROKEN:
        answers.pop(answer["question_id"], None)
    elif status // 100 == 2:  # noqa: PLR2004 -- success.
        answers[answer["question_id"]] = answer


async def nine_oclock(run: Run) -> None:
    """They log in within five minutes, and open the dashboard, a course and a lesson."""
    morning = _MORNING_SECONDS * run.scale
    await asyncio.gather(*(_early_bird(run, number, run.chance.uniform(0, morning)) for number in range(run.learners)))


async def _early_bird(run: Run, number: int, due: float) -> None:
    me = Visitor(run.crowd)
    form = {"email": f"student{number}@bench.example", "password": PASSWORD}
    came = await me.ask("log in", due, "POST", "/auth/login", form)
    if not came.is_success:
        return
    me.bearer = came.json()["access_token"]
    run.kept[str(id_of("student", number))] = True
    course = f"/courses/{id_of('course', 0)}"
    lesson = f"{course}/lessons/{id_of('lesson', number % TEXTS_EACH)}"
    pages = ("/analytics/my-dashboard", "dashboard"), (course, "course"), (f"{course}/lessons", "outline")
    for place, (path, title) in enumerate((*pages, (lesson, "lesson"))):
        await me.ask(title, due + 1 + 3 * place, "GET", path)


async def video_evening(run: Run) -> None:
    """Players report every fifteen seconds for ten minutes; a tenth as many learners open a page every ten."""
    end = _EVENING_SECONDS * run.scale * run.steady
    browsers = math.ceil(run.learners * _BROWSERS)
    players = (_player(run, number, end) for number in range(run.learners))
    await asyncio.gather(*players, *(_browser(run, number, end) for number in range(browsers)))


async def _player(run: Run, number: int, end: float) -> None:
    me, place = run.student(number), number % TEXTS_EACH
    enrollment, lesson = id_of("enrollment", number * COURSES_EACH), id_of("lesson", place)
    due, seconds = run.chance.uniform(0, _REPORT_SECONDS), 0
    while due < end:
        seconds += _REPORT_SECONDS
        figures = {"time_spent_seconds": seconds, "last_position_seconds": seconds}
        path = f"/enrollments/{enrollment}/lessons/{lesson}/progress"
        told = await me.ask("report", due, "PATCH", path, {**figures, "completion_percentage": min(99, seconds // 10)})
        if told.is_success:
            run.kept[f"{enrollment} {lesson}"] = seconds
        due += _REPORT_SECONDS


async def _browser(run: Run, number: int, end: float) -> None:
    me, course = run.student(number), f"/courses/{id_of('course', 0)}"
    lesson = f"{course}/lessons/{id_of('lesson', number % LESSONS_EACH)}"
    pages = ("/courses?limit=20", "list"), ("/enrollments/my-courses", "my-courses"), (course, "course")
    due, place = run.chance.uniform(0, _BROWSE_SECONDS), number
    while due < end:
        path, title = (*pages, (lesson, "lesson"))[place % 4]
        await me.ask(title, due, "GET", path)
        due, place = due + _BROWSE_SECONDS, place + 1


@dataclass(frozen=True, slots=True)
class Kind:
    """A crowd: what it does, and of how many learners it is made."""

    work: Callable[[Run], Coroutine[Any, Any, None]]
    learners: int


CROWDS = {
    "exam-hour": Kind(exam_hour, 500),
    "nine-oclock": Kind(nine_oclock, 1_000),
    "video-evening": Kind(video_evening, 2_000),
}


async def _run(plan: dict[str, Any]) -> dict[str, Any]:
    run = Run(Crowd(plan["port"]), plan["learners"], plan["scale"], plan["steady"])
    began = time.process_time()
    await CROWDS[plan["name"]].work(run)
    times = {title: _told(each.latencies, each.statuses) for title, each in run.crowd.times.items()}
    return {
        "requests": times,
        "lateness": {"p99": percentile(run.crowd.lateness, 99), "worst": max(run.crowd.lateness)},
        "cpu_seconds": time.process_time() - began,
        "seconds": run.crowd.now,
        "kept": run.kept,
    }


def _told(latencies: Sequence[float], statuses: dict[int, int]) -> dict[str, Any]:
    figures = {"p50": statistics.median(latencies), "p99": percentile(latencies, 99), "worst": max(latencies)}
    return {"asked": len(latencies), **figures, "statuses": statuses}


if __name__ == "__main__":
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    json.dump(uvloop.run(_run(json.loads(sys.argv[1]))), sys.stdout)
