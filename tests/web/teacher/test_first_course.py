"""The whole way of a teacher who has never seen the school: from the first title to the figures, by pages alone.

Every page is reached by the links of the page before it. Learners are tests that speak to the API.
"""

from collections.abc import AsyncIterator
from pathlib import Path
from uuid import UUID

import pytest
from playwright.async_api import Browser, FilePayload, Page, expect
from sqlalchemy import select

from studium.models import Course, Enrollment, GradeChange, Lesson, LessonType, Quiz, QuizAttempt
from tests.files.samples import GOOD
from tests.quizzes.helpers import take
from tests.web.chromium import Eyes, Look, chromium, eyes, until  # noqa: F401 -- a fixture among them.
from tests.web.teacher.grading import READY, marked
from tests.web.teacher.people import bring_in
from tests.web.teacher.quiz_writing import PASTED, paste, press, write_five
from tests.world import World

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]
PEOPLE, POINTS = 30, 5
LESSONS = ("Ropes", "The bowline", "Hitches", "Bends", "Care")
VIDEO = LESSONS[1]
FIFTH = "A knot weakens a rope.\n= true"
TITLES = "xpath=//ol//a[bdi[text()='%s']]"


@pytest.fixture
async def school(chromium: Browser, database_url: str, tmp_path: Path) -> AsyncIterator[Eyes]:  # noqa: F811 -- the fixture of that name.
    async with eyes(chromium, database_url, tmp_path) as opened:
        yield opened


async def go(page: Page, selector: str) -> None:
    """Press a link or button that leads to a page."""
    async with page.expect_navigation(wait_until="load"):
        await page.locator(selector).first.click()


async def to(page: Page, part: str) -> None:
    """Go to a part of the course by its tabs."""
    await go(page, f"nav.tabs a[href*='{part}']")


def upload(name: str) -> FilePayload:
    """A small file of this name."""
    return {"name": name, "mimeType": "application/octet-stream", "buffer": GOOD[name]}


async def make_outline(page: Page) -> None:
    """Five lessons, one of them a video, and a quiz at the end."""
    await go(page, "a[href='/teach/courses/new']")
    await page.fill("#title", "Knots")
    await go(page, "main form button.main")
    for number, title in enumerate((*LESSONS, "Examination"), 1):
        kind = "quiz" if title not in LESSONS else "video" if title == VIDEO else "text"
        await page.fill("#title", title)
        await page.locator(f"label[for=kind-{kind}]").click()
        await page.locator("form[action$='/outline/add'] button").click()
        await expect(page.locator(".editrow")).to_have_count(number)


async def write_lessons(page: Page) -> None:
    """A text for each lesson, a film and its captions for one."""
    for title in LESSONS:
        await go(page, TITLES % title)
        await page.wait_for_selector("md-editor[ready]")
        await page.fill("#content", f"What there is to know of *{title}*.")
        await page.locator("button.main[form=ed]").click()
        await until(page, "() => document.querySelector('md-editor').dataset.state === 'saved'")
        if title == VIDEO:
            await add_film(page)
        await to(page, "/outline")


async def add_film(page: Page) -> None:
    """Upload a film, make it the video of the lesson, and give it captions."""
    await page.set_input_files("#file", upload("talk.mp4"))
    await go(page, "form[action*='/files'] button")
    await page.wait_for_selector("md-editor[ready]")
    await page.locator("#ed details.fold summary").click()
    await go(page, "button[name=film]")
    await page.set_input_files("#captions-file", upload("talk.vtt"))
    await go(page, "button[formaction*='/captions/ar']")


async def write_quiz(page: Page) -> None:
    """Ten questions, five of them pasted, one an essay; marks are released together."""
    await go(page, TITLES % "Examination")
    await write_five(page, "Why do knots hold?", POINTS)
    await press(page, "a[href$='/paste']")
    await paste(page, PASTED + FIFTH)
    await press(page, "button[value=add]")
    assert await page.locator("li.editrow").count() == 10
    await page.select_option("#release", "together")
    await go(page, "form[action$='/settings'] button.main")
    await go(page, "form[action$='/publish'] button")


async def publish(page: Page) -> None:
    """Publish the course, which lacks nothing."""
    await to(page, "/outline")
    await expect(page.locator("aside .tone.warn")).to_have_count(0)
    await to(page, "/publish")
    await expect(page.locator("main .tone.warn")).to_have_count(0)
    await go(page, "form[action$='/publish'] button.main")
    await expect(page.locator(".flash.good")).to_be_visible()


