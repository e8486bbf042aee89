"""Devices of a learner that go wrong: a browser with a profile of its own, which may be killed, behind a bad line."""

import asyncio
import os
import signal
import subprocess
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic
from typing import Any, Literal, Self

from playwright.async_api import BrowserContext, Page, Playwright
from playwright.async_api import Error as PlaywrightError

from tests.web.chromium import PROGRAM

PATIENCE_SECONDS = 600
"""A busy machine takes as long as it takes: only a device that hangs meets this."""

LineState = Literal["open", "cut", "deaf"]
Value = tuple[str, ...]

SAVED, KEPT, BOTH = "Saved", "Kept on this device", "Answered on two devices"
_UNSETTLED = ("Saving", KEPT, "Not saved yet", "This has characters")
_ARGUMENTS = (
    *("--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu", "--no-first-run"),
    *("--no-default-browser-check", "--disable-background-networking", "--disable-component-update", "--disable-sync"),
    *("--disable-background-timer-throttling", "--disable-renderer-backgrounding", "--password-store=basic"),
    *("--disable-extensions", "--disable-breakpad", "--remote-debugging-port=0"),
)
_LOOK = """
  const read = section => {
    const fields = [...section.querySelectorAll("[name^='a-']")];
    const isChoice = fields[0].type === "radio" || fields[0].type === "checkbox";
    const quoted = section.querySelector(".both blockquote")?.textContent ?? null;
    const named = text => fields.find(one => one.labels[0].textContent.trim() === text).value;
    const other = quoted === null ? null : quoted === "nothing" ? []
      : isChoice ? quoted.split(" · ").map(named).sort() : [quoted];
    const value = isChoice ? fields.filter(one => one.checked).map(one => one.value).sort()
      : fields[0].value ? [fields[0].value] : [];
    const isReady = section.closest("quiz-attempt").hasAttribute("ready");
    return [section.dataset.place, section.querySelector(".saved").textContent.trim(), value, other, isReady];
  };
"""
"""What a person sees of a question: what the page says of it, the answer, and the other one that is shown beside it."""
_WATCH = f"""(() => {{ {_LOOK}
  new MutationObserver(records => {{
    for (const section of new Set(records.map(one => one.target))) noted(read(section));
  }}).observe(document, {{subtree: true, attributes: true, attributeFilter: ["data-state"]}});
}})()"""
_ALL = f"""() => {{ {_LOOK} return [...document.querySelectorAll("[data-question]")].map(read); }}"""
_GIVE = """([place, value]) => {
  if (!document.querySelector("quiz-attempt[ready]") || document.querySelector("#quiz").inert) return false;
  const fields = document.querySelectorAll(`[name='a-${place}']`);
  for (const one of fields) {
    if (one.type === "radio" || one.type === "checkbox") one.checked = value.includes(one.value);
    else one.value = value[0] ?? "";
  }
  fields[0].dispatchEvent(new Event("input", {bubbles: true}));
  return true;
}"""
_CHOOSE = "([place, which]) => document.querySelector(`#q${place} .both [data-do='${which}']`).click()"
_BOX = """async () => {
  const database = await new Promise(done => {
    indexedDB.open("studium-quiz", 1).onsuccess = event => done(event.target.result);
  });
  const found = await new Promise(done => {
    database.transaction("answers").objectStore("answers").getAll().onsuccess = event => done(event.target.result);
  });
  database.close();
  return found.map(one => [document.querySelector(`[data-question='${one.question}']`).dataset.place,
    one.pending ? one.value : null, one.other]);
}"""


class Line:
    """The connection of one device to the server. It can be cut, or lose every answer on the way back."""

    def __init__(self, server_port: int) -> None:
        self.server_port = server_port
        self.state: LineState = "open"
        self._ends: set[asyncio.StreamWriter] = set()
        self._listening: asyncio.Server | None = None

    @classmethod
    async def to(cls, server_port: int) -> Self:
        """A line to the server, which listens on a port of its own."""
        line = cls(server_port)
        line._listening = await asyncio.start_server(line._carry, "127.0.0.1", 0)
        return line

    @property
    def address(self) -> str:
        assert self._listening is not None
        return f"http://127.0.0.1:{self._listening.sockets[0].getsockname()[1]}"

    def become(self, state: LineState) -> None:
        """Change; a cut ends what is under way."""
        self.state = state
        if state == "cut":
            self._hang_up()

    def close(self) -> None:
        assert self._listening is not None
        self._listening.close()
        self._hang_up()

    def _hang_up(self) -> None:
        for end in self._ends:
            end.transport.abort()

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.state == "cut":
            writer.close()
            return
        try:
            answers, requests = await asyncio.open_connection("127.0.0.1", self.server_port)
        except OSError:
            writer.close()
            return
        ends = {writer, requests}
        self._ends |= ends
        try:
            await asyncio.gather(self._pump(reader, requests), self._pump(answers, writer, is_answer=True))
        finally:
            self._ends -= ends

    async def _pump(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, *, is_answer: bool = False) -> None:
        with suppress(OSError):
            while data := await source.read(65_536):
                if is_answer and self.state == "deaf":
                    break
                sink.write(data)
                await sink.drain()
        sink.close()


def _value(told: list[str] | None) -> Value | None:
    return None if told is None else tuple(told)


@dataclass(frozen=True)
class Note:
    """What a page showed of a question at some moment: in words, the answer, and another one beside it."""

    place: int
    said: str
    value: Value
    other: Value | None
    is_ready: bool
    """Whether the page had taken up what the device keeps; before that nobody can answer."""

    @classmethod
    def of(cls, told: list[Any]) -> "Note":
        place, said, value, other, is_ready = told
        return cls(int(place), said, tuple(value), _value(other), is_ready)

    @property
    def is_promise(self) -> bool:
        return self.said.startswith((SAVED, KEPT))


