"""A lesson is written while everything goes wrong: no word is lost of a text that the page called saved or kept.

Each run is drawn from a seed: lines that are cut or lose answers, tabs closed and opened twice, killed browsers,
sessions that end, and somebody else who saves the same lesson. At the end every word that a page promised is in the
lesson or in one of its earlier versions. `tests/web/teacher/test_lesson_editor.py` has the same in short.

`make test-slow PYTEST_ARGS=tests/web/test_editor_torture.py` makes twenty runs, with `STUDIUM_TEST_EDITOR_SEEDS=20-59`
in the environment forty others. `tests/web/teacher/test_editor_moments.py` makes moments on purpose that chance
seldom meets.
"""

import os
import shutil
from collections.abc import Awaitable, Callable
from pathlib import Path
from random import Random
from time import monotonic
from typing import Any

import pytest
from playwright.async_api import async_playwright
from sqlalchemy import delete

from studium.kit.base.problems import PreconditionFailed
from studium.models import UserSession
from studium.web.visitor import session_cookie
from tests.answers import ok
from tests.web.chromium import eyes
from tests.web.devices import PATIENCE_SECONDS, Line
from tests.web.school import cookie_of, tab
from tests.web.writing import Writer
from tests.world import World

STEPS, ENOUGH = 24, 12
_FIRST, _LAST = map(int, os.environ.get("STUDIUM_TEST_EDITOR_SEEDS", "0-19").split("-"))
SEEDS = range(_FIRST, _LAST + 1)
pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]
LESSON = "/courses/{C1}/lessons/{L2}"
PAGE = f"/teach{LESSON}"


class Run:
    """One lesson, one device, and what happens."""

    def __init__(self, seed: int, world: World, writer: Writer) -> None:
        self.chance, self.world, self.writer = Random(seed), world, writer
        self.written = self.others = 0
        self.happened: list[str] = []

    async def write(self) -> None:
        for _ in range(self.chance.randint(1, 4)):
            if await self.writer.write(f" w{self.written + 1}"):
                self.written += 1
            await self.writer.pass_time(self.chance.uniform(0, 3))

    async def cut(self) -> None:
        self.writer.line.become("cut")
        await self.write()

    async def deaf(self) -> None:
        self.writer.line.become("deaf")
        await self.write()

    async def end_session(self) -> None:
        async with self.world.runtime.database.write_session() as session:
            await session.execute(delete(UserSession).where(UserSession.user_id == self.world.ids["ada"]))
        await self.write()

    async def close(self) -> None:
        await self.writer.close()

    async def kill(self) -> None:
        self.writer.kill()

    async def other_tab(self) -> None:
        await self.mend()
        await self.writer.open()

    async def other_saves(self) -> None:
        self.others += 1
        now = ok(await self.world.call("root", "GET", LESSON))["content"] or ""
        ok(await self.world.call("root", "PATCH", LESSON, json={"content": f"{now} o{self.others}"}))

    async def other_types(self) -> None:
        """Somebody else has the lesson open, and what they type is saved by itself."""
        self.others += 1
        async with tab(self.world, "root") as root:
            held = (await root.get(PAGE, accept="application/json")).json()
            sent = {**held, "content": f"{held['content']} o{self.others}", "autosave": "first"}
            answer = await root.post(PAGE, sent, accept="application/json")
            self.others -= answer.status_code == PreconditionFailed.status  # Ada's page was quicker.

    async def mend(self) -> None:
        """Line and session are there again, and the page is open."""
        self.writer.line.become("open")
        await self.writer.log_in(await cookie_of(self.world, "ada"))
        if self.writer.page is None:
            await self.writer.open()
        await self.settle()

    async def settle(self) -> None:
        """Let the page come to rest; where somebody else saved meanwhile, keep either."""
        began, state = monotonic(), ""
        while monotonic() - began < PATIENCE_SECONDS:
            await self.writer.pass_time(3)
            state = await self.writer.state()
            if state in ("saved", "same"):
                return
            if state == "behind":
                await self.writer.choose(self.chance.choice(("[name=do]", ":not([name])")))
        pytest.fail(f"the page does not come to rest: {state} after {self.happened}")

    async def go(self) -> None:
        happens: list[Callable[[], Awaitable[None]]] = [
            *(self.write, self.write, self.cut, self.deaf, self.end_session),
            *(self.close, self.kill, self.other_tab, self.other_saves, self.other_types),
        ]
        for _ in range(STEPS):
            what = self.chance.choice(happens)
            self.happened.append(what.__name__)
            await what()
            if self.chance.random() < 0.5:
                await self.mend()
        await self.mend()
        while len(self.writer.promised) <= ENOUGH:  # Chance drew few steps in which somebody writes.
            await self.write()
            await self.settle()


@pytest.mark.parametrize("seed", SEEDS)
async def test_no_word_is_lost(migrated_file: Path, tmp_path: Path, seed: int) -> None:
    shutil.copy(migrated_file, tmp_path / "studium.db")
    browser: Any = None  # Each run has a browser process of its own, which may be killed.
    async with async_playwright() as playwright, eyes(browser, f"sqlite:///{tmp_path}/studium.db", tmp_path) as school:
        world, line = school.world, await Line.to(int(school.address.rpartition(":")[2]))
        path = world.filled(PAGE)
        cookie = session_cookie(world.runtime.settings), await cookie_of(world, "ada")
        writer = Writer("desk", playwright, tmp_path / "profile", line, path, cookie)
        run = Run(seed, world, writer)
        try:
            await writer.open()
            await run.go()
        finally:
            writer.kill()
            line.close()
        kept = await everything(world)
    lost = {word for word in writer.promised if word.startswith("w")} - kept
    assert not lost, (sorted(lost), run.happened)
    assert {f"o{number}" for number in range(1, run.others + 1)} <= kept
    assert len(writer.promised) > ENOUGH


async def everything(world: World) -> set[str]:
    """All words of the lesson and its earlier versions."""
    words = set((ok(await world.call("root", "GET", LESSON))["content"] or "").split())
    for version in ok(await world.call("root", "GET", LESSON + "/versions"))["items"]:
        words |= set(
            (ok(await world.call("root", "GET", f"{LESSON}/versions/{version['number']}"))["content"] or "").split()
        )
    return words