async def enroll(page: Page, names: list[str]) -> None:
    """Bring people in by a list that is pasted."""
    await to(page, "/learners")
    await go(page, "a[href$='/learners/enroll']")
    await page.focus("#people")
    await page.keyboard.insert_text("\n".join(f"{name}@school.example" for name in names))
    await go(page, "form:has(#people) button")
    assert await page.locator("tbody tr").count() == len(names)
    await go(page, "button[value=enroll]")


async def answer(world: World, names: list[str]) -> None:
    """Let each of these take the quiz: the essay is answered, and every second learner knows one thing more."""
    async with world.runtime.database.read_session() as session:
        of = select(Quiz).join(Lesson, Lesson.id == Quiz.lesson_id).where(Lesson.title == "Examination")
        quiz = (await session.execute(of)).scalar_one()
        found = (await session.execute(select(Enrollment.student_id, Enrollment.id))).all()
        enrollments = {one.student_id: one.id for one in found}
    world.ids["QX"] = quiz.id
    asked = (await world.call("ada", "GET", f"/courses/{await course_id(world)}/quizzes/{{QX}}/questions")).json()
    essay, known = (
        next(one["id"] for one in asked["items"] if one["question_type"] == kind) for kind in ("essay", "short_answer")
    )
    for place, name in enumerate(names):
        world.ids[f"E-{name}"] = enrollments[world.ids[name]]
        given = [{"question_id": essay, "answer_text": f"By friction, says {name}."}]
        more = [{"question_id": known, "answer_text": "4"}] * (place % 2)
        await take(world, *given, *more, who=name, enrollment=f"E-{name}")


async def course_id(world: World) -> UUID:
    """The course that the teacher made."""
    async with world.runtime.database.read_session() as session:
        return (await session.execute(select(Course.id).where(Course.title == "Knots"))).scalar_one()


async def grade(page: Page) -> None:
    """Grade all that waits in one go, by keys alone from the course on."""
    await press(page, "nav.tabs a[href*='/teach/grading']")
    await press(page, "a.btn.main")
    seen = set()
    for place in range(PEOPLE):
        await until(page, READY)
        seen.add(await page.get_attribute("#piece", "data-attempt"))
        await marked(page, place % (POINTS + 1), "Well said." if place % 10 == 0 else "")
        await page.keyboard.press("j")
    await page.wait_for_url("**/teach/grading*")
    assert len(seen) == PEOPLE


async def release(page: Page) -> None:
    """Release the marks, and go back to the course."""
    await go(page, "#held + ul a")
    await go(page, "form[action$='/release'] button")
    await expect(page.locator(".flash")).to_be_visible()


async def read_figures(look: Look) -> None:
    """Read how many came, where they stop, what marks there are, and who has which."""
    page = look.page
    await to(page, "/figures")
    assert await page.locator(".stats .numeral").first.inner_text() == str(PEOPLE)
    assert await page.locator("section[aria-labelledby=funnel] tbody tr").count() == len(LESSONS) + 1
    assert str(PEOPLE) in await page.locator("section[aria-labelledby=marks]").inner_text()
    assert await look.axe() == []
    await to(page, "/quizzes")
    await go(page, "li.editrow a")
    await go(page, "a[href$='/marks']")
    shown = await page.locator("tbody tr .badge").count()
    await go(page, "nav.pager a")
    assert shown + await page.locator("tbody tr .badge").count() == PEOPLE


@pytest.mark.parametrize(("language", "width"), [("en", 1280), ("ar", 360)])
async def test_a_first_course_from_its_title_to_its_figures(school: Eyes, language: str, width: int):
    world = school.world
    names = await bring_in(world, PEOPLE)
    window = {"viewport": {"width": width, "height": 800}, "locale": language, "reduced_motion": "reduce"}
    async with school.look("/teach", "ada", **window) as look:
        page = look.page
        await make_outline(page)
        await write_lessons(page)
        await write_quiz(page)
        await publish(page)
        await enroll(page, names)
        await answer(world, names)
        await page.reload()
        await grade(page)
        await release(page)
        await read_figures(look)
        assert look.said == []
    async with world.runtime.database.read_session() as session:
        of = select(Lesson).where(Lesson.course_id == await course_id(world)).order_by(Lesson.order_index)
        lessons = list((await session.execute(of)).scalars())
        attempts = (await session.execute(select(QuizAttempt).where(QuizAttempt.quiz_id == world.ids["QX"]))).scalars()
        scores = [float(one.score or 0) for one in sorted(attempts, key=lambda one: one.submitted_at or one.started_at)]
    assert [lesson.title for lesson in lessons] == [*LESSONS, "Examination"]
    assert lessons[1].lesson_type is LessonType.VIDEO
    assert [one["language"] for one in lessons[1].captions or ()] == ["ar"]
    assert scores == [place % (POINTS + 1) + place % 2 for place in range(PEOPLE)]
    assert await world.count(GradeChange) == PEOPLE
