"""The editor of a lesson in a browser: tools, live preview, repairs, and texts that outlive tabs, nets and sessions."""

from pathlib import Path

import pytest
from playwright.async_api import Browser, Page
from sqlalchemy import delete

from studium.models import Lesson, UserSession
from studium.web.visitor import session_cookie
from tests.answers import ok
from tests.web.chromium import Eyes, chromium, eyes, until  # noqa: F401 -- the browser's fixture.
from tests.web.school import cookie_of

pytestmark = pytest.mark.timeout(600)
LESSON = "/teach/courses/{C1}/lessons/{L2}"
_STATE = "() => document.querySelector('md-editor').dataset.state === '%s'"


async def ready(page: Page) -> None:
    await page.wait_for_selector("md-editor[ready]")


async def state(page: Page, wanted: str) -> None:
    await until(page, _STATE % wanted)


async def stored(school: Eyes) -> str | None:
    return (await school.world.row(Lesson, "L2")).content


async def test_tools_preview_and_repairs(chromium: Browser, database_url: str, tmp_path: Path) -> None:  # noqa: F811 -- the fixture.
    async with eyes(chromium, database_url, tmp_path) as school, school.look(LESSON, "ada") as found:
        page, area = found.page, found.page.locator("#content")
        await ready(page)
        await area.fill("words")
        await area.press("ControlOrMeta+A")
        await area.press("ControlOrMeta+B")
        assert await area.input_value() == "**words**"
        await page.wait_for_selector("#seen strong")
        await state(page, "saved")
        assert await stored(school) == "**words**"
        await area.fill("See [here](x).")
        await page.locator("#words-0").fill("the map")
        await page.locator("[name=repair]").click()
        await until(page, "() => document.querySelector('#content').value === 'See [the map](x).'")
        await page.wait_for_selector("#remarks .badge.good")
        await page.locator("button[form=ed]").click()
        await state(page, "saved")
        assert await stored(school) == "See [the map](x)."
        assert found.said == []


async def test_a_text_outlives_the_net_the_session_and_the_tab(
    chromium: Browser,  # noqa: F811 -- the fixture.
    database_url: str,
    tmp_path: Path,
) -> None:
    async with eyes(chromium, database_url, tmp_path) as school, school.look(LESSON, "ada") as found:
        page, world = found.page, school.world
        await ready(page)
        await page.context.set_offline(True)
        await page.locator("#content").fill("Without a net.")
        await until(page, "() => document.querySelector('#saved-state').classList.contains('kept')")
        assert await page.locator("[data-bar]").is_visible()
        await page.close()
        await page.context.set_offline(False)
        page = await found.page.context.new_page()
        await page.goto(world.filled(LESSON))
        await state(page, "saved")
        assert await stored(school) == "Without a net."
        async with world.runtime.database.write_session() as session:
            await session.execute(delete(UserSession).where(UserSession.user_id == world.ids["ada"]))
        await page.locator("#content").fill("Without a session.")
        await state(page, "ended")
        name = session_cookie(world.runtime.settings)
        cookie = await cookie_of(world, "ada")
        await page.context.add_cookies([{"name": name, "value": cookie, "url": school.address}])
        await page.evaluate("dispatchEvent(new Event('focus'))")
        await state(page, "saved")
        assert await stored(school) == "Without a session."


async def test_another_text_and_another_tab_are_never_overwritten_unseen(
    chromium: Browser,  # noqa: F811 -- the fixture.
    database_url: str,
    tmp_path: Path,
) -> None:
    async with eyes(chromium, database_url, tmp_path) as school, school.look(LESSON, "ada") as found:
        first, world = found.page, school.world
        await ready(first)
        second = await first.context.new_page()
        await second.goto(world.filled(LESSON))
        await state(second, "elsewhere")
        assert await second.locator("#content").get_attribute("readonly") is not None
        await first.locator("#content").fill("Of the first tab.")
        await second.locator("[data-do=take]").click()
        await ready(second)
        assert await second.locator("#content").input_value() == "Of the first tab."
        await state(first, "elsewhere")
        ok(await world.call("root", "PATCH", "/courses/{C1}/lessons/{L2}", json={"content": "Of somebody else."}))
        await second.locator("#content").fill("Mine.")
        await state(second, "behind")
        for _ in range(2):
            await second.reload()
            await state(second, "behind")
        assert await stored(school) == "Of somebody else."
        async with second.expect_navigation():
            await second.locator("[data-do=compare]").click()
        await ready(second)
        assert await second.locator(".compare del").all_inner_texts() == ["Of somebody else."]
        async with second.expect_navigation():
            await second.locator("section[aria-labelledby=both] button:not([name])").click()
        assert await stored(school) == "Mine."
