"""A course in figures: the same as the API's, each with its table, its CSV and where it leads."""

import csv
from datetime import timedelta
from io import StringIO

import pytest
from sqlalchemy import update

from studium.kit.base.clock import now
from studium.kit.base.ids import new_id
from studium.models import Enrollment, LessonType
from tests.web.attempts import take_quizzes
from tests.web.school import tab, text, tree
from tests.world import World, add_students, lesson

PAGE = "/teach/courses/{C1}/figures"


@pytest.fixture
async def world(world: World) -> World:
    await take_quizzes(world)
    await world.jobs()
    return world


async def enroll(world: World, many: int) -> None:
    names = [f"s{number}" for number in range(many)]
    await add_students(world, *names)
    at = now() - timedelta(days=100)
    rows = [
        Enrollment(id=new_id(), student_id=world.ids[name], course_id=world.ids["C1"], enrolled_at=at, started_at=at)
        for name in names
    ]
    await world.add(*rows)


async def test_figures_are_those_of_the_api_and_lead_to_who_is_behind_them(world: World):
    await enroll(world, 3)
    told = (await world.call("ada", "GET", "/analytics/courses/{C1}")).json()
    statistics = (await world.call("ada", "GET", "/courses/{C1}/quizzes/{Q2}/statistics")).json()
    async with tab(world, "ada") as ada:
        page = tree(await ada.get(PAGE))
    assert page.xpath("//a[.//*[@class='numeral']]//*[@class='numeral']")[0].text == "4"
    assert sum(told["enrollments"].values()) == 4
    tables = page.xpath("//section[contains(@class, 'figure')]//table")
    trend = [[cell.text_content() for cell in row.xpath(".//td")] for row in tables[0].xpath(".//tbody/tr")]
    assert len(trend) == 12
    assert (sum(int(now) for now, _ in trend), sum(int(before) for _, before in trend)) == (1, 3)
    lessons = [row.xpath("string(td[2])") for row in tables[2].xpath(".//tbody/tr")]
    assert lessons == [str(one["completed"]) for one in told["lessons"]]
    assert world.filled("/teach/courses/{C1}/learners?lesson_id={L1}&silent_days=7") in page.xpath("//a/@href")
    questions = world.filled("/teach/courses/{C1}/quizzes/{Q2}/questions/")
    assert any(str(link).startswith(questions) for link in page.xpath("//a/@href"))
    assert sum(statistics["histogram"]) == statistics["attempts"]
    for drawing in page.xpath("//*[local-name()='svg'][@role='img']"):
        sentence = drawing.get("aria-label")
        assert sentence
        assert sentence.replace("\u2068", "").replace("\u2069", "") in page.xpath("string(//main)")


@pytest.mark.parametrize(("language", "said"), [("en", "under way; who was not has stopped"), ("ar", "فقد توقف")])
async def test_who_came_in_the_last_seven_days_has_not_stopped(world: World, language: str, said: str):
    await enroll(world, 3)
    async with world.runtime.database.write_session() as session:
        for name, days in (("s0", 0), ("s1", 6), ("s2", 8)):
            of = update(Enrollment).where(Enrollment.student_id == world.ids[name])
            await session.execute(of.values(last_accessed_at=now() - timedelta(days=days)))
    async with tab(world, "ada", **{"accept-language": language}) as ada:
        page = await ada.get(PAGE)
    first = tree(page).xpath("//table")[2].xpath(".//tbody/tr")[0]
    assert [first.xpath(f"string(td[{n}])").split()[0] for n in (2, 3, 4)] == ["0", "3", "1"]
    assert said in text(page)


async def test_every_figure_can_be_saved_as_a_table(world: World):
    async with tab(world, "ada") as ada:
        links = tree(await ada.get(f"{PAGE}?weeks=26")).xpath("//a[@download]/@href")
        assert len(links) == 4
        for link in links:
            answer = await ada.get(str(link))
            assert answer.headers["content-type"] == "text/csv; charset=utf-8"
            assert answer.headers["content-disposition"].startswith("attachment;")
            rows = list(csv.reader(StringIO(answer.text.removeprefix("\ufeff"))))
            assert len(rows) > 1
            assert len({len(row) for row in rows}) == 1
        assert (await ada.get(f"{PAGE}.csv?table=secrets")).status_code == 422


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_figures_are_for_those_who_run_the_course(world: World):
    for who, status in [(None, 303), ("sam", 403), ("eve", 403), ("ada", 200), ("root", 200)]:
        async with tab(world, who) as visitor:
            for place in (PAGE, f"{PAGE}.csv"):
                assert (await visitor.get(place)).status_code == status, who
    async with tab(world, "ada") as ada:
        assert (await ada.get(f"{PAGE}?quiz={{K1}}")).status_code == 404
        assert (await ada.get(f"{PAGE}?weeks=0")).status_code == 422
        assert "Quiz" in text(await ada.get(f"{PAGE}?quiz={{Q1}}"))


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_figures_ask_as_often_for_many_learners_and_lessons_as_for_one(world: World):
    counts = []
    async with tab(world, "ada") as ada:
        for many in (0, 50):
            await enroll(world, many)
            added = [lesson(world, f"L{place}", "C1", place, LessonType.TEXT) for place in range(5, 5 + many)]
            await world.add(*added)
            async with world.counting() as statements:
                await ada.get(PAGE)
            counts.append(len(statements))
        page = tree(await ada.get(PAGE))
    assert counts[0] == counts[1] <= 12
    assert len(page.xpath("//table")[2].xpath(".//tbody/tr")) == 54
    assert page.xpath("//*[local-name()='svg'][@role='img']")[2].get("viewbox") == "0 0 360 1394"


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_a_course_without_learners_has_figures_too(world: World):
    async with tab(world, "ada") as ada:
        page = await ada.get("/teach/courses/{C0}/figures")
    assert page.status_code == 200
    assert len(tree(page).xpath("//*[local-name()='svg'][@role='img']")) == 2
