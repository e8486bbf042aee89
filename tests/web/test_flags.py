"""Questions to look at again: set, saved, kept without a connection. Where an answer is refused, it is named."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, expect

from studium.models import QuizAttempt
from tests.web.attempts import answers, attempt_of, questions
from tests.web.chromium import Eyes, chromium, eyes  # noqa: F401 -- a fixture among them.
from tests.web.school import tab, text, tree
from tests.world import World

PATH = "/attempts/{T1}"
IDS = [str(one["id"]) for one in questions()]
IN_A_BROWSER = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


async def begin(world: World) -> None:
    await world.add(attempt_of(world, "T1", "Q1", answers("a", "", "true")))


async def flagged(world: World) -> list[int]:
    """The numbers of the questions that are saved as flagged."""
    return [IDS.index(one) + 1 for one in (await world.row(QuizAttempt, "T1")).flagged or []]


async def test_questions_are_flagged_by_a_form_and_the_last_page_lists_them(world: World):
    await begin(world)
    async with tab(world, "sam") as sam:
        whole = {"fs": 1, "f": [5, 1], "v-1": 1, "a-1": "a"}
        assert (await sam.post(PATH, whole)).status_code == 303
        assert await flagged(world) == [1, 5]
        page = tree(await sam.get(PATH))
        assert page.xpath("//input[@name='f'][@checked]/@value") == ["1", "5"]
        assert page.xpath("//ol[@class='numbers']//a[contains(@class, 'flag')]/@href") == ["#q1", "#q5"]
        assert (
            await sam.post(PATH, {"v-2": 0, "a-2": "a"})
        ).status_code == 303  # A part of the form says nothing of flags.
        assert await flagged(world) == [1, 5]
        asked = await sam.post(PATH, {"fs": 1, "f": [3, 9, "x"], "do": "submit"})
        last = tree(await sam.get(asked.headers["location"]))
        assert [link.text_content() for link in last.xpath("//a[@class='flag']")] == ["3"]
        told = (await sam.get(PATH, accept="application/json")).json()
        assert told["flagged"] == [IDS[2]]
        assert (await sam.post(PATH, {"fs": 1})).status_code == 303
        assert await flagged(world) == []


async def test_a_form_that_is_refused_keeps_its_flags_and_names_the_question(world: World):
    await begin(world)
    async with tab(world, "sam") as sam:
        typed = {"fs": 1, "f": 4, "v-1": 1, "a-1": ["a", "b"], "v-3": 1, "a-3": "perhaps", "v-4": 0, "a-4": "five"}
        refused = await sam.post(PATH, typed)
        assert refused.status_code == 422
        page = tree(refused)
        assert page.xpath("//div[@class='summary']//a/@href") == ["#q1", "#q3"]
        assert "Question 1: This answer does not fit its question." in text(refused)
        assert page.xpath("//input[@name='f'][@checked]/@value") == ["4"]
        assert page.xpath("//input[@id='a-4']/@value") == ["five"]
        assert await flagged(world) == []


async def test_the_api_takes_flags_of_the_attempts_own_questions(world: World):
    await begin(world)
    path = "/enrollments/{E1}/quizzes/{Q1}/attempts/{T1}"
    patched = await world.call("sam", "PATCH", path, json={"flagged_question_ids": [IDS[4], IDS[0], IDS[0]]})
    assert (patched.status_code, patched.json()["flagged_question_ids"]) == (200, [IDS[0], IDS[4]])
    version = patched.json()["version"]
    same = await world.call("sam", "PATCH", path, json={"flagged_question_ids": [IDS[0], IDS[4]]})
    assert same.json()["version"] == version
    answer = {"question_id": IDS[2], "answer_text": "false"}
    kept = await world.call("sam", "PATCH", path, json={"answers": [answer]})
    assert kept.json()["flagged_question_ids"] == [IDS[0], IDS[4]]
    strange = str(world.ids["sam"])
    refused = await world.call("sam", "PATCH", path, json={"flagged_question_ids": [strange]})
    assert (refused.status_code, refused.json()["code"]) == (422, "invalid_answers")
    assert refused.json()["question_ids"] == [strange]
    wrong = await world.call(
        "sam", "PATCH", path, json={"answers": [{"question_id": IDS[2], "answer_text": "perhaps"}]}
    )
    assert (wrong.status_code, wrong.json()["question_ids"]) == (422, [IDS[2]])
    assert len(wrong.json()["reasons"]) == 1


async def test_true_and_false_are_words_of_the_page(world: World):
    await begin(world)
    async with tab(world, "sam", **{"accept-language": "ar"}) as sam, tab(world, "sam") as other:
        assert (await other.post(PATH, {"v-3": 1, "a-3": "false"})).status_code == 303
        both = await sam.post(PATH, {"v-3": 1, "a-3": "true", "v-4": 0, "a-4": "x"})
        assert both.status_code == 409
        assert tree(both).xpath("//blockquote/text()") == ["صواب"]
        await other.post(f"{PATH}/submit")
        late = await sam.post(PATH, {"v-3": 1, "a-3": "true", "v-4": 0, "a-4": "true"})
        assert late.status_code == 409
        assert tree(late).xpath("//div[@class='given-text']/text()") == ["صواب", "true"]


# In a browser


@pytest.fixture
async def school(chromium: Browser, database_url: str, tmp_path: Path) -> AsyncIterator[Eyes]:  # noqa: F811 -- the fixture of that name.
    async with eyes(chromium, database_url, tmp_path) as opened:
        yield opened


@IN_A_BROWSER
@pytest.mark.timeout(240)
async def test_flags_are_saved_soon_and_kept_without_a_connection(school: Eyes):
    world = school.world
    await begin(world)
    async with school.look(PATH, "sam", viewport={"width": 360, "height": 740}) as look:
        page = look.page
        await page.wait_for_selector("quiz-attempt[ready]", timeout=15_000)
        async with page.expect_response(lambda answer: answer.request.method == "POST") as answered:
            await page.get_by_label("Look again at question 2").check()
        assert (await answered.value).status == 200
        assert await flagged(world) == [2]
        assert await page.locator(".numbers a.flag").text_content() == "2, Not answered, to look at again"
        await page.fill("#a-4", "five")
        await page.wait_for_selector("#q4[data-state=saved]")
        assert await page.locator(".numbers a[href='#q4']").get_attribute("class") == "given"
        await page.context.set_offline(True)
        await page.get_by_label("Look again at question 5").check()
        await page.get_by_label("Look again at question 2").uncheck()
        await page.wait_for_timeout(1500)
        assert await flagged(world) == [2]
        await page.context.set_offline(False)
        await expect(page.locator(".offline")).to_be_hidden()
        await page.reload()
        await page.wait_for_selector("quiz-attempt[ready]", timeout=15_000)
        await expect(page.get_by_label("Look again at question 5")).to_be_checked()
        await expect(page.get_by_label("Look again at question 2")).not_to_be_checked()
        for _ in range(50):
            if await flagged(world) == [5]:
                break
            await page.wait_for_timeout(100)
        assert await flagged(world) == [5]
        await page.locator(".quizbar .main").click()
        assert "To look at again: 5." in await page.locator("#quiz-submit").inner_text()
        assert await look.axe() == []