@dataclass(frozen=True)
class Given:
    """An answer that the learner gave on a device; without a value, the one of the device that was let go."""

    place: int
    value: Value | None


@dataclass
class Device:
    """One browser of the learner, with one page that shows the attempt, and all that it ever said."""

    name: str
    playwright: Playwright
    profile: Path
    line: Line
    path: str
    cookie: tuple[str, str]
    told: list[Note | Given] = field(default_factory=list)
    page: Page | None = None
    _process: "subprocess.Popen[bytes] | None" = None
    _context: BrowserContext | None = None

    @property
    def context(self) -> BrowserContext:
        assert self._context is not None
        return self._context

    def of(self, place: int) -> list[Note | Given]:
        """What was shown of a question and given to it, in this order."""
        return [one for one in self.told if one.place == place]

    async def start(self) -> None:
        """Start the browser on its profile, and log in: a killed browser may have lost its cookies."""
        self.profile.mkdir(exist_ok=True)
        port_file = self.profile / "DevToolsActivePort"
        port_file.unlink(missing_ok=True)
        self._process = self._run()
        began = monotonic()
        while not (port_file.exists() and (lines := port_file.read_text().split())):
            assert self._process.poll() is None, "the browser ended at once"
            assert monotonic() - began < PATIENCE_SECONDS, "the browser does not start"
            await asyncio.sleep(0.02)
        browser = await self.playwright.chromium.connect_over_cdp(f"http://127.0.0.1:{lines[0]}")
        self._context = browser.contexts[0]
        self._context.set_default_timeout(PATIENCE_SECONDS * 1000)
        name, value = self.cookie
        await self.context.add_cookies([{"name": name, "value": value, "url": self.line.address}])
        await self.equip()
        await self.context.clock.install()

    async def equip(self) -> None:
        """Note what the page says."""
        await self.context.expose_binding("noted", lambda _, told: self.told.append(Note.of(told)))
        await self.context.add_init_script(_WATCH)

    def _run(self) -> "subprocess.Popen[bytes]":
        program = [PROGRAM, f"--user-data-dir={self.profile}", *_ARGUMENTS, "about:blank"]
        with (self.profile / "browser.log").open("ab") as log:
            return subprocess.Popen(program, stdout=log, stderr=log, start_new_session=True)

    def kill(self) -> None:
        """Kill the browser with all its processes, at once."""
        if self._process is not None:
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
        self._process = self._context = self.page = None

    async def open(self) -> None:
        """Open the attempt; where the browser was killed, start it first. It is the only page, and answers."""
        if self._context is None:
            await self.start()
        before, self.page = self.page, await self.context.new_page()
        await self.page.goto(self.line.address + self.path)
        if before is not None:
            await self.page.locator("[data-do=take]").click()
        await self.page.wait_for_selector("quiz-attempt[ready]")
        if before is not None:
            await before.close()

    async def close(self) -> None:
        """Close the tab; nobody waits for what it still sends."""
        if self.page is not None:
            page, self.page = self.page, None
            await page.close()

    async def give(self, place: int, value: Value) -> None:
        """Answer a question, where the page lets one."""
        if self.page is None:
            return
        given = Given(place, value)
        self.told.append(given)
        if not await self.page.evaluate(_GIVE, [str(place), list(value)]):
            self.told.remove(given)

    async def choose(self, note: Note, *, mine: bool) -> None:
        """Where both answers of two devices are shown: use that of this device, or keep the saved one."""
        assert self.page is not None
        self.told.append(Given(note.place, note.other if mine else None))
        await self.page.evaluate(_CHOOSE, [str(note.place), "mine" if mine else "saved"])

    async def submit(self) -> None:
        """Submit by the buttons of the page, where nothing is left to decide."""
        assert self.page is not None
        await self.page.locator(".quizbar .main").click()
        await self.page.locator("#quiz-submit .main").click()
        await self.page.wait_for_url("**/result")

    async def pass_time(self, seconds: float, *, asleep: bool = False) -> None:
        """Let time pass on the device, at once: with all that happens meanwhile, or in one leap after a sleep."""
        if self._context is None:
            return
        if asleep:
            await self.context.clock.fast_forward(int(seconds * 1000))
            return
        steps = min(8, 1 + int(seconds / 2))
        for _ in range(steps):
            await self.context.clock.run_for(int(seconds * 1000 / steps))
            await asyncio.sleep(0.02)

    async def look(self) -> list[Note]:
        """What the page shows of every question."""
        return [] if self.page is None else [Note.of(told) for told in await self.page.evaluate(_ALL)]

    async def box(self) -> dict[int, tuple[Value | None, Value | None]]:
        """What the device keeps: the answer that waits to be sent, and the one that another device's stands against."""
        assert self.page is not None
        found = await self.page.evaluate(_BOX)
        return {int(place): (_value(waiting), _value(other)) for place, waiting, other in found}

    async def settle(self) -> None:
        """Wait until the page has nothing any more that the server does not have, or another stands against."""
        began = monotonic()
        while waiting := [note for note in await self.look() if note.said.startswith(_UNSETTLED)]:
            assert monotonic() - began < PATIENCE_SECONDS, f"{self.name} does not come to rest: {waiting}"
            await self.pass_time(10)
            await asyncio.sleep(0.05)

    async def set_offline(self, *, offline: bool) -> None:
        with suppress(PlaywrightError):  # A browser that was killed meanwhile is started anew, with its net.
            await self.context.set_offline(offline)
