"""The outline of a course as its teachers see and change it."""

import httpx2
import pytest

from studium.models import Lesson, LessonType, Quiz
from studium.web.teacher.outline.views import FOLDED_FROM
from tests.web.school import Tab, tab, text, tree
from tests.world import World, lesson

COURSE = "/teach/courses/{C1}"
OUTLINE = f"{COURSE}/outline"


async def shown(visitor: Tab, path: str = OUTLINE) -> list[str]:
    """The lessons of the page in order, each with its number."""
    page = tree(await visitor.get(path))
    numbers = page.xpath("//*[contains(@class, 'n-old')][not(ancestor::summary)]/text()")
    return [f"{n} {t}" for n, t in zip(numbers, page.xpath("//*[@class='title']/a/bdi/text()"), strict=True)]


async def press(visitor: Tab, name: str, which: str, **fields: str) -> httpx2.Response:
    """Press a button of the outline, and see the page that comes then."""
    world = visitor.world
    answer = await visitor.post(OUTLINE, {name: str(world.ids[which]), **fields})
    assert answer.status_code == 303, text(answer)
    return await visitor.get(answer.headers["location"])


async def test_a_course_begins_with_its_outline_under_its_tabs(world: World):
    async with tab(world, "ada") as ada:
        assert (await ada.get(COURSE)).headers["location"] == world.filled(OUTLINE)
        page = tree(await ada.get(OUTLINE))
        assert page.xpath("//nav[@class='tabs']/a[@aria-current='page']/text()") == ["Outline"]
        assert await shown(ada) == ["1 Lesson L1", "2 Lesson L2", "3 Lesson L3", "4 Lesson L4"]


async def test_nobody_but_the_owner_and_admins_sees_or_changes_it(world: World):
    seen, moved = {}, {}
    for who in (None, "sam", "eve", "ada", "root"):
        async with tab(world, who) as visitor:
            seen[who] = (await visitor.get(OUTLINE)).status_code
            moved[who] = [
                (await visitor.post(f"{OUTLINE}{path}", {"title": "New"})).status_code
                for path in ("", "/add", "/{L4}/quiz", "/{L4}/delete")
            ]
    assert seen == {None: 303, "sam": 403, "eve": 403, "ada": 200, "root": 200}
    assert moved[None][1] == 401
    assert moved["sam"] == moved["eve"] == [403, 403, 403, 403]
    assert moved["ada"] == [404, 303, 409, 303]


async def test_a_lesson_moves_by_steps_says_so_once_and_goes_back(world: World):
    async with tab(world, "ada") as ada:
        page = await press(ada, "up", "L3")
        assert "Lesson L3 is now at place 2 of 4." in text(page)
        assert tree(page).xpath("//button[@autofocus][@aria-describedby='said']/@name") == ["up"]
        assert await shown(ada) == ["1 Lesson L1", "2 Lesson L3", "3 Lesson L2", "4 Lesson L4"]
        inside = await press(ada, "in", "L3")
        assert "Lesson L3 is now below Lesson L1, at place 1 of 1." in text(inside)
        assert await shown(ada) == ["1 Lesson L1", "1.1 Lesson L3", "2 Lesson L2", "3 Lesson L4"]
        undo = tree(inside).xpath("//form[.//button[@name='back']]/input[@name='to']/@value")[0]
        back = await press(ada, "move", "L3", to=undo, back="1")
        assert "at place 2 of 4." in text(back)
        assert not tree(back).xpath("//button[@name='back']")
        assert await shown(ada) == ["1 Lesson L1", "2 Lesson L3", "3 Lesson L2", "4 Lesson L4"]


async def test_what_hangs_below_a_lesson_moves_along(world: World):
    async with tab(world, "ada") as ada:
        await press(ada, "in", "L2")
        await press(ada, "down", "L1")
        assert await shown(ada) == ["1 Lesson L3", "2 Lesson L1", "2.1 Lesson L2", "3 Lesson L4"]
        await press(ada, "move", "L1", to=world.filled("first:{L4}"))
        assert await shown(ada) == ["1 Lesson L3", "2 Lesson L4", "2.1 Lesson L1", "2.1.1 Lesson L2"]
        deep = await ada.post(OUTLINE, {"move": world.filled("{L4}"), "to": world.filled("first:{L3}")})
        assert (deep.status_code, "three levels deep" in text(deep)) == (422, True)
        below = await ada.post(OUTLINE, {"move": world.filled("{L4}"), "to": world.filled("first:{L2}")})
        assert below.status_code == 422
        await press(ada, "move", "L2", to="first:")
        assert await shown(ada) == ["1 Lesson L2", "2 Lesson L3", "3 Lesson L4", "3.1 Lesson L1"]


