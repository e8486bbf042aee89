"""Lessons that a device keeps: read without a connection, made new with one, gone at log-out."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, expect

from studium.models import Lesson
from studium.web.visitor import session_cookie
from tests.files.test_png import png
from tests.web.chromium import Eyes, chromium, eyes, until  # noqa: F401 -- a fixture among them.
from tests.web.school import cookie_of

LESSON, OTHER = "/courses/course-c1/lesson-l1", "/courses/course-c1/lesson-l2"
_TEXT = f"""async () =>
  (await (await caches.match("{LESSON}", {{ ignoreVary: true }})).text()).includes("The second text")"""
_NOTHING = """async () =>
  (await caches.keys()).length === 0 && (await navigator.serviceWorker.getRegistrations()).length === 0"""
_EMPTY = "async () => (await (await caches.open('studium-lessons')).keys()).length === 0"
pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
async def school(chromium: Browser, database_url: str, tmp_path: Path) -> AsyncIterator[Eyes]:  # noqa: F811 -- the fixture of that name.
    async with eyes(chromium, database_url, tmp_path, host="localhost") as opened:
        picture = {"file": ("bee.png", png(), "image/png")}
        answer = await opened.world.call("ada", "POST", "/files/upload", files=picture, data={"is_public": "true"})
        await write(opened, f"The first text. ![A bee]({answer.json()['file_url']})")
        yield opened


async def write(school: Eyes, content: str) -> None:
    async with school.world.runtime.database.write_session() as session:
        lesson = await session.get(Lesson, school.world.ids["L1"])
        assert lesson is not None
        lesson.content = content


async def keep(page: Page) -> None:
    await page.locator("offline-lesson button").first.click()
    await expect(page.locator("offline-lesson [role=status]")).to_contain_text("Kept on this device")


async def test_a_kept_lesson_is_read_without_a_connection(school: Eyes):
    async with school.look(LESSON, "sam") as look:
        page, context = look.page, look.page.context
        await keep(page)
        assert await look.axe() == []
        await page.goto(OTHER)
        await context.set_offline(True)
        await page.goto(f"{LESSON}?at=3")
        assert "The first text." in await page.locator(".prose").inner_text()
        assert await page.evaluate("document.styleSheets[0].cssRules.length > 0")
        assert await page.locator(".prose img").evaluate("one => one.complete && one.naturalWidth > 0")
        await page.goto(OTHER)  # This one is not kept: the list of those that are stands in its place.
        await page.locator("offline-list li a").click()
        assert "The first text." in await page.locator(".prose").inner_text()
        await context.set_offline(False)
        await write(school, "The second text.")
        await page.goto(LESSON)
        await until(page, _TEXT)
        await context.set_offline(True)
        await page.goto(LESSON)
        assert "The second text." in await page.locator(".prose").inner_text()
        assert look.said == []


async def test_what_is_kept_is_listed_removed_and_gone_after_log_out(school: Eyes):
    async with school.look(LESSON, "sam") as look:
        page = look.page
        await keep(page)
        await page.goto(OTHER)
        await keep(page)
        await page.goto("/offline")
        await expect(page.locator("offline-list li bdi")).to_have_text(["Lesson L1", "Lesson L2"])
        assert await look.axe() == []
        await page.locator("offline-list li button").first.click()
        await expect(page.locator("offline-list li")).to_have_count(1)
        await page.goto(LESSON)
        await expect(page.locator("offline-lesson button").first).to_be_visible()
        await page.goto("/account/security")
        await page.locator("form[action='/logout'] button").first.click()
        await page.wait_for_url("**/login**")
        await until(page, _NOTHING)


async def test_a_lesson_is_kept_again_after_it_was_removed(school: Eyes):
    async with school.look(LESSON, "sam") as look:
        await keep(look.page)
        await look.page.locator("offline-lesson button").last.click()
        await until(look.page, _EMPTY)
        await keep(look.page)


async def test_what_somebody_kept_who_did_not_log_out_is_gone_for_the_next(school: Eyes):
    async with school.look(LESSON, "sam") as look:
        page = look.page
        await keep(page)
        await page.goto("/courses")
        assert await page.evaluate("caches.has('studium-lessons')")
        await page.context.clear_cookies()
        await page.goto("/courses")
        assert await page.evaluate("caches.has('studium-lessons')")  # Nobody is no other person.
        name = session_cookie(school.world.runtime.settings)
        value = await cookie_of(school.world, "ada")
        await page.context.add_cookies([{"name": name, "value": value, "url": school.address}])
        await page.goto("/home")
        await until(page, "async () => !(await caches.has('studium-lessons'))")


async def test_a_lesson_that_cannot_be_kept_says_so(school: Eyes):
    async with school.look(LESSON, "sam") as look:
        await look.page.context.set_offline(True)
        await look.page.locator("offline-lesson button").first.click()
        await expect(look.page.locator("offline-lesson [role=status]")).to_contain_text("could not be kept")
        assert await look.page.locator("offline-lesson button").first.is_visible()
