"""`<quiz-attempt>` and `<quiz-clock>` in a real browser: what is saved, kept, shown and given up, and when."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, Page, Route, expect
from sqlalchemy import delete

from studium.kit.base.clock import now
from studium.models import AttemptStatus, QuizAttempt, UserSession
from tests.web.attempts import answers, attempt_of, questions
from tests.web.chromium import SHORT_PATIENCE, Eyes, chromium, eyes, until  # noqa: F401 -- a fixture among them.
from tests.web.school import tab
from tests.world import PASSWORD, World

pytestmark = [pytest.mark.timeout(240), pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)]
IDS = [str(one["id"]) for one in questions()]
PATH = "/attempts/{T1}"
_BOX = """async () => {
  const database = await new Promise(done => {
    const request = indexedDB.open("studium-quiz", 1);
    request.onupgradeneeded = () => request.result.createObjectStore("answers", {keyPath: ["attempt", "question"]});
    request.onsuccess = () => done(request.result);
  });
  const found = await new Promise(done => {
    database.transaction("answers").objectStore("answers").getAll().onsuccess = event => done(event.target.result);
  });
  database.close();
  return found.map(one => [one.question, one.value.join("|"), one.other ? one.other.join("|") : null, one.pending]);
}"""


@pytest.fixture
async def school(chromium: Browser, database_url: str, tmp_path: Path) -> AsyncIterator[Eyes]:  # noqa: F811 -- the fixture of that name.
    async with eyes(chromium, database_url, tmp_path) as opened:
        yield opened


async def begin(world: World, **fields: object) -> None:
    await world.add(attempt_of(world, "T1", "Q1", answers("a", "", "", "four"), **fields))


async def saved(world: World) -> dict[str, str]:
    """What is saved, by the number of the question."""
    found = (await world.row(QuizAttempt, "T1")).answers or []
    texts: dict[str, str] = {}
    for one in found:
        chosen: Any = one["selected_option_ids"]
        texts[str(one["question_id"])] = str(one["answer_text"]) or "|".join(chosen)
    return {str(place): texts[one] for place, one in enumerate(IDS, 1) if one in texts}


async def elsewhere(world: World, number: int, *texts: str) -> None:
    """Another device saves these answers to a question, one after the other, over whatever is saved."""
    async with tab(world, "sam") as device:
        for text in texts:
            versions = (await world.row(QuizAttempt, "T1")).answer_versions or {}
            typed = {f"v-{number}": versions.get(IDS[number - 1], 0), f"a-{number}": text}
            assert (await device.post(PATH, typed)).status_code == 303


async def ready(page: Page) -> None:
    await page.wait_for_selector("quiz-attempt[ready]", timeout=15_000)


async def state(page: Page, number: int, wanted: str) -> None:
    await page.wait_for_selector(f"#q{number}[data-state={wanted}]", timeout=20_000)


async def test_answers_are_saved_soon_kept_offline_and_gone_after_submitting(school: Eyes):
    world = school.world
    await begin(world)
    async with school.look(PATH, "sam", viewport={"width": 1280, "height": 900}) as look:
        page = look.page
        await ready(page)
        await page.check("#a-2-1")
        await page.check("#a-2-3")
        await page.fill("#a-4", "fünf & <b>")
        await page.check("#a-3-2")
        for number in (2, 3, 4):
            await state(page, number, "saved")
        assert await saved(world) == {"1": "a", "2": "a|c", "3": "false", "4": "fünf & <b>"}
        await page.context.set_offline(True)
        await page.fill("#a-5", "an essay")
        await page.uncheck("#a-2-3")
        await state(page, 5, "kept")
        assert "No connection since" in await page.locator(".offline").inner_text()
        assert sorted(one[1] for one in await page.evaluate(_BOX)) == ["a", "an essay"]
        assert (await saved(world)).get("5") is None
        await page.evaluate("scrollTo(0, 0)")  # So that the bar that stays on top covers half of nothing.
        assert await look.axe() == []
        await page.context.set_offline(False)
        await state(page, 5, "saved")
        assert await saved(world) == {"1": "a", "2": "a", "3": "false", "4": "fünf & <b>", "5": "an essay"}
        assert await page.evaluate(_BOX) == []
        await page.fill("#a-4", "")
        await page.locator(".quizbar .main").click()
        dialog = page.locator("#quiz-submit")
        await dialog.wait_for()
        assert "Without an answer: 4." in await dialog.inner_text()
        await page.evaluate("scrollTo(0, 0)")
        assert await look.axe() == []
        await dialog.locator(".main").click()
        await page.wait_for_url("**/result")
        assert await page.evaluate(_BOX) == []
        assert [line for line in look.said if "ERR_INTERNET" not in line and "Failed to load" not in line] == []
    assert (await world.row(QuizAttempt, "T1")).status is not AttemptStatus.IN_PROGRESS


async def test_what_was_kept_comes_back_and_two_devices_never_overwrite_each_other(school: Eyes):
    world = school.world
    await begin(world)
    async with school.look(PATH, "sam") as laptop, school.look(PATH, "sam") as phone:
        for page in (laptop.page, phone.page):
            await ready(page)
        await laptop.page.context.set_offline(True)
        await laptop.page.fill("#a-4", "laptop")
        await laptop.page.fill("#a-5", "kept")
        await laptop.page.fill("#a-5", "kept and changed")
        await state(laptop.page, 5, "kept")
        await state(laptop.page, 4, "kept")
        await phone.page.fill("#a-4", "phone")
        await phone.page.check("#a-3-1")
        await state(phone.page, 4, "saved")
        context = laptop.page.context
        await laptop.page.close()
        await context.set_offline(False)
        page = await context.new_page()
        await page.goto(world.filled(PATH))
        await ready(page)
        await state(page, 5, "saved")
        await state(page, 4, "both")
        assert await page.input_value("#a-4") == "phone"
        assert await page.locator("#q4 blockquote").inner_text() == "laptop"
        assert await page.is_checked("#a-3-1")
        assert (await saved(world))["4"] == "phone"
        assert (await saved(world))["5"] == "kept and changed"
        await page.locator("#q4 [data-do=mine]").click()
        await state(page, 4, "saved")
        assert (await saved(world))["4"] == "laptop"
        assert await page.evaluate(_BOX) == []


async def test_one_tab_answers_and_a_session_that_ended_loses_nothing(school: Eyes):
    world = school.world
    await begin(world)
    async with school.look(PATH, "sam") as look:
        first = look.page
        await ready(first)
        second = await first.context.new_page()
        await second.goto(world.filled(PATH))
        await second.locator("[data-do=take]").wait_for()
        assert await second.evaluate("document.querySelector('#quiz').inert")
        await second.locator("[data-do=take]").click()
        await ready(second)
        await first.locator("[data-do=take]").wait_for()
        await second.fill("#a-4", "second")
        await state(second, 4, "saved")
        await second.close()
        await ready(first)  # The first one takes it up again by itself.
        assert await first.input_value("#a-4") == "second"
        async with world.runtime.database.write_session() as session:
            await session.execute(delete(UserSession).where(UserSession.user_id == world.ids["sam"]))
        await first.fill("#a-5", "written meanwhile")
        dialog = first.locator("#quiz-login")
        await dialog.wait_for()
        await first.fill("#quiz-email", "sam@school.example")
        await first.fill("#quiz-password", "not it")
        await dialog.locator(".main").click()
        await dialog.locator("[role=alert]").wait_for()
        await first.fill("#quiz-password", PASSWORD)
        await dialog.locator(".main").click()
        await state(first, 5, "saved")
        assert await dialog.is_hidden()
        assert (await saved(world))["5"] == "written meanwhile"


async def test_the_clock_ends_the_attempt_and_says_what_was_not_sent(school: Eyes):
    world = school.world
    await begin(world, deadline_at=now() + timedelta(seconds=8))
    async with school.look(PATH, "sam") as look:
        page = look.page
        await ready(page)
        assert await page.locator("quiz-clock b").inner_text() in {f"0:0{left}" for left in range(1, 9)}
        await page.evaluate("Date.now = () => 0")  # The clock of the device does not matter.
        await page.fill("#a-5", "the last words")
        await page.wait_for_url("**/result", timeout=30_000)
    assert (await saved(world))["5"] == "the last words"
    assert (await world.row(QuizAttempt, "T1")).submitted_at is not None


async def test_a_browser_that_never_opens_its_database_keeps_nobody_waiting(school: Eyes):
    world = school.world
    await begin(world)
    async with school.look("/help", "sam") as look:
        page = look.page
        await page.add_init_script("IDBFactory.prototype.open = () => ({})")
        await page.add_init_script(SHORT_PATIENCE)
        await page.goto(world.filled(PATH))
        await ready(page)
        assert "keeps nothing" in await page.locator(".offline").inner_text()
        await page.check("#a-1-3")
        await state(page, 1, "saved")


async def test_the_time_ends_without_a_connection_and_a_browser_that_keeps_nothing_says_so(school: Eyes):
    world = school.world
    await begin(world, deadline_at=now() + timedelta(seconds=9))
    async with school.look("/help", "sam", accept_downloads=True) as look:
        page = look.page
        await page.add_init_script("IDBFactory.prototype.open = () => { throw new Error('blocked'); }")
        await page.goto(world.filled(PATH))
        await ready(page)
        assert "keeps nothing" in await page.locator(".offline").inner_text()
        await page.check("#a-1-3")
        await state(page, 1, "saved")
        await page.context.set_offline(True)
        await page.fill("#a-5", "too late")
        await expect(page.locator(".offline")).to_contain_text("Saved and submitted by itself", timeout=30_000)
        assert "questions 1, 4. On this device alone: 5." in await page.locator(".offline").inner_text()
        assert await page.evaluate("document.querySelector('#quiz').inert")
        async with page.expect_download() as found:
            await page.locator("[data-do=file]").click()
        kept = await (await found.value).path()
        assert "5. too late" in kept.read_text()


async def test_nothing_is_written_into_a_field_under_the_writer(school: Eyes):
    world = school.world
    await begin(world)
    async with school.look(PATH, "sam") as look:
        page = look.page
        await ready(page)
        await page.focus("#a-5")
        async with page.expect_response(lambda answer: answer.request.method == "POST"):
            await page.keyboard.press("Space")
        await state(page, 5, "open")
        assert await page.input_value("#a-5") == " "
        before = len(look.requests)
        await page.keyboard.type("sixty letters take seven seconds to be written, some for hour"[:60], delay=115)
        await state(page, 5, "saved")
        assert len(look.requests) - before <= 3  # At five seconds, and after the last letter.
        written = await page.input_value("#a-5")
        assert (await saved(world))["5"] == written
        await elsewhere(world, 5, "from the phone")
        await page.keyboard.type(" and more")
        await state(page, 5, "both")
        assert await page.input_value("#a-5") == f"{written} and more"
        await page.focus("#a-4")
        assert await page.locator("#q5 blockquote").inner_text() == f"{written} and more"
        assert await page.input_value("#a-5") == "from the phone"
        assert (await saved(world))["5"] == "from the phone"


async def test_what_was_not_handed_in_is_offered_on_the_result(school: Eyes):
    world = school.world
    await begin(world, deadline_at=now() + timedelta(seconds=9))
    async with school.look(PATH, "sam", accept_downloads=True) as look:
        page = look.page
        await ready(page)
        await page.check("#a-3-1")
        await state(page, 3, "saved")
        await page.context.set_offline(True)
        await page.check("#a-3-2")
        await state(page, 3, "kept")
        await elsewhere(world, 3, "false", "true")  # What this device has given before, too.
        await page.context.set_offline(False)
        await state(page, 3, "both")
        assert (await saved(world))["3"] == "true"
        await page.locator(".offline [data-do=result]").wait_for(timeout=30_000)  # It ends all the same.
        assert "Not sent in time: 3." in await page.locator(".offline").inner_text()
        await page.goto(world.filled(PATH))
        await page.wait_for_url("**/result")
        kept = page.locator("quiz-kept")
        await kept.wait_for()
        assert "Questions: 3" in await kept.inner_text()
        assert await look.axe() == []
        async with page.expect_download() as found:
            await kept.locator("button").first.click()
        assert "3. False" in (await (await found.value).path()).read_text()
        await kept.locator("button").last.click()
        await kept.wait_for(state="hidden")
        assert await page.evaluate(_BOX) == []


async def test_an_answer_that_comes_after_another_tab_took_over_changes_nothing_that_is_kept(school: Eyes):
    world = school.world
    await begin(world)
    held: asyncio.Queue[Route] = asyncio.Queue()

    async def hold(route: Route) -> None:
        if route.request.method == "POST":
            held.put_nowait(route)
        else:
            await route.continue_()

    async with school.look(PATH, "sam") as look:
        first = look.page
        await ready(first)
        await first.route("**/attempts/*", hold)
        await first.fill("#a-4", "sent")
        late = await held.get()
        await first.fill("#a-4", "sent and changed")
        await until(first, f"async () => (await ({_BOX})()).some(one => one[1] === 'sent and changed')")
        second = await first.context.new_page()
        await second.route("**/attempts/*", hold)
        await second.goto(world.filled(PATH))
        await second.locator("[data-do=take]").click()
        await ready(second)
        await held.get()
        async with first.expect_response(lambda answer: answer.request.method == "POST"):
            await late.continue_()
        await first.evaluate("() => new Promise(done => setTimeout(done, 200))")
        assert [one[1:] for one in await second.evaluate(_BOX)] == [["sent and changed", None, True]]
        await first.unroute("**/attempts/*")
        await second.close(run_before_unload=False)
        await ready(first)  # Before that it shows what the server has, which is saved too.
        await state(first, 4, "saved")
        assert await first.input_value("#a-4") == "sent and changed"
        assert (await saved(world))["4"] == "sent and changed"
