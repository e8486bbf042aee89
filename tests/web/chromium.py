"""The Chromium of this machine in front of the real application, which has a port of its own."""

import asyncio
import shutil
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from playwright.async_api import Browser, Page, async_playwright

from studium.web.visitor import session_cookie
from tests.servers import free_port, lacking
from tests.web.school import cookie_of
from tests.world import World, open_world

PROGRAM = "/usr/bin/chromium"
AXE = (Path(__file__).parent / "vendor" / "axe.min.js").read_text(encoding="utf-8")
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
Place = tuple[str, str | None]
"""A page, and who looks at it; None is nobody in particular."""
PATIENCE_SECONDS = 240
_AT_REST = """!document.querySelector("quiz-attempt:not([ready]), md-editor:not([ready])")
  && document.getAnimations().every(one => one.playState !== "running")"""
"""Elements that freeze their form until they know what the device keeps have let go of it, and nothing fades."""
SHORT_PATIENCE = "const whole = AbortSignal.timeout; AbortSignal.timeout = ms => whole.call(AbortSignal, ms / 10)"
"""A script of a page on which what has a time limit is given up ten times as soon."""
_LOUD = frozenset({"warning", "error"})
_RUN = """async tags => (await axe.run(document, {runOnly: {type: "tag", values: tags}})).violations
  .map(one => one.id + ": " + one.nodes.map(node => node.target + " " + (node.any[0]?.message ?? "")).join(" | "))"""


@dataclass
class Look:
    """One page in one window, and what the browser said about it."""

    page: Page
    said: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    async def axe(self) -> list[str]:
        """What axe finds wrong, a line for each rule."""
        await self.page.evaluate(AXE)
        found: list[str] = await self.page.evaluate(_RUN, TAGS)
        return found


@dataclass
class Eyes:
    """A browser, and the school that it looks at."""

    browser: Browser
    world: World
    address: str

    @asynccontextmanager
    async def look(self, path: str, who: str | None = None, **context: Any) -> AsyncIterator[Look]:  # noqa: ANN401 -- options of a context.
        """A page as somebody sees it in a window of its own."""
        async with self._window(who, **context) as found:
            await found.page.goto(self.world.filled(path), wait_until="load")
            yield found

    async def walk(self, places: Iterable[Place], **context: Any) -> AsyncIterator[tuple[str, Look]]:  # noqa: ANN401 -- options of a context.
        """Each of these pages in turn: of each person one after the other in one window, which is as it was opened.

        Nothing goes on by itself there: a live part that is taken over meanwhile would be no longer what was looked at.
        """
        for who, group in groupby(sorted(places, key=lambda place: str(place[1])), lambda place: place[1]):
            async with self._window(who, **context) as found:
                await found.page.route("**/live/**", lambda _: None)  # It is never answered.
                size = found.page.viewport_size
                for path, _ in group:
                    found.said.clear()
                    found.requests.clear()
                    if size is not None and found.page.viewport_size != size:
                        await found.page.set_viewport_size(size)
                    await found.page.goto(self.world.filled(path), wait_until="load")
                    if context.get("java_script_enabled", True):
                        await until(found.page, _AT_REST)
                    yield path, found

    @asynccontextmanager
    async def _window(self, who: str | None, **context: Any) -> AsyncIterator[Look]:  # noqa: ANN401 -- as above.
        opened = await self.browser.new_context(base_url=self.address, **context)
        opened.set_default_timeout(PATIENCE_SECONDS * 1000)
        if who is not None:
            name = session_cookie(self.world.runtime.settings)
            await opened.add_cookies([{"name": name, "value": await cookie_of(self.world, who), "url": self.address}])
        page = await opened.new_page()
        found = Look(page)
        page.on("console", lambda message: found.said.append(message.text) if message.type in _LOUD else None)
        # A transition between pages that the browser skips is no error of ours.
        page.on("pageerror", lambda error: None if "Transition was" in str(error) else found.said.append(str(error)))
        page.on("request", lambda request: found.requests.append(request.url))
        try:
            yield found
        finally:
            await opened.close()


async def until(page: Page, script: str, of: object = None) -> None:
    """Wait until a function of the page, async or not, or an expression gives true.

    Never by `wait_for_function`: it takes a promise for true, and where the first look at an expression gives false,
    the next one is evaluated in the page, whose content policy refuses that.
    """
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not await page.evaluate(script, of):
            await asyncio.sleep(0.05)


@pytest.fixture(scope="module")
async def chromium() -> AsyncIterator[Browser]:
    """The browser of a file of tests; each window of it is a person of its own."""
    if shutil.which(PROGRAM) is None:
        lacking("Chromium is not installed; .ci/run installs it")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=PROGRAM, args=["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"]
        )
        try:
            yield browser
        finally:
            await browser.close()


@asynccontextmanager
async def eyes(
    browser: Browser,
    database_url: str,
    folder: Path,
    *,
    host: str = "127.0.0.1",
    **changes: Any,  # noqa: ANN401 -- settings of any type.
) -> AsyncIterator[Eyes]:
    """The school behind a port, and a browser in front of it."""
    address = f"http://{host}:{(port := free_port())}"
    async with open_world(database_url, folder, **{"public_base_url": address, **changes}) as world:
        config = uvicorn.Config(world.app, port=port, lifespan="off", log_config=None)
        server = uvicorn.Server(config)
        server.install_signal_handlers = lambda: None  # type: ignore[attr-defined]  # signals are pytest's.
        serving = asyncio.create_task(server._serve())
        try:
            while not server.started:
                await asyncio.sleep(0.01)
            yield Eyes(browser, world, address)
        finally:
            server.should_exit = True
            await serving
