"""Attempts of forty questions on two devices on which everything goes wrong: no answer is lost that a page promised.

Each run is drawn from a seed: lines that are cut or lose answers for ten seconds to ten minutes, tabs closed, browsers
and the server killed, clocks moved, and another device that answers the same questions. All that the pages said of each
question is noted, and held against the database at the end.

`make test-slow PYTEST_ARGS=tests/web/test_quiz_torture.py` makes the first twenty runs; with
`STUDIUM_TEST_QUIZ_SEEDS=0-199` in the environment two hundred, with `STUDIUM_TEST_QUIZ_SEEDS=17-17` one of them again.
"""

import asyncio
import os
import re
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from subprocess import Popen
from typing import Any
from uuid import UUID

import pytest
from playwright.async_api import async_playwright

from studium.kit.base.clock import now
from studium.kit.base.config import load_settings
from studium.kit.runtime import open_runtime
from studium.models import QuizAttempt
from studium.web.visitor import session_cookie
from tests.processes.school import School, school
from tests.servers import lacking
from tests.web.attempts import attempt_of, questions
from tests.web.chromium import PROGRAM
from tests.web.devices import BOTH, KEPT, Device, Given, Line, Note, Value
from tests.web.school import cookie_of
from tests.world import open_world

QUESTIONS = 40
AGAIN = 14
"""So many answers are given once more, on whichever device."""
_FIRST, _LAST = map(int, os.environ.get("STUDIUM_TEST_QUIZ_SEEDS", "0-19").split("-"))
SEEDS = range(_FIRST, _LAST + 1)
TEXTS = [place for place in range(1, QUESTIONS + 1) if place % 5 in (4, 0)]
OPTIONS: dict[int, list[Value]] = {
    0: [("a",), ("b",), ("c",)],
    1: [(), ("a",), ("b",), ("a", "b"), ("a", "c"), ("b", "c"), ("a", "b", "c")],
    2: [("true",), ("false",)],
}


def run_of(seed: int) -> Any:  # noqa: ANN401 -- pytest names no type for it.
    """A seed and its database: every tenth run, and one of the first three, is on PostgreSQL."""
    return pytest.param(seed, "postgresql" if seed % 10 == 2 else "sqlite", marks=pytest.mark.slow)


@dataclass
class Run:
    """What happens to an attempt, by chance: the seed decides on it, however fast the machine is."""

    seed: int
    server: School
    laptop: Device
    phone: Device
    plan: list[int]
    """The questions that are still to be answered, the next one last; some of them again."""
    serving: Popen[bytes]
    given: int = 0
    happened: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.chance = Random(self.seed)

    @property
    def devices(self) -> tuple[Device, Device]:
        return self.laptop, self.phone

    def device(self) -> Device:
        return self.laptop if self.chance.random() < 0.7 else self.phone

    def value(self, place: int) -> Value:
        """An answer; texts tell which one it was."""
        self.given += 1
        found = OPTIONS.get((place - 1) % 5)
        return self.chance.choice(found) if found else (f"{self.given}. answer, “{place}” & ü <b>",)

    async def answer(self, device: Device, number: int) -> None:
        """Answer the next questions on a device, at times twice."""
        for _ in range(min(number, len(self.plan))):
            place = self.plan.pop()
            await device.give(place, self.value(place))
            if self.chance.random() < 0.2:
                await device.give(place, self.value(place))
            await device.pass_time(self.chance.uniform(0, 3))

    async def decide(self, device: Device) -> None:
        """The learner decides on some of the answers that were given on both devices."""
        for note in await device.look():
            chance = Random(f"{self.seed} {device.name} {note.place} {self.given}")
            if note.other is not None and chance.random() < 0.7:
                await device.choose(note, mine=chance.random() < 0.5)

    async def happens(self, what: Callable[["Run", Device], Awaitable[None]]) -> None:
        device = self.device()
        self.happened.append(f"{what.__name__} ({device.name})")
        await what(self, device)
        for each in self.devices:
            if each.page is None:
                await each.open()
            await self.decide(each)

    async def kept(self, device: Device) -> None:
        """What the page calls kept is in the box of the device."""
        if device.page is None:
            return
        before, box = {note.place: note for note in await device.look()}, await device.box()
        for note in await device.look():
            if note == before[note.place] and note.said == KEPT:
                assert box.get(note.place, (None,))[0] == note.value, f"{device.name} does not keep {note}"

    async def serve(self) -> None:
        self.serving = await asyncio.to_thread(self.server.serve)

    def kill_server(self) -> None:
        self.serving.kill()
        self.serving.wait()


async def nothing(run: Run, device: Device) -> None:
    await run.answer(device, 4)
    await device.settle()


