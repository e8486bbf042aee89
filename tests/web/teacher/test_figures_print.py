"""The figures of a course on paper."""

from pathlib import Path

import pytest
from playwright.async_api import Browser

from tests.web.attempts import take_quizzes
from tests.web.chromium import chromium, eyes  # noqa: F401 -- a fixture.

pytestmark = [pytest.mark.timeout(240), pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)]


@pytest.mark.slow
async def test_figures_of_twelve_weeks_are_one_page(chromium: Browser, database_url: str, tmp_path: Path):  # noqa: F811 -- the fixture of that name.
    async with eyes(chromium, database_url, tmp_path) as school:
        await take_quizzes(school.world)
        await school.world.jobs()
        for language in ("en", "ar"):
            window = {"viewport": {"width": 1280, "height": 800}, "locale": language}
            async with school.look("/teach/courses/{C1}/figures", "ada", **window) as look:
                printed = await look.page.pdf(format="A4")
                assert printed.count(b"/Type /Page\n") == 1, language
