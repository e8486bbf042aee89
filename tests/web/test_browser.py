"""Every page in a real browser: axe, widths, themes, keyboard, no request to elsewhere, budgets of the catalogue."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Browser

from studium.models import Lesson
from tests.answers import ok
from tests.web.admin.imports import add_imports
from tests.web.attempts import take_quizzes
from tests.web.chromium import Eyes, Place, chromium, eyes  # noqa: F401 -- a fixture among them.
from tests.web.pages import BESIDES, CALLERS, NO_PAGES, OWN, PLACES, ROWS, STAFF
from tests.web.teacher.imports import add_course_imports
from tests.world import World

pytestmark = [pytest.mark.timeout(240), pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)]
LOOKS = [
    ("en", "light", 1280),
    ("ar", "dark", 360),
    pytest.param("ar", "light", 1280, marks=pytest.mark.slow),
    pytest.param("en", "dark", 360, marks=pytest.mark.slow),
    pytest.param("en", "dark", 1280, marks=pytest.mark.slow),
    pytest.param("ar", "dark", 1280, marks=pytest.mark.slow),
    pytest.param("en", "light", 360, marks=pytest.mark.slow),
    pytest.param("ar", "light", 360, marks=pytest.mark.slow),
]
PAGE_BYTES, PAGE_REQUESTS = 20 * 1024, 6
NEXT_BYTES, NEXT_REQUESTS = 8 * 1024, 2
_FOCUSABLE = """() => [...document.querySelectorAll(
  "a[href], button:enabled, input:not([type=hidden]), select, summary, video, [tabindex='0']")]
  .filter(one => one.checkVisibility())
  .filter(one => one.type !== "radio" || one === (document.querySelector(`[name="${one.name}"]:checked`)
    ?? document.querySelector(`[name="${one.name}"]`))).length"""
_INSIDE_DATES = "4 * document.querySelectorAll('input[type=date]').length"
"""Presses of Tab that stay in one field: day, month, year and calendar."""
_FOCUSED = """() => {
  const one = document.activeElement;
  if (!one || one === document.body || one === window.before) return null;
  window.before = one;
  one.dataset.seen = "1";
  const book = one.closest("li")?.querySelector(".book"), box = one.getBoundingClientRect();
  const ring = [one, book].some(each => each && getComputedStyle(each).outlineStyle !== "none");
  return [ring, box.width > 0 && box.height > 0, one.outerHTML.slice(0, 90)];
}"""


@pytest.fixture
async def school(chromium: Browser, database_url: str, tmp_path: Path) -> AsyncIterator[Eyes]:  # noqa: F811 -- the fixture of that name.
    async with eyes(chromium, database_url, tmp_path) as opened:
        await fill(opened.world)
        yield opened


async def fill(world: World) -> None:
    """What pages show beside the world of all tests: attempts, versions of a lesson, imports of people and courses."""
    await take_quizzes(world)
    for line in ("A line of the first version, long enough to be wider than a phone.", "Another line."):
        ok(await world.call("ada", "PATCH", "/courses/{C1}/lessons/{L1}", json={"content": f"What stays.\n\n{line}"}))
    await add_imports(world)
    await add_course_imports(world)


def who_sees(path: str) -> str | None:
    """Who is shown the page itself and not sent on: the first of a learner, nobody, the teacher and an admin."""
    answers = dict(zip(CALLERS, ROWS[path], strict=True))
    return next(who for who in ("sam", None, "ada", "root") if answers[who] == 200)


def places(group: str = "everybody") -> list[Place]:
    """The pages of one group, each with who looks at it: those of `everybody`, and those of the `staff` alone."""
    shown = [(PLACES.get(path, path), who_sees(path)) for path in ROWS if 200 in ROWS[path] and path not in NO_PAGES]
    shown += [*((path, None) for path in BESIDES), *((path, "sam") for path in OWN), *STAFF]
    return [(path, who) for path, who in shown if (who in {"ada", "root"}) == (group == "staff")]


GROUPS = pytest.mark.parametrize("group", ["everybody", "staff"])


@GROUPS
@pytest.mark.parametrize(("language", "theme", "width"), LOOKS)
async def test_every_page_is_for_everybody(school: Eyes, language: str, theme: str, width: int, group: str):
    window = {"viewport": {"width": width, "height": 800}, "color_scheme": theme, "locale": language}
    wrong: list[str] = []
    async for path, look in school.walk(places(group), **window):
        said = [line for line in look.said if "status of 404" not in line]
        wide = await look.page.evaluate("document.documentElement.scrollWidth")
        wrong += [f"{path}: {line}" for line in [*said, *await look.axe()]]
        wrong += [f"{path}: {url}" for url in look.requests if not url.startswith(school.address)]
        wrong += [f"{path}: {wide} wide"] if wide > width else []
    assert wrong == []


@GROUPS
async def test_no_page_scrolls_sideways_narrow_or_with_large_text(school: Eyes, group: str):
    wrong = []
    async for path, look in school.walk(places(group), viewport={"width": 320, "height": 700}):
        narrow = await look.page.evaluate("document.documentElement.scrollWidth")
        await look.page.set_viewport_size({"width": 640, "height": 700})
        await look.page.evaluate("document.documentElement.style.fontSize = '200%'")
        large = await look.page.evaluate("document.documentElement.scrollWidth")
        wrong += [f"{path}: {narrow}, {large}"] if narrow > 320 or large > 640 else []
    assert wrong == []


@GROUPS
async def test_everything_is_reached_by_tab_and_seen_there(school: Eyes, group: str):
    wrong = []
    async for path, look in school.walk(places(group), viewport={"width": 1280, "height": 800}):
        await look.page.evaluate("document.activeElement?.blur()")
        wanted = await look.page.evaluate(_FOCUSABLE)
        inside = await look.page.evaluate(_INSIDE_DATES)
        for _ in range(wanted + 1 + inside):
            await look.page.keyboard.press("Tab")
            found = await look.page.evaluate(_FOCUSED)
            wrong += [f"{path}: {found}"] if found is not None and not all(found[:2]) else []
        seen = await look.page.evaluate("document.querySelectorAll('[data-seen]').length")
        wrong += [f"{path}: {seen} of {wanted}"] if seen < wanted else []
    assert wrong == []


@GROUPS
async def test_every_page_works_without_scripts_in_forced_colours_and_in_print(school: Eyes, group: str):
    async for path, look in school.walk(places(group), java_script_enabled=False, forced_colors="active"):
        await look.page.emulate_media(media="screen")
        assert await look.page.locator("h1").count() == 1
        await look.page.emulate_media(media="print")
        assert await look.page.locator("h1").is_visible(), path
        assert look.said == [] or "404" in look.said[0]


async def _bytes(look_page: object, school: Eyes, path: str) -> tuple[int, int]:
    """Bytes on the wire, headers included, and requests, of opening a page in this window."""
    session = await look_page.context.new_cdp_session(look_page)  # type: ignore[attr-defined]  # the caller passes one.
    seen: list[int] = []
    session.on("Network.loadingFinished", lambda event: seen.append(int(event["encodedDataLength"])))
    await session.send("Network.enable")
    await look_page.goto(path, wait_until="networkidle")  # type: ignore[attr-defined]  # the caller passes one.
    del school
    return sum(seen), len([size for size in seen if size])


async def test_the_catalogue_is_light(school: Eyes):
    async with school.look("about:blank", viewport={"width": 1280, "height": 800}) as look:
        first = await _bytes(look.page, school, "/courses")
        further = await _bytes(look.page, school, "/help")
    assert first[0] <= PAGE_BYTES
    assert first[1] <= PAGE_REQUESTS
    assert further[0] <= NEXT_BYTES
    assert further[1] <= NEXT_REQUESTS


async def test_nothing_moves_while_a_page_loads(school: Eyes):
    async with school.look("about:blank", viewport={"width": 360, "height": 740}) as look:
        await look.page.add_init_script(
            "window.moved = 0; new PerformanceObserver(list => { for (const one of list.getEntries()) "
            "window.moved += one.value; }).observe({type: 'layout-shift', buffered: true});"
        )
        for path in ("/courses", "/login", "/help"):
            await look.page.goto(path, wait_until="networkidle")
            assert await look.page.evaluate("window.moved") == 0, path


async def test_a_video_says_where_it_stands_when_it_is_left(school: Eyes):
    async with school.world.runtime.database.write_session() as session:
        row = await session.get_one(Lesson, school.world.ids["L2"])
        row.video_url = f"/api/v1/files/{school.world.ids['F3']}/download"
    async with school.look("/courses/course-c1/lesson-l2", "sam") as look:
        async with look.page.expect_response("**/progress") as answered:
            await look.page.evaluate(
                """async () => {
                  const video = document.querySelector("video");
                  await customElements.whenDefined("video-progress");
                  for (const second of [40, 41, 42]) {
                    Object.defineProperty(video, "currentTime", {value: second, configurable: true});
                    video.dispatchEvent(new Event("timeupdate"));
                  }
                  video.dispatchEvent(new Event("pause"));
                }"""
            )
        assert (await answered.value).status == 204
        await look.page.reload()
        assert str(await look.page.get_attribute("video", "src")).endswith("#t=42")
        assert look.said == []


async def test_a_learner_logs_in_by_keyboard_and_out_again(school: Eyes):
    async with school.look("/login", viewport={"width": 360, "height": 740}) as look:
        page = look.page
        await page.locator("#email").focus()
        await page.keyboard.type("sam@school.example")
        await page.keyboard.press("Tab")
        await page.keyboard.type("not my password")
        await page.keyboard.press("Enter")
        await page.wait_for_selector("[role=alert]")
        assert await page.evaluate("document.activeElement.getAttribute('role')") == "alert"
        await page.fill("#password", "violet kettle 41")
        await page.keyboard.press("Enter")
        await page.wait_for_url("**/home")
        await page.goto("/account")
        await page.get_by_role("button", name="Log out").click()
        await page.wait_for_url("**/login")
        assert await page.locator("[role=status]").inner_text() == "You are logged out."
