"""A learner's way: find a course, enroll, read, mark as done; and what others see of it."""

import pytest

from studium.models import Enrollment, Lesson, LessonType
from tests.web.hostile_texts import FOREIGN_SCRIPTS
from tests.web.school import tab, text, tree
from tests.world import World


async def test_a_learner_finds_a_course_enrolls_reads_and_goes_on(world: World):
    async with tab(world, "mia") as mia:
        shelf = tree(await mia.get("/courses?q=course"))
        assert "/courses/course-c1" in shelf.xpath("//ul[@class='shelf']//a/@href")
        assert (await mia.get("/courses/course-c1/lesson-l2")).status_code == 403
        assert (await mia.post("/courses/course-c1/enroll")).headers["location"] == "/courses/course-c1"
        page = await mia.get("/courses/course-c1")
        assert "You are enrolled." in text(page)
        assert tree(page).xpath("//a[contains(@class, 'main')]/@href")[0] == "/courses/course-c1/lesson-l1"
        done = await mia.post("/courses/course-c1/lesson-l1/done")
        assert (done.status_code, done.headers["location"]) == (303, "/courses/course-c1/lesson-l2")
        page = await mia.get("/courses/course-c1")
        assert "25 %" in text(page)
        assert tree(page).xpath("//a[contains(@class, 'main')]/@href")[0] == "/courses/course-c1/lesson-l2"
        home = await mia.get("/home")
        assert "1 of 4 lessons" in text(home)


async def test_enrolling_again_is_no_harm(world: World):
    async with tab(world, "sam") as sam:
        before = await world.count(Enrollment)
        for _ in range(2):
            assert (await sam.post("/courses/course-c1/enroll")).status_code == 303
        assert await world.count(Enrollment) == before


@pytest.mark.parametrize(
    ("who", "path", "status"),
    [
        (None, "/courses/course-c0", 404),
        ("sam", "/courses/course-c0", 404),
        ("ada", "/courses/course-c0", 200),
        (None, "/courses/course-c1/lesson-l2", 303),
        ("mia", "/courses/course-c1/lesson-l2", 403),
        ("sam", "/courses/course-c1/lesson-l2", 200),
        ("eve", "/courses/course-c1/lesson-l2", 403),
        ("ada", "/courses/course-c1/lesson-l2", 200),
        ("sam", "/courses/course-c1/no-such-lesson", 404),
        ("sam", "/courses/no-such-course/lesson-l1", 404),
        (None, "/files/{F1}/download", 303),
        ("mia", "/files/{F1}/download", 404),
        ("sam", "/files/{F1}/download", 200),
        ("sam", "/files/{F2}/download", 200),
        ("mia", "/certificates/{X3}/download", 404),
    ],
)
async def test_a_page_is_refused_where_the_api_refuses(world: World, who: str | None, path: str, status: int):
    async with tab(world, who) as visitor:
        assert (await visitor.get(path)).status_code == status


@pytest.mark.parametrize(("who", "status"), [(None, 303), ("mia", 404), ("ada", 404)])
async def test_only_the_learner_marks_a_lesson_as_done(world: World, who: str | None, status: int):
    async with tab(world, who) as visitor:
        assert (await visitor.post("/courses/course-c1/lesson-l1/done")).status_code == status


@pytest.mark.parametrize("who", [None, "ada"])
async def test_only_students_enroll(world: World, who: str | None):
    async with tab(world, who) as visitor:
        answer = await visitor.post("/courses/course-c1/enroll")
        assert answer.status_code == (303 if who is None else 403)
        assert answer.headers.get("location", "/login").startswith("/login")


async def test_a_quiz_is_not_done_by_a_button(world: World):
    async with tab(world, "sam") as sam:
        assert (await sam.post("/courses/course-c1/lesson-l3/done")).status_code == 409


async def test_what_a_teacher_wrote_is_shown_safely(world: World):
    async with world.runtime.database.write_session() as session:
        row = await session.get_one(Lesson, world.ids["L1"])
        address = f"/api/v1/files/{world.ids['F3']}/download"
        row.title = "<script>alert(1)</script>"
        row.content = f"# One\n\n<script>alert(2)</script>\n\n![a picture]({address})\n\n[x](javascript:alert(3))"
    async with tab(world, "sam") as sam:
        answer = await sam.get("/courses/course-c1/lesson-l1")
        page = tree(answer)
        assert page.xpath(f"{FOREIGN_SCRIPTS} | //a[starts-with(@href, 'javascript')]") == []
        assert page.xpath("//div[@class='prose']//img/@src") == [f"/files/{world.ids['F3']}/download"]
        assert len(page.xpath("//h1")) == 1
        assert page.xpath("//div[@class='prose']/h2")[0].text_content() == "One"


async def test_a_player_reports_where_it_stands(world: World):
    async with world.runtime.database.write_session() as session:
        (await session.get_one(Lesson, world.ids["L2"])).video_url = f"/api/v1/files/{world.ids['F3']}/download"
    place = "/courses/course-c1/lesson-l2"
    async with tab(world, "sam") as sam, tab(world, "mia") as mia:
        (script,) = tree(await sam.get(place)).xpath("//script/@src")
        assert (await sam.get(str(script))).headers["content-type"] == "text/javascript; charset=utf-8"
        (address,) = tree(await sam.get(place)).xpath("//video-progress/@action")
        report = {"last_position_seconds": "61", "time_spent_seconds": "1"}
        assert (await sam.post(str(address), report)).status_code == 204
        assert tree(await sam.get(place)).xpath("//video/@src")[0].endswith("#t=61")
        for wrong in ("", "-1", "1.5", "x", "9" * 30, "٣"):
            assert (await sam.post(str(address), {**report, "last_position_seconds": wrong})).status_code == 422
        assert (await mia.post(str(address), report)).status_code == 404


async def test_a_course_costs_as_many_statements_for_many_lessons_as_for_few(world: World):
    async def statements() -> int:
        async with tab(world, "sam") as sam, world.counting() as seen:
            assert (await sam.get("/courses/course-c1")).status_code == 200
        return len(seen)

    await statements()
    few = await statements()
    kind, course = LessonType.TEXT, world.ids["C1"]
    fields = {"course_id": course, "lesson_type": kind, "title": "More"}
    more = [Lesson(**fields, slug=f"more-{place}", order_index=place) for place in range(9, 60)]
    await world.add(*more)
    assert await statements() == few <= 6
