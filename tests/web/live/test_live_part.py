"""The part of a page that goes on by itself, in the browser."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, Route

from studium.kit.base.clock import now
from studium.kit.base.ids import new_id
from studium.kit.http import live as kit
from studium.models import PeopleImport
from studium.web.assets import names
from studium.web.csp import policy
from tests.answers import ok
from tests.web.chromium import Eyes, chromium, eyes, until  # noqa: F401 -- the fixtures of other tests.
from tests.web.teacher.grading import essays
from tests.world import World

_PAGE = """<!doctype html><html lang="en"><title>Part · Studium</title><script src="{script}" type="module"></script>
<h1>Part</h1><live-part id="plan"{src} data-said="{done} of 3"><p id="done">{done} of 3</p>
<a id="again" href="?again">Again</a><input name="note" aria-label="Note"></live-part>"""


class Followed:
    """A page with a part about an import of people, as a server would render it now."""

    def __init__(self, school: Eyes) -> None:
        self.school, self.done, self.asked = school, 0, 0
        self.row = PeopleImport(
            id=new_id(), owner_id=school.world.ids["root"], original_filename="a.csv", file_size=1, created_at=now()
        )

    async def answer(self, route: Route) -> None:
        self.asked += 1
        src = f' src="/live/people-imports/{self.row.id}"' if self.done < 3 else ""
        body = _PAGE.format(script=names()["staff.js"], src=src, done=self.done)
        headers = {"Content-Security-Policy": policy(self.school.world.runtime.settings), "Content-Type": "text/html"}
        await route.fulfill(body=body, headers=headers)

    async def go_on(self, done: int) -> None:
        self.done = done
        async with self.school.world.runtime.database.write_session() as session:
            row = await session.get_one(PeopleImport, self.row.id)
            row.progress_total, row.progress_done = 3, done


@pytest.fixture
async def school(chromium: Browser, database_url: str, tmp_path: Path) -> AsyncIterator[Eyes]:  # noqa: F811 -- the fixture of that name.
    async with eyes(chromium, database_url, tmp_path) as opened:
        yield opened


async def _open(followed: Followed, page: Page) -> None:
    await followed.school.world.add(followed.row)
    await page.route("**/part*", followed.answer)
    await page.goto("/part")
    await page.wait_for_selector("#plan + [role=status]", state="attached")


def _listeners(world: World) -> int:
    return len(world.app.state.live._listeners)


async def test_a_part_follows_keeps_the_focus_and_says_one_sentence(school: Eyes, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(kit, "LOOK_SECONDS", 0.05)
    followed = Followed(school)
    async with school.look("/help", "root") as look:
        page = look.page
        await _open(followed, page)
        await page.focus("#again")
        await followed.go_on(1)
        await until(page, "done.textContent === '1 of 3'")
        assert await page.evaluate("document.activeElement.id") == "again"
        await until(page, "document.querySelector('#plan + [role=status]').textContent === '1 of 3'")
        await page.focus("[name=note]")
        await page.keyboard.type("mine")
        await followed.go_on(2)
        asked = followed.asked
        await until(page, "performance.getEntriesByType('resource').length > 0")
        async with page.expect_response("**/part"):
            await page.evaluate("plan.refresh()")
        assert followed.asked > asked
        assert await page.locator("#done").text_content() == "1 of 3"
        assert await page.input_value("[name=note]") == "mine"
        await page.focus("#again")
        await until(page, "done.textContent === '2 of 3'")
        await followed.go_on(3)
        await until(page, "done.textContent === '3 of 3' && !plan.hasAttribute('src')")
        async with page.expect_response("**/part"):
            await page.evaluate("plan.refresh()")
        while _listeners(school.world):
            await until(page, "true")
        assert look.said == []


async def test_a_part_that_may_not_listen_asks_by_itself(school: Eyes):
    followed = Followed(school)
    async with school.look("/help", "root") as look:
        page = look.page
        school.world.app.state.stopping = True
        await page.clock.install()
        async with page.expect_response("**/live/**") as refused:
            await _open(followed, page)
        assert (await refused.value).status == 503
        await followed.go_on(2)
        school.world.app.state.stopping = False
        async with page.expect_response("**/live/**") as taken:
            await page.clock.run_for(40_000)
        assert (await taken.value).status == 200
        await until(page, "done.textContent === '2 of 3'")


async def test_the_queue_of_graders_follows(school: Eyes, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(kit, "LOOK_SECONDS", 0.05)
    await essays(school.world, 2)
    async with school.look("/teach/grading", "ada") as look:
        await until(look.page, "document.querySelectorAll('#waiting tbody tr').length === 2")
        [first, _] = ok(await school.world.call("ada", "GET", "/grading"))["items"]
        scores = {"scores": [{"question_id": each, "points": 1} for each in first["question_ids"]]}
        head = {"If-Match": f'"v{first["version"]}"'}
        path = f"{first['link'].removeprefix('/api/v1')}/grade"
        ok(await school.world.call("ada", "POST", path, json=scores, headers=head))
        await until(look.page, "document.querySelectorAll('#waiting tbody tr').length === 1")
        await until(
            look.page, "document.querySelector('#waiting + [role=status]').textContent.includes('1 piece waits')"
        )
        assert look.said == []
