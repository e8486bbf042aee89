"""A course is made, put in order and published by keyboard; what scripts add: no page in between, dialogs, dragging."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, Route, expect

from studium.models import Course
from tests.importing.studio import BICYCLE, contents, zipped
from tests.web.chromium import Eyes, chromium, eyes  # noqa: F401 -- a fixture among them.

pytestmark = [pytest.mark.timeout(120), pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)]
OUTLINE = "/teach/courses/{C1}/outline"
WAYS = {
    "keyboard": ("en", True, "is now at place 1 of 3."),
    "keyboard in Arabic": ("ar", True, "في الموضع 1 من 3."),
    "no script": ("en", False, "is now at place 1 of 3."),
}


@pytest.fixture
async def school(chromium: Browser, database_url: str, tmp_path: Path) -> AsyncIterator[Eyes]:  # noqa: F811 -- the fixture of that name.
    async with eyes(chromium, database_url, tmp_path) as opened:
        yield opened


async def titles(page: Page) -> list[str]:
    return await page.locator(".editrow .title bdi").all_text_contents()


async def focused(page: Page) -> str:
    """The name of the control that has the focus."""
    found: str = await page.evaluate("document.activeElement?.name || document.activeElement?.id || ''")
    return found


async def press(page: Page, selector: str) -> None:
    """Go to a control and press Enter on it."""
    await page.locator(selector).focus()
    await page.keyboard.press("Enter")


@pytest.mark.parametrize("way", WAYS)
async def test_a_course_is_made_and_published_by_keyboard(school: Eyes, way: str):
    language, has_script, sentence = WAYS[way]
    window = {"viewport": {"width": 360, "height": 740}, "locale": language, "java_script_enabled": has_script}
    async with school.look("/teach/courses/new", "ada", **window) as look:
        page = look.page
        await page.locator("#title").focus()
        await page.keyboard.type("Knots")
        await page.keyboard.press("Enter")
        await page.wait_for_url("**/outline")
        await page.locator("#title").focus()
        for number, lesson in enumerate(("Begin", "Ropes", "End"), 1):
            await page.keyboard.type(lesson)
            await page.keyboard.press("Enter")
            await expect(page.locator(".editrow")).to_have_count(number)
            assert await focused(page) == "title"
        assert await titles(page) == ["Begin", "Ropes", "End"]
        await press(page, "li:nth-child(3) button[name=up]")
        await expect(page.locator("#said")).to_contain_text("2")
        assert await focused(page) == "up"
        await page.keyboard.press("Enter")
        await expect(page.locator("#said")).to_contain_text(sentence)
        assert await titles(page) == ["End", "Begin", "Ropes"]
        assert await focused(page) == "down"
        await press(page, "#said button[name=back]")
        await expect(page.locator("#said button[name=back]")).to_have_count(0)
        assert await titles(page) == ["Begin", "End", "Ropes"]
        await page.goto(page.url.partition("/outline")[0] + "/publish")
        await press(page, "main form button.main")
        await expect(page.locator(".flash.good")).to_be_visible()
        assert look.said == []


async def test_a_deletion_is_asked_for_in_a_dialog_that_leads_back(school: Eyes):
    async with school.look(f"{OUTLINE}/{{L4}}", "ada") as look:
        page = look.page
        await press(page, "confirm-form a")
        await expect(page.locator("dialog[open]")).to_be_visible()
        assert await look.axe() == []
        await press(page, "dialog [data-keep]")
        await expect(page.locator("dialog")).to_have_count(0)
        assert await page.evaluate("document.activeElement.matches('confirm-form a')")
        await press(page, "confirm-form a")
        await press(page, "dialog button.danger")
        await page.wait_for_url("**/outline")
        assert await titles(page) == ["Lesson L1", "Lesson L2", "Lesson L3"]
        assert look.said == []


async def test_a_mouse_drags_a_lesson_before_after_and_below_another(school: Eyes):
    async with school.look(OUTLINE, "ada", viewport={"width": 1280, "height": 900}) as look:
        page = look.page
        row = "li[data-id]:has(> .editrow bdi:text-is('Lesson L%d')) > .editrow"

        async def drag(which: int, onto: int, height: float, expected: list[str]) -> None:
            box = await page.locator(row % onto).bounding_box()
            assert box is not None
            where = {"x": box["width"] / 2, "y": box["height"] * height}
            await page.drag_and_drop(row % which, row % onto, target_position=where)  # type: ignore[arg-type]  # a position.
            await expect(page.locator(".editrow .title bdi")).to_have_text(expected)

        await drag(4, 1, 0.1, ["Lesson L4", "Lesson L1", "Lesson L2", "Lesson L3"])
        await drag(1, 3, 0.9, ["Lesson L4", "Lesson L2", "Lesson L3", "Lesson L1"])
        await drag(3, 4, 0.5, ["Lesson L4", "Lesson L3", "Lesson L2", "Lesson L1"])
        assert await page.locator("ol ol .title bdi").all_text_contents() == ["Lesson L3"]
        assert look.said == []


async def test_a_refused_move_and_a_session_that_ended_are_shown_as_pages(school: Eyes):
    async with school.look(OUTLINE, "ada") as look:
        page = look.page
        await page.context.clear_cookies()
        await press(page, "li:nth-child(2) button[name=up]")
        await page.wait_for_url(lambda url: "/login" in url or url.endswith("/outline"))
        await expect(page.locator("#password")).to_be_visible()


async def test_an_import_is_sent_with_its_progress_cancelled_refused_and_followed(school: Eyes, tmp_path: Path):
    course = tmp_path / "bicycle.zip"
    course.write_bytes(zipped({f"b/{name}": content for name, content in contents(BICYCLE).items()}))
    (tmp_path / "empty.zip").write_bytes(b"")
    async with school.look("/teach/import", "ada") as look:
        page, world = look.page, school.world
        held: list[Route] = []
        await page.route("**/teach/upload/course*", lambda route: held.append(route))  # noqa: PLW0108 -- Playwright marks it.
        await page.set_input_files("#file", course)
        await press(page, "button[name=dry_run]")
        await expect(page.locator("progress")).to_be_visible()
        await page.keyboard.press("Enter")
        await expect(page.locator("progress")).to_have_count(0)
        assert await focused(page) == "dry_run"
        await page.unroute_all(behavior="ignoreErrors")
        await page.set_input_files("#file", tmp_path / "empty.zip")
        await press(page, "button[name=dry_run]")
        await expect(page.locator(".summary")).to_be_focused()
        await page.set_input_files("#file", course)
        await press(page, "file-drop button:not([name])")
        await page.wait_for_url("**/teach/import/*")
        before = await world.count(Course)
        await world.jobs()
        await expect(page.locator(".stats")).to_be_visible(timeout=20_000)
        assert await world.count(Course) == before + 1
        assert [line for line in look.said if "422" not in line] == []