async def no_line(run: Run, device: Device) -> None:
    """The net is gone, or bad, for ten seconds to ten minutes; at times the browser or the tab ends meanwhile."""
    how = run.chance.choice(("offline", "cut", "deaf"))
    other = next(each for each in run.devices if each is not device)
    if how == "offline":
        await device.set_offline(offline=True)
    else:
        device.line.become("cut" if how == "cut" else "deaf")
    same = run.plan[-2:]
    await run.answer(device, 4)
    for place in same:  # The same questions, on the other device.
        await other.give(place, run.value(place))
    await device.pass_time(run.chance.uniform(10, 600), asleep=run.chance.random() < 0.3)
    await run.answer(device, 1)
    await device.pass_time(run.chance.uniform(0, 20))
    await run.kept(device)
    ends = run.chance.choice(("killed", "closed", "stays", "stays"))
    if ends == "killed":
        device.kill()
    elif ends == "closed":
        await device.close()
    run.happened.append(f"{how}, {ends}")
    device.line.become("open")
    if ends != "killed":
        await device.set_offline(offline=False)
    await device.pass_time(run.chance.uniform(0, 40))


async def tab_closed(run: Run, device: Device) -> None:
    await run.answer(device, 2)
    await device.close()


async def browser_killed(run: Run, device: Device) -> None:
    await run.answer(device, 2)
    await asyncio.sleep(run.chance.uniform(0, 0.05))
    device.kill()


async def taken_over(run: Run, device: Device) -> None:
    """Another tab of the same browser takes over, in the middle of an answer."""
    await run.answer(device, 2)
    place = run.chance.randint(1, QUESTIONS)
    for _ in range(3):
        await device.give(place, run.value(place))
    await device.open()


async def server_killed(run: Run, device: Device) -> None:
    """The server dies with requests under way, and is away for some time."""
    await run.answer(device, 3)
    await asyncio.sleep(run.chance.uniform(0, 0.02))
    run.kill_server()
    for each in run.devices:
        await run.answer(each, 2)
        await each.pass_time(run.chance.uniform(10, 600))
        await run.kept(each)
    if run.chance.random() < 0.4:
        device.kill()
    await run.serve()


async def clock_moved(run: Run, device: Device) -> None:
    days = run.chance.uniform(-400, 400)
    await device.context.clock.set_system_time(datetime.now().astimezone() + timedelta(days=days))
    await run.answer(device, 2)


async def both_at_once(run: Run, device: Device) -> None:
    """The same questions on both devices within a second."""
    places = run.plan[-3:]
    await run.answer(device, 3)
    for place in places:
        await asyncio.gather(*(each.give(place, run.value(place)) for each in run.devices))


EVENTS = (no_line, no_line, tab_closed, browser_killed, taken_over, server_killed, clock_moved, both_at_once, nothing)


async def torture(run: Run) -> None:
    """All of it in some order, until every question was answered; then everything works again."""
    events = list(EVENTS)
    run.chance.shuffle(events)
    while run.plan or events:
        await run.happens(events.pop() if events else nothing)
    for device in run.devices:
        await device.settle()
    for device in run.devices:
        await device.close()
        await device.open()
        await device.settle()


async def submitted(run: Run) -> None:
    """The phone submits while the laptop keeps one answer more: that one stays there, and the page says so."""
    place = run.chance.choice(TEXTS)
    value = run.value(place)
    run.laptop.line.become("cut")
    await run.laptop.give(place, value)
    await run.laptop.pass_time(8)
    for note in await run.phone.look():
        if note.other is not None:
            await run.phone.choose(note, mine=False)
    await run.phone.settle()
    await run.phone.submit()
    await run.kept(run.laptop)
    run.laptop.line.become("open")
    assert run.laptop.page is not None
    for _ in range(20):
        await run.laptop.pass_time(10)
        if await run.laptop.page.locator("[data-do=result]").is_visible():
            break
    _, _, here = (await run.laptop.page.locator(".offline span").inner_text()).partition("Not sent in time:")
    assert str(place) in re.findall(r"\d+", here)
    assert (await run.laptop.box())[place][0] == value
    run.laptop.told.append(Given(place, None))  # The learner knows that it came too late.


def judge(device: Device, other: Device, saved: dict[int, Value], end: dict[int, Note]) -> list[str]:
    """What a device promised and is gone, and what its page does not show as it is saved."""
    lost = []
    for place in range(1, QUESTIONS + 1):
        told = device.of(place)
        final, shown = saved.get(place, ()), end[place]
        if shown.value != final:
            lost.append(f"{device.name} shows {shown.value} for {place}, where {final} is saved")
        owed = promised(told)
        shown_beside = {one.other for one in told if isinstance(one, Note) and one.said == BOTH}
        if not owed or final in owed or owed & shown_beside or knew(other, place, owed, final):
            continue
        lost.append(f"{device.name} lost one of {sorted(owed)} to {place}, where {final} is saved: {told}")
    return lost


