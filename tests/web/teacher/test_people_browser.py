"""A teacher brings thirty people into a course from a list, in a browser: first seen, then done."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Browser

from studium.models import Enrollment
from tests.web.chromium import Eyes, chromium, eyes  # noqa: F401 -- a fixture among them.
from tests.web.teacher.people import bring_in

pytestmark = [pytest.mark.timeout(120), pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)]
PEOPLE = 30


@pytest.fixture
async def school(chromium: Browser, database_url: str, tmp_path: Path) -> AsyncIterator[Eyes]:  # noqa: F811 -- the fixture of that name.
    async with eyes(chromium, database_url, tmp_path) as opened:
        yield opened


@pytest.mark.parametrize(("language", "width"), [("en", 1280), ("ar", 360)])
async def test_thirty_people_from_a_list_and_some_of_them_out_again(school: Eyes, language: str, width: int):
    world = school.world
    names = await bring_in(world, PEOPLE)
    window = {"viewport": {"width": width, "height": 800}, "locale": language}
    async with school.look("/teach/courses/{C1}/learners", "ada", **window) as look:
        page = look.page
        await page.locator("a[href$='/learners/enroll']").click()
        await page.fill("#people", "\n".join(f"{name}@school.example" for name in names))
        await page.locator("form:has(#people) button").click()
        await page.wait_for_selector("#plan")
        assert await page.locator("tbody tr").count() == PEOPLE
        assert await world.count(Enrollment) == 2
        assert await look.axe() == []
        await page.locator("button[value='enroll']").click()
        await page.wait_for_url("**/learners")
        assert await world.count(Enrollment) == 2 + PEOPLE
        for name in names[:2]:
            await page.get_by_label(f"{name.title()} Example").check()
        await page.locator("button[value='drop']").click()
        await page.wait_for_url("**/bulk")
        assert await look.axe() == []
        await page.locator("form[action$='/bulk/do'] button").click()
        await page.wait_for_url("**/learners")
        await page.locator("a.chip[href*='status=dropped']").click()
        await page.wait_for_url("**status=dropped")
        assert await page.locator("tbody tr").count() == 2
        assert look.said == []
