"""A teacher's courses: the first page, a new course, its settings and cover, publishing it, and its end."""

from datetime import timedelta
from io import BytesIO
from zipfile import ZipFile

import pytest

from studium.kit.base.clock import now
from studium.kit.base.ids import new_id
from studium.models import Course, Enrollment, EnrollmentStatus, Quiz
from tests.answers import ok
from tests.files.samples import picture
from tests.web.school import Tab, tab, text, tree
from tests.world import World, add_students

COURSE = "/teach/courses/{C1}"
DRAFT = "/teach/courses/{C0}"


async def fields(visitor: Tab, path: str) -> dict[str, str]:
    """What the form of a page would send as it stands."""
    page = tree(await visitor.get(path))
    form = page.xpath("//main//form[@method='post']")[0]
    return dict(form.form_values())


async def test_the_first_page_says_what_waits_and_which_courses_there_are(world: World):
    async with tab(world, "ada") as ada:
        page = tree(await ada.get("/teach"))
        assert page.xpath("//ul[contains(@class, 'waits')]//a/@href") == [world.filled("/teach/courses/{C0}/publish")]
        assert sorted(page.xpath("//tbody//th//bdi/text()")) == ["Course C0", "Course C1", "Course C3"]
        drafts = tree(await ada.get("/teach?state=draft"))
        assert drafts.xpath("//tbody//th//bdi/text()") == ["Course C0"]
        assert "No course fits" in text(await ada.get("/teach?q=nothing"))
        assert (await ada.get("/teach?state=lost")).status_code == 422
    async with tab(world, "root") as root:
        assert "Your first course" in text(await root.get("/teach"))
        everybody = tree(await root.get("/teach?whose=all"))
        assert {"Course C1", "Course C2"} <= set(everybody.xpath("//tbody//th//bdi/text()"))
    async with tab(world, "eve") as eve:
        assert "Course C1" not in text(await eve.get("/teach?whose=all"))


async def come(world: World, course: str, *days: int, through: int = 0) -> None:
    """A learner enrolls in the course on each of these days before today; so many of the first of them got through."""
    names = [f"{course.lower()}d{place:02}" for place in range(len(days))]
    await add_students(world, *names)
    for place, (name, back) in enumerate(zip(names, days, strict=True)):
        at = now() - timedelta(days=back)
        done = {"status": EnrollmentStatus.COMPLETED, "completed_at": at, "progress_percentage": 100}
        own = {"student_id": world.ids[name], "course_id": world.ids[course], "enrolled_at": at}
        await world.add(Enrollment(id=new_id(), **own, **(done if place < through else {})))


async def test_the_first_page_says_what_happened_lately(world: World):
    """Held against the trend that the API has of the course."""
    await come(world, "C1", 1, 1, 3, 29, 40, through=1)
    await come(world, "C2", 2)
    trend = ok(await world.call("ada", "GET", "/analytics/courses/{C1}"))["trend"]
    came, through = (sum(point[name] for point in trend) for name in ("enrollments", "completions"))
    assert (came >= 4, through) == (True, 1)
    async with tab(world, "ada") as ada:
        page = tree(await ada.get("/teach"))
        rows = {row.xpath("string(th//bdi)"): row for row in page.xpath("//tbody/tr")}
        (cell,) = rows["Course C1"].xpath("td[@data-label='Last 30 days']")
        assert cell.text_content() == f"{came} enrolled · 1 completed"
        (points,) = cell.xpath("*//polyline/@points")
        assert len(points.split()) == len(trend) == 30
        assert cell.xpath(".//*[local-name()='svg']/@aria-hidden") == ["true"]
        assert rows["Course C0"].xpath("string(td[@data-label='Last 30 days'])") == "\u2013"
        told = page.xpath("//section[@aria-labelledby='lately']//li/span[1]")
        said = [" ".join(" ".join(one.xpath(".//text()")).split()) for one in told]
        days = [point for point in reversed(trend) if point["enrollments"] or point["completions"]]
        assert len([one for one in said if one.startswith("Course C1 ")]) == len(days)
        assert "Course C1 2 enrolled · 1 completed" in said
        assert not any("Course C2" in one for one in said)
        arabic = tree(await ada.get("/teach", **{"accept-language": "ar"}))
        assert "أتم متعلم واحد" in arabic.xpath("string(//section[@aria-labelledby='lately'])")
    async with tab(world, "eve") as eve:
        lately = tree(await eve.get("/teach")).xpath("//section[@aria-labelledby='lately']//li/span[1]")
        assert [" ".join(one.xpath(".//text()")) for one in lately] == ["Course C2 1 enrolled"]


