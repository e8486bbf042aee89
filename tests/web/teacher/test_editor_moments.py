"""The moments in which a text could get lost between keys, device, tabs and server, each made on purpose."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, Route

from studium.models import Lesson
from tests.answers import ok
from tests.web.chromium import SHORT_PATIENCE, Eyes, Look, chromium, eyes, until  # noqa: F401 -- the browser's fixture.

pytestmark = [pytest.mark.timeout(600), pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)]
LESSON = "/teach/courses/{C1}/lessons/{L2}"
_KEPT = """async () => {
  const database = await new Promise(done => {
    indexedDB.open("studium-texts", 1).onsuccess = event => done(event.target.result);
  });
  const found = await new Promise(done => {
    database.transaction("texts").objectStore("texts").getAll().onsuccess = event => done(event.target.result);
  });
  database.close();
  return found.some(one => one.fields?.content === "%s");
}"""
_TYPE_AND = """([text, selector]) => {
  const area = document.querySelector("#content");
  area.value = text;
  area.dispatchEvent(new Event("input", {bubbles: true}));
  document.querySelector(selector)?.click();
}"""


@pytest.fixture
async def school(chromium: Browser, database_url: str, tmp_path: Path) -> AsyncIterator[Eyes]:  # noqa: F811 -- the fixture of that name.
    async with eyes(chromium, database_url, tmp_path) as opened:
        yield opened


@pytest.fixture
async def found(school: Eyes) -> AsyncIterator[Look]:
    async with school.look(LESSON, "ada") as look:
        await ready(look.page)
        yield look


async def ready(page: Page) -> None:
    await page.wait_for_selector("md-editor[ready]")


async def state(page: Page, wanted: str) -> None:
    await until(page, f"() => document.querySelector('md-editor').dataset.state === '{wanted}'")


async def kept(page: Page) -> None:
    """What the page says, in any trouble: the text is on this device."""
    await until(page, "() => document.querySelector('#saved-state').classList.contains('kept')")


async def stored(school: Eyes) -> str | None:
    return (await school.world.row(Lesson, "L2")).content


async def somebody_saves(school: Eyes, text: str) -> None:
    ok(await school.world.call("root", "PATCH", "/courses/{C1}/lessons/{L2}", json={"content": text}))


class Held:
    """Requests that wait on their way until they are let go."""

    def __init__(self, method: str) -> None:
        self.method, self.came, self.may_go = method, asyncio.Event(), asyncio.Event()

    async def __call__(self, route: Route) -> None:
        if route.request.method == self.method:
            self.came.set()
            await self.may_go.wait()
        await route.continue_()


async def test_the_device_keeps_on_after_a_save_during_which_somebody_typed(school: Eyes, found: Look) -> None:
    page, held = found.page, Held("POST")
    await page.route("**/lessons/*", held)
    await page.locator("#content").fill("One.")
    await held.came.wait()
    await page.locator("#content").fill("Two.")
    await until(page, _KEPT % "Two.")
    held.may_go.set()
    await state(page, "saved")
    assert await stored(school) == "Two."
    await page.context.set_offline(True)
    await page.locator("#content").fill("Three.")
    await kept(page)
    await until(page, _KEPT % "Three.")


@pytest.mark.parametrize("is_found_saved", [False, True], ids=["typed on at once", "typed on after the next try"])
async def test_an_answer_that_never_came_is_no_other_text(school: Eyes, found: Look, *, is_found_saved: bool) -> None:
    """Where nothing was typed the next try finds its own text saved; what is typed then is saved by itself, as ever."""
    page, lost = found.page, list[object]()

    async def lose(route: Route) -> None:
        if route.request.method == "POST" and not lost:
            lost.append(await route.fetch())
            await route.abort()
        else:
            await route.continue_()

    await page.route("**/lessons/*", lose)
    await page.locator("#content").fill("Sent.")
    await state(page, "offline")
    assert await stored(school) == "Sent."
    if is_found_saved:
        await state(page, "saved")
    await page.locator("#content").fill("Sent, and more.")
    await until(page, "() => document.querySelector('md-editor').dataset.state !== 'saved'")
    await state(page, "saved")
    assert await stored(school) == "Sent, and more."


async def test_a_page_that_somebody_goes_back_to_holds_no_text_for_saved_that_is_not(school: Eyes, found: Look) -> None:
    page = found.page
    await page.route(
        "**/lessons/*", lambda route: route.abort() if route.request.method == "POST" else route.continue_()
    )
    await page.locator("#content").fill("Not sent.")
    await state(page, "offline")
    await kept(page)
    await page.goto(school.address + "/")
    await page.unroute_all()
    await page.go_back()
    await state(page, "saved")
    assert await stored(school) == "Not sent."


async def test_lines_that_end_otherwise_are_no_other_text(school: Eyes, found: Look) -> None:
    page, path = found.page, "/courses/{C1}/lessons/{L2}"
    lines = {"content": "One.\r\nTwo.", "description": "In one\nor two."}
    version = ok(await school.world.call("root", "PATCH", path, json=lines))["version"]
    await page.reload()
    await ready(page)
    assert await page.locator("md-editor").get_attribute("data-state") is None, "nobody changed anything"
    ok(await school.world.call("root", "PATCH", path, json={"metadata": {"of": "another program"}}))
    await page.locator("#content").fill("One.\nTwo.\nThree.")
    await state(page, "saved")
    saved = await school.world.row(Lesson, "L2")
    assert (saved.content, saved.version) == ("One.\nTwo.\nThree.", version + 2)


async def test_what_was_typed_before_the_script_ran_is_saved(school: Eyes, found: Look) -> None:
    held = Held("GET")
    page = await found.page.context.new_page()
    await found.page.close()
    await page.route("**/*.js", held)
    await page.goto(school.world.filled(LESSON), wait_until="commit")
    await held.came.wait()
    await page.locator("#content").fill("Early.")
    held.may_go.set()
    await state(page, "saved")
    assert await stored(school) == "Early."


async def test_a_repair_overwrites_nothing_that_was_typed_meanwhile(school: Eyes, found: Look) -> None:
    page, held = found.page, Held("POST")
    await page.locator("#content").fill("See [here](x).")
    await page.locator("#words-0").fill("the map")
    await page.route("**/preview", held)
    await page.locator("[name=repair]").click()
    await held.came.wait()
    await page.locator("#content").fill("See [here](x). And more.")
    held.may_go.set()
    await state(page, "saved")
    await until(page, "() => document.querySelector('#seen').textContent.includes('And more.')")
    assert await page.locator("#content").input_value() == "See [here](x). And more."
    assert await stored(school) == "See [here](x). And more."


async def test_a_refused_text_is_not_taken_for_saved_where_the_server_does_not_say_what_it_has(
    school: Eyes, found: Look
) -> None:
    page = found.page
    await somebody_saves(school, "Of somebody else.")
    await page.locator("#content").fill("Mine.")
    await state(page, "behind")
    await kept(page)

    async def refuse(route: Route) -> None:
        is_asked = route.request.method == "GET" and "json" in route.request.headers.get("accept", "")
        await (route.abort() if is_asked else route.continue_())

    await page.route("**/lessons/*", refuse)
    await page.locator("[data-do=compare]").click()
    await page.wait_for_selector("#both")
    await ready(page)
    await state(page, "behind")
    await page.unroute_all()
    await page.goto(school.world.filled(LESSON))
    await state(page, "behind")
    assert await page.locator("#content").input_value() == "Mine."
    assert await stored(school) == "Of somebody else."


async def test_the_last_key_before_both_texts_are_looked_at_is_kept(school: Eyes, found: Look) -> None:
    page = found.page
    await somebody_saves(school, "Of somebody else.")
    await page.locator("#content").fill("Mine.")
    await state(page, "behind")
    await page.evaluate(_TYPE_AND, ["Mine, all of it.", "[data-do=compare]"])
    await page.wait_for_selector("#both")
    await ready(page)
    assert await page.locator("#content").input_value() == "Mine, all of it."
    async with page.expect_navigation():
        await page.locator("section[aria-labelledby=both] button:not([name])").click()
    assert await stored(school) == "Mine, all of it."


async def test_a_page_stays_alive_where_a_field_keeps_it_from_leaving(school: Eyes, found: Look) -> None:
    page = found.page
    await somebody_saves(school, "Of somebody else.")
    await page.locator("#content").fill("Typed.")
    await state(page, "behind")
    await page.locator("#title").fill("")
    await page.locator("[data-do=compare]").click()
    await page.locator("#content").fill("Typed afterwards.")
    await until(page, _KEPT % "Typed afterwards.")
    await page.locator("#title").fill("A title")
    await page.locator("[data-do=compare]").click()
    await page.wait_for_selector("#both")
    await ready(page)
    assert await page.locator("#content").input_value() == "Typed afterwards."


async def test_another_tab_takes_a_text_over_without_a_connection(school: Eyes, found: Look) -> None:
    first = found.page
    second = await first.context.new_page()
    await second.goto(school.world.filled(LESSON))
    await state(second, "elsewhere")
    await first.context.set_offline(True)
    await first.evaluate(_TYPE_AND, ["Of the first tab.", "none"])
    await kept(first)
    await second.locator("[data-do=take]").click()
    await ready(second)
    assert await second.locator("#content").input_value() == "Of the first tab."
    await second.locator("#content").fill("Of both tabs.")
    await until(second, _KEPT % "Of both tabs.")
    await state(first, "elsewhere")
    await first.context.set_offline(False)
    await state(second, "saved")
    assert await stored(school) == "Of both tabs."


async def test_a_tab_that_was_taken_over_says_so_whatever_comes_back(school: Eyes, found: Look) -> None:
    first, held = found.page, Held("POST")
    await first.route("**/lessons/*", held)
    await first.locator("#content").fill("Of the first tab.")
    await held.came.wait()
    second = await first.context.new_page()
    await second.goto(school.world.filled(LESSON))
    await second.locator("[data-do=take]").click()
    await ready(second)
    async with first.expect_response("**/lessons/*"):
        held.may_go.set()
    await state(second, "saved")
    await first.evaluate("() => new Promise(done => setTimeout(done))")
    await state(first, "elsewhere")
    await first.locator("[data-do=take]").click()
    await ready(first)
    await state(first, "saved")
    assert await first.locator("#content").input_value() == await stored(school) == "Of the first tab."


@pytest.mark.parametrize("opened", ["{ throw new Error('blocked'); }", "({})"], ids=["blocked", "never"])
async def test_a_page_calls_nothing_kept_where_the_device_keeps_nothing(school: Eyes, found: Look, opened: str) -> None:
    page = await found.page.context.new_page()
    await found.page.close()
    await page.add_init_script(f"IDBFactory.prototype.open = () => {opened}")
    await page.add_init_script(SHORT_PATIENCE)
    await page.goto(school.world.filled(LESSON))
    await ready(page)
    await page.context.set_offline(True)
    await page.locator("#content").fill("Nowhere.")
    await state(page, "offline")
    assert "leave this page open" in await page.locator("[data-said]").inner_text()
    assert await page.locator("#saved-state").inner_text() == "This device keeps nothing"
    await page.context.set_offline(False)
    await state(page, "saved")
    assert await stored(school) == "Nowhere."


async def test_a_log_out_in_another_tab_takes_a_kept_text_and_the_page_says_so(school: Eyes, found: Look) -> None:
    page = found.page
    await somebody_saves(school, "Of somebody else.")
    await page.locator("#content").fill("Mine.")
    await state(page, "behind")
    await kept(page)
    other = await page.context.new_page()
    await other.goto(school.address + "/account")
    await other.locator("form[action='/logout'] button").click()
    await other.wait_for_url("**/login*")
    await until(page, "() => document.querySelector('#saved-state').textContent.trim() === 'This device keeps nothing'")
    assert "leave this page open" in await page.locator("[data-said]").inner_text()