def promised(told: list[Note | Given]) -> set[Value]:
    """The last answer that was given and called saved or kept, and those given after it; empty if there is none."""
    owed: set[Value] = set()
    later: list[Value] = []
    for one in told:
        if isinstance(one, Given):
            if one.value is None:  # The learner has taken the other answer.
                owed, later = set(), []
            else:
                later.append(one.value)
                owed = owed and owed | {one.value}
        elif one.is_ready and one.is_promise and one.value in later:
            later = later[later.index(one.value) :]
            owed = set(later)
    return owed


def knew(other: Device, place: int, owed: set[Value], final: Value) -> bool:
    """Whether the other device showed one of these answers before it gave the one that is saved."""
    told = other.of(place)
    seen = [at for at, one in enumerate(told) if isinstance(one, Note) and one.value in owed]
    gave = [at for at, one in enumerate(told) if isinstance(one, Given) and one.value == final]
    return bool(seen and gave) and seen[0] < gave[-1]


@asynccontextmanager
async def attempt(database_url: str, folder: Path, seed: int) -> AsyncIterator[tuple[Run, UUID]]:
    """An open attempt on two devices, each behind a line of its own to a server of its own."""
    chance = Random(seed)
    with school(folder, database_url=database_url, jobs="external") as server:
        async with open_world(database_url, folder, public_base_url=server.address) as world:
            hours = timedelta(hours=12)
            limit = {"deadline_at": now() + hours} if chance.random() < 0.5 else {}
            await world.add(attempt_of(world, "T1", "Q1", [], questions=questions(QUESTIONS), **limit))
            cookie = session_cookie(world.runtime.settings), await cookie_of(world, "sam")
            attempt_id = world.ids["T1"]
        serving = await asyncio.to_thread(server.serve)
        plan = [*range(1, QUESTIONS + 1), *chance.sample(range(1, QUESTIONS + 1), AGAIN)]
        chance.shuffle(plan)
        async with async_playwright() as playwright:
            devices = [
                Device(name, playwright, folder / name, await Line.to(server.port), f"/attempts/{attempt_id}", cookie)
                for name in ("laptop", "phone")
            ]
            try:
                await asyncio.gather(*(device.open() for device in devices))
                yield Run(seed, server, devices[0], devices[1], plan, serving), attempt_id
            finally:
                for device in devices:
                    device.kill()
                    device.line.close()


async def saved_answers(database_url: str, folder: Path, attempt_id: UUID) -> dict[int, Value]:
    """What the database has, by the number of the question."""
    places = {str(question["id"]): place for place, question in enumerate(questions(QUESTIONS), 1)}
    settings = load_settings(database_url=database_url, data_dir=folder, _env_file=None)
    async with open_runtime(settings) as runtime, runtime.database.read_session() as session:
        found = await session.get(QuizAttempt, attempt_id)
    assert found is not None
    saved: dict[int, Value] = {}
    for one in found.answers or ():
        chosen: Any = one["selected_option_ids"]
        saved[places[str(one["question_id"])]] = (
            (str(one["answer_text"]),) if one["answer_text"] else tuple(sorted(chosen))
        )
    return saved


@pytest.mark.timeout(1800)
@pytest.mark.parametrize(("seed", "database_url"), [run_of(seed) for seed in SEEDS], indirect=["database_url"])
async def test_no_answer_is_lost(seed: int, database_url: str, tmp_path: Path) -> None:
    if shutil.which(PROGRAM) is None:
        lacking("Chromium is not installed; .ci/run installs it")
    async with attempt(database_url, tmp_path, seed) as (run, attempt_id):
        try:
            await torture(run)
            ends = {device.name: {note.place: note for note in await device.look()} for device in run.devices}
            await submitted(run)
        except BaseException:
            print(f"seed {seed}: {run.happened}")  # noqa: T201 -- to run it again.
            raise
    saved = await saved_answers(database_url, tmp_path, attempt_id)
    lost = [
        *judge(run.laptop, run.phone, saved, ends["laptop"]),
        *judge(run.phone, run.laptop, saved, ends["phone"]),
    ]
    assert not lost, f"seed {seed}: {run.happened}\n" + "\n".join(lost)
    owed = [each for each in range(1, QUESTIONS + 1) if any(promised(device.of(each)) for device in run.devices)]
    assert len(owed) > QUESTIONS * 3 / 4, f"seed {seed}: too little was promised: {owed}"
