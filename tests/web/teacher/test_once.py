"""Two clicks on one button are one request."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Browser
from sqlalchemy import select

from studium.models import Lesson
from tests.web.chromium import Eyes, chromium, eyes  # noqa: F401 -- a fixture among them.

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
async def school(chromium: Browser, database_url: str, tmp_path: Path) -> AsyncIterator[Eyes]:  # noqa: F811 -- the fixture of that name.
    async with eyes(chromium, database_url, tmp_path) as opened:
        yield opened


async def test_a_double_click_adds_one_lesson(school: Eyes):
    path = school.world.filled("/teach/courses/{C1}/outline")
    async with school.look(path, "ada") as look:
        for title in ("Once", "Again"):
            await look.page.fill("input[name=title]", title)
            form = look.page.locator("form[action$='/add']")
            async with look.page.expect_navigation():
                await form.get_by_role("button").dblclick(no_wait_after=True)
            await look.page.wait_for_load_state()
    async with school.world.runtime.database.read_session() as session:
        titles = list(await session.scalars(select(Lesson.title)))
    assert (titles.count("Once"), titles.count("Again")) == (1, 1)