@pytest.mark.parametrize("to", ["", "x", "after:", "after:x", "first:01900000-0000-7000-8000-000000000000"])
async def test_a_place_that_is_none_is_refused(world: World, to: str):
    async with tab(world, "ada") as ada:
        before = await shown(ada)
        assert (await ada.post(OUTLINE, {"move": str(world.ids["L2"]), "to": to})).status_code == 404
        assert (await ada.post(OUTLINE, {"up": "x"})).status_code == 404
        assert await shown(ada) == before


async def test_lessons_are_added_at_the_end_or_below_another(world: World):
    async with tab(world, "ada") as ada:
        added = await ada.post(f"{OUTLINE}/add", {"title": "A last word", "lesson_type": "text"})
        page = await ada.get(added.headers["location"])
        assert "A last word is added, at place 5 of 5." in text(page)
        assert tree(page).xpath("//input[@autofocus]/@id") == ["title"]
        below = {"title": "A film", "lesson_type": "video", "parent_lesson_id": str(world.ids["L1"])}
        film = await ada.post(f"{OUTLINE}/add", below)
        again = tree(await ada.get(film.headers["location"]))
        assert again.xpath("//input[@type='radio'][@checked]/@value") == ["video"]
        assert (await shown(ada))[1] == "1.1 A film"
        empty = await ada.post(f"{OUTLINE}/add", {"title": " ", "lesson_type": "video"})
        assert (empty.status_code, tree(empty).xpath("//input[@aria-invalid]/@id")) == (422, ["title"])
        assert tree(empty).xpath("//input[@type='radio'][@checked]/@value") == ["video"]


async def test_a_quiz_lesson_comes_with_its_quiz_and_one_without_gets_it(world: World):
    async with tab(world, "ada") as ada:
        await ada.post(f"{OUTLINE}/add", {"title": "Final", "lesson_type": "quiz"})
        assert "0 questions · graded · no questions yet" in text(await ada.get(OUTLINE))
        bare = lesson(world, "L9", "C1", 9, LessonType.QUIZ)
        await world.add(bare)
        assert "no quiz yet" in text(await ada.get(OUTLINE))
        made = await ada.post(f"{OUTLINE}/{bare.id}/quiz")
        assert made.headers["location"].startswith(world.filled(f"{COURSE}/quizzes/"))
        assert (await ada.post(f"{OUTLINE}/{bare.id}/quiz")).status_code == 409


async def test_a_lesson_is_deleted_after_a_question_unless_it_changed_meanwhile(world: World):
    async with tab(world, "ada") as ada:
        question = f"{OUTLINE}/{{L4}}/delete"
        page = tree(await ada.get(question))
        version = page.xpath("//input[@name='version']/@value")[0]
        assert (await ada.post(question, {"version": "7"})).status_code == 412
        assert (await ada.post(question, {"version": version})).headers["location"] == world.filled(OUTLINE)
        after = await ada.get(OUTLINE)
        assert "The lesson is deleted. The trash keeps it for 30 days." in text(after)
        assert await shown(ada) == ["1 Lesson L1", "2 Lesson L2", "3 Lesson L3"]
        assert (await ada.get(f"{OUTLINE}/{{L4}}")).status_code == 404


async def test_the_page_says_what_lessons_lack(world: World):
    for name, kind in (("L7", LessonType.TEXT), ("L8", LessonType.VIDEO), ("L9", LessonType.ASSIGNMENT)):
        await world.add(lesson(world, name, "C1", int(name[1]), kind))
    async with tab(world, "ada") as ada:
        page = tree(await ada.get(OUTLINE))
        assert world.filled(f"{COURSE}/lessons/{{L8}}") in page.xpath("//aside//li//a/@href")
        lacks = {" ".join(li.text_content().split()).rpartition(": ")[2] for li in page.xpath("//aside//li")}
        assert {"no text yet", "no video yet"} <= lacks


async def test_a_long_outline_folds_and_asks_the_database_as_often_as_a_short_one(world: World):
    async with tab(world, "ada") as ada:
        await ada.get(OUTLINE)
        async with world.counting() as few:
            assert (await ada.get(OUTLINE)).status_code == 200
        for number in range(5, FOLDED_FROM + 5):
            await world.add(lesson(world, f"N{number}", "C1", number, LessonType.TEXT))
        async with world.counting() as many:
            page = tree(await ada.get(OUTLINE))
        assert len(few) == len(many)
        assert [one.get("open") is not None for one in page.xpath("//details")] == [True, False, False, False, False]
        assert len(page.xpath("//li[@data-id]")) == FOLDED_FROM + 4
        await press(ada, "up", "N120")
        opened = tree(await ada.get(OUTLINE + f"?lesson={world.ids['N120']}&done=up"))
        assert [one.get("open") is not None for one in opened.xpath("//details")] == [False, False, True, False, False]
        assert await world.count(Lesson) >= FOLDED_FROM
        assert await world.count(Quiz) >= 1