async def test_the_first_page_asks_as_often_for_one_course_as_for_twenty(world: World):
    counts = []
    async with tab(world, "ada") as ada:
        for many in (0, 20):
            fields = {"instructor_id": world.ids["ada"], "is_published": True}
            await world.add(*(Course(title=f"M {n}", slug=f"m-{many}-{n}", **fields) for n in range(many)))
            async with world.counting() as statements:
                assert (await ada.get("/teach")).status_code == 200
            counts.append(len(statements))
    assert counts[0] == counts[1]


@pytest.mark.parametrize(("language", "said"), [("en", "2 silent for 14 days"), ("ar", "اثنان صامتان منذ 14 يومًا")])
async def test_the_first_page_says_of_each_course_who_is_silent(world: World, language: str, said: str):
    await add_students(world, "s0", "s1", "s2")
    days = {"s0": 15, "s1": 40, "s2": 3}
    await world.add(
        *(
            Enrollment(
                id=new_id(),
                student_id=world.ids[name],
                course_id=world.ids["C1"],
                enrolled_at=now() - timedelta(days=90),
                last_accessed_at=now() - timedelta(days=ago),
            )
            for name, ago in days.items()
        )
    )
    async with tab(world, "ada", **{"accept-language": language}) as ada:
        link = tree(await ada.get("/teach")).xpath("//a[contains(@href, 'silent_days')]")
        assert [(one.get("href"), one.text) for one in link] == [
            (world.filled("/teach/courses/{C1}/learners?silent_days=14"), said)
        ]
        assert len(tree(await ada.get(link[0].get("href"))).xpath("//tbody/tr")) == 2
    async with tab(world, "root") as root:
        assert "silent_days" not in (await root.get("/teach?whose=all")).text


async def test_the_first_page_asks_as_often_for_many_courses_as_for_few(world: World):
    async with tab(world, "ada") as ada:
        await ada.get("/teach")
        async with world.counting() as few:
            await ada.get("/teach")
        for number in range(20):
            await ada.post("/teach/courses/new", {"title": f"Another {number}"})
        async with world.counting() as many:
            page = tree(await ada.get("/teach"))
        assert len(page.xpath("//tbody/tr")) == 23
        assert len(few) == len(many)


async def test_a_course_begins_with_a_title_alone(world: World):
    async with tab(world, "ada") as ada:
        refused = await ada.post("/teach/courses/new", {"title": "", "estimated_duration_minutes": "long"})
        assert refused.status_code == 422
        wrong = {"title", "estimated_duration_minutes"}
        assert set(tree(refused).xpath("//input[@aria-invalid]/@id")) == wrong
        assert tree(refused).xpath("//input[@id='estimated_duration_minutes']/@value") == ["long"]
        made = await ada.post("/teach/courses/new", {"title": "Knots", "category": "Crafts", "difficulty_level": ""})
        assert made.status_code == 303
        page = await ada.get(made.headers["location"])
        assert ("Knots" in text(page), "Draft" in text(page), "No lesson yet" in text(page)) == (True, True, True)
    async with tab(world, "sam") as sam:
        assert (await sam.post("/teach/courses/new", {"title": "Knots"})).status_code == 403


async def test_settings_are_saved_and_what_is_wrong_is_said_at_its_field(world: World):
    path = f"{COURSE}/settings"
    async with tab(world, "ada") as ada:
        typed = await fields(ada, path)
        assert typed["title"] == "Course C1"
        new = {
            **typed,
            "title": "Calm seas",
            "slug": "calm-seas",
            "description": "",
            "estimated_duration_minutes": "90",
        }
        new["estimated_duration_minutes"] = "90"
        assert (await ada.post(path, new)).headers["location"] == world.filled(path)
        assert "Saved." in text(await ada.get(path))
        course = await world.row(Course, "C1")
        assert (course.title, course.slug, course.description) == ("Calm seas", "calm-seas", None)
        assert course.estimated_duration_minutes == 90
        refused = await ada.post(path, {**new, "version": "2", "slug": "No, no", "title": ""})
        assert refused.status_code == 422
        assert set(tree(refused).xpath("//input[@aria-invalid]/@id")) == {"slug", "title"}
        taken = await ada.post(path, {**await fields(ada, path), "slug": "course-c2"})
        assert (taken.status_code, "has this address already" in text(taken)) == (409, True)


async def test_settings_that_somebody_else_saved_meanwhile_show_both_and_lose_nothing(world: World):
    path = f"{COURSE}/settings"
    async with tab(world, "ada") as ada, tab(world, "root") as root:
        mine, theirs = await fields(ada, path), await fields(root, path)
        await root.post(path, {**theirs, "title": "The admin's title"})
        late = await ada.post(path, {**mine, "title": "My title", "description": "A long text of mine."})
        assert late.status_code == 412
        page = tree(late)
        assert page.xpath("//input[@id='title']/@value") == ["My title"]
        assert page.xpath("//textarea/text()") == ["A long text of mine."]
        assert page.xpath("//*[@id='title-now']//bdi/text()") == ["The admin's title"]
        assert (await world.row(Course, "C1")).title == "The admin's title"
        again = dict(page.xpath("//main//form[@method='post']")[0].form_values())
        assert (await ada.post(path, again)).status_code == 303
        course = await world.row(Course, "C1")
        assert (course.title, course.description) == ("My title", "A long text of mine.")


async def test_only_an_admin_gives_a_course_to_somebody_else(world: World):
    path, eve = f"{COURSE}/settings", str(world.ids["eve"])
    async with tab(world, "ada") as ada, tab(world, "root") as root:
        typed = await fields(ada, path)
        assert "instructor_id" not in typed
        assert (await ada.post(path, {**typed, "instructor_id": eve})).status_code == 403
        offered = tree(await root.get(path)).xpath("//select[@id='instructor_id']/option/text()")
        assert len(offered) == 2
        assert (await root.post(path, {**await fields(root, path), "instructor_id": eve})).status_code == 303
        assert (await ada.get(path)).status_code == 403


def cover_form(course: str, content: bytes, public: str = "true") -> tuple[bytes, str]:
    """The body of the form of a cover, and its type."""
    parts = b"".join(
        f'--x\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
        for name, value in (("course_id", course), ("is_public", public))
    )
    head = b'--x\r\nContent-Disposition: form-data; name="file"; filename="sea.png"\r\nContent-Type: image/png\r\n\r\n'
    return parts + head + content + b"\r\n--x--\r\n", "multipart/form-data; boundary=x"


async def sent(visitor: Tab, path: str, body: tuple[bytes, str]) -> int:
    headers = {"sec-fetch-site": "same-origin", "content-type": body[1]}
    return (await visitor.client.post(visitor.world.filled(path), content=body[0], headers=headers)).status_code


async def test_a_course_gets_a_cover_with_its_words_and_gives_it_back(world: World):
    own, other = str(world.ids["C1"]), str(world.ids["C2"])
    async with tab(world, "ada") as ada, tab(world, "eve") as eve, tab(world) as nobody:
        assert await sent(eve, "/teach/upload/cover/{C1}", cover_form(own, picture("png"))) == 403
        assert await sent(ada, "/teach/upload/cover/{C1}", cover_form(other, picture("png"))) == 403
        assert await sent(ada, "/teach/upload/cover/{C1}", cover_form(own, picture("png"), public="false")) == 422
        assert await sent(ada, "/teach/upload/cover/{C1}", cover_form(own, b"no picture")) == 415
        assert await sent(ada, "/teach/upload/cover/{C1}", cover_form(own, picture("png"))) == 303
        typed = {**await fields(ada, f"{COURSE}/settings"), "picture_text": "The sea & a boat"}
        assert (await ada.post(f"{COURSE}/settings", typed)).status_code == 303
        shown = tree(await nobody.get("/courses/course-c1")).xpath("//div[starts-with(@class, 'book')]/img")[0]
        assert shown.get("alt") == "The sea & a boat"
        assert (await nobody.get(shown.get("src"))).status_code == 200
        assert (await ada.post(f"{COURSE}/cover/remove")).status_code == 303
        assert (await world.row(Course, "C1")).thumbnail_url is None


async def test_a_course_is_published_when_nothing_keeps_it_from_that(world: World):
    async with tab(world, "ada") as ada:
        assert "The course has no lesson." in text(await ada.get(f"{DRAFT}/publish"))
        assert (await ada.post(f"{DRAFT}/publish")).status_code == 409
        await ada.post(f"{DRAFT}/outline/add", {"title": "Test yourself", "lesson_type": "quiz"})
        blocked = tree(await ada.get(f"{DRAFT}/publish"))
        assert blocked.xpath("//main//form[@method='post']") == []
        link = blocked.xpath("//ul[@class='list']//a/@href")
        assert len(link) == 1
        assert link[0].startswith(world.filled(f"{DRAFT}/quizzes/"))
        quiz = await world.row(Quiz, "Q1")
        assert quiz.is_published
        await ada.post(f"{DRAFT}/outline/add", {"title": "Read", "lesson_type": "text"})
        outline = tree(await ada.get(f"{DRAFT}/outline")).xpath("//li[@data-id]/@data-id")
        await ada.post(f"{DRAFT}/outline/{outline[0]}/delete")
        page = tree(await ada.get(f"{DRAFT}/publish"))
        assert "no text yet" in page.text_content()
        typed = dict(page.xpath("//main//form[@method='post']")[0].form_values())
        assert (await ada.post(f"{DRAFT}/publish", {**typed, "version": "99"})).status_code == 412
        await ada.post(f"{DRAFT}/publish", typed)
        after = await ada.get(f"{DRAFT}/publish")
        assert ("The course is published." in text(after), "Learners see this course" in text(after)) == (True, True)
        await ada.post(f"{DRAFT}/publish", {"hide": "1"})
        assert not (await world.row(Course, "C0")).is_published


async def test_a_course_is_exported_and_deleted_after_a_question(world: World):
    async with tab(world, "ada") as ada:
        archive = await ada.get(f"{COURSE}/export")
        assert archive.headers["content-type"] == "application/zip"
        assert "course.md" in {name.rpartition("/")[2] for name in ZipFile(BytesIO(archive.content)).namelist()}
        assert tree(await ada.get(f"{COURSE}/settings")).xpath("//confirm-form") == [], "somebody is enrolled"
        assert len(tree(await ada.get(f"{DRAFT}/settings")).xpath("//confirm-form")) == 1
        kept = await ada.post(f"{COURSE}/delete", await fields(ada, f"{COURSE}/delete"))
        assert (kept.status_code, "so it stays" in text(kept)) == (409, True)
        gone = await ada.post(f"{DRAFT}/delete", await fields(ada, f"{DRAFT}/delete"))
        assert gone.headers["location"] == "/teach"
        assert "The course is deleted." in text(await ada.get("/teach"))
        assert (await ada.get(f"{DRAFT}/outline")).status_code == 404


@pytest.mark.parametrize("who", ["sam", "eve"])
async def test_nobody_else_runs_a_course(world: World, who: str):
    async with tab(world, who) as visitor:
        for part in ("settings", "publish", "delete", "export"):
            assert (await visitor.get(f"{COURSE}/{part}")).status_code == 403
            assert (await visitor.get(f"{DRAFT}/{part}")).status_code == 404
        for part in ("settings", "publish", "delete", "cover/remove"):
            assert (await visitor.post(f"{COURSE}/{part}", {"title": "Mine"})).status_code == 403
