"""Whole ways through the school on a phone: a new learner finds a course, learns, passes, and has the certificate."""

import re
import shutil
from collections.abc import AsyncIterator
from decimal import Decimal
from email import message_from_bytes
from email.policy import default
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, Page

from studium.kit.base.ids import new_id
from studium.models import Course, Lesson, LessonType, QuestionType, Quiz, QuizQuestion, QuizType
from tests.auth.helpers import text_of
from tests.web.chromium import Eyes, chromium, eyes  # noqa: F401 -- a fixture.
from tests.web.hands import Hands, Keys
from tests.world import World

pytestmark = pytest.mark.timeout(120)
PHONE: dict[str, Any] = {"viewport": {"width": 360, "height": 740}, "has_touch": True, "is_mobile": True}
PASSWORD = "marble saddle 77"
WAYS: dict[str, tuple[type[Hands], str, dict[str, Any]]] = {
    "touch": (Hands, "en", {}),
    "arabic": (Hands, "ar", {}),
    "keyboard": (Keys, "en", {}),
    "keyboard in Arabic": (Keys, "ar", {}),
    "no script": (Hands, "en", {"java_script_enabled": False}),
}


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="module")
async def school(
    chromium: Browser,  # noqa: F811 -- the fixture of that name.
    migrated_file: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[Eyes]:
    """One school and one browser for all journeys: each has a person and a window of its own."""
    folder = tmp_path_factory.mktemp("journeys")
    shutil.copy(migrated_file, folder / "studium.db")
    async with eyes(chromium, f"sqlite:///{folder}/studium.db", folder) as opened:
        await _add_course(opened.world)
        yield opened


async def _add_course(world: World) -> None:
    """A short course: two texts and a quiz, whose first answer is right."""
    course = {"instructor_id": world.ids["ada"], "is_published": True, "category": "Nature"}
    bees = Course(id=new_id(), title="Bees in the garden", slug="bees", description="What they need.", **course)
    kinds = (("eat", LessonType.TEXT), ("live", LessonType.TEXT), ("ready", LessonType.QUIZ))
    lessons = [
        Lesson(
            id=new_id(),
            course_id=bees.id,
            title=f"Lesson {slug}",
            slug=slug,
            lesson_type=kind,
            order_index=place,
            content=None if kind is LessonType.QUIZ else "# Of bees\n\nThey fly from flower to flower.\n\n" * 4,
        )
        for place, (slug, kind) in enumerate(kinds, 1)
    ]
    rules = {"quiz_type": QuizType.GRADED, "passing_score": Decimal(70), "max_attempts": 3, "is_published": True}
    quiz = Quiz(id=new_id(), lesson_id=lessons[-1].id, title="Are you ready?", **rules)
    options = [{"id": one, "text": f"It is {one}.", "is_correct": one == "so"} for one in ("so", "not", "never")]
    asked = [
        QuizQuestion(
            id=new_id(),
            quiz_id=quiz.id,
            question_text=f"Question {place}?",
            question_type=QuestionType.MULTIPLE_CHOICE,
            order_index=place,
            points=Decimal(1),
            options=options,
        )
        for place in (1, 2)
    ]
    for rows in ([bees], lessons, [quiz], asked):
        await world.add(*rows)


@pytest.mark.parametrize("way", WAYS)
async def test_a_new_learner_comes_from_the_catalogue_to_the_certificate(school: Eyes, way: str):
    kind, language, options = WAYS[way]
    person = f"New {way}", f"{way.replace(' ', '-').lower()}@example.org"
    async with school.look("about:blank", locale=language, **PHONE, **options) as look:
        hands = kind(look.page)
        await look.page.goto("/courses")
        assert await look.page.get_attribute("html", "lang") == language
        await _register(school, hands, *person)
        await _enroll(hands)
        await _learn(hands)
        await _pass_the_quiz(hands, has_script=options.get("java_script_enabled", True))
        await school.world.jobs()
        await hands.use("main a.btn[href='/courses/bees']", "**/courses/bees")
        await hands.use("a.btn.main[href^='/certificates/'] >> visible=true", "**/certificates/*")
        assert await look.page.locator("h1").inner_text() == person[0]
        assert await look.page.locator(".plate .mono").inner_text() == await _number(look.page)
        assert await look.page.get_attribute("html", "lang") == language
        # A browser that is quicker than its own transition between two pages says so.
        assert [line for line in look.said if not line.startswith("Transition was")] == []


async def _register(school: Eyes, hands: Hands, name: str, email: str) -> None:
    """Search, look at the course, make an account, follow the mailed link, log in, and be at the course again."""
    await hands.write("#q", "bees")
    await hands.use("form[role=search] button", "**/courses?q=bees")
    await hands.use(".shelf a[href='/courses/bees']", "**/courses/bees")
    await hands.use("a.btn.main[href^='/login'] >> visible=true", "**/login?next=/courses/bees")
    await hands.use("a[href='/register']", "**/register")
    await hands.write("#full_name", name)
    await hands.write("#email", email)
    await hands.write("#password", PASSWORD)
    await hands.use("main form[action='/register'] button.main", "**/login")
    await school.world.jobs()
    await hands.page.goto(_mailed_link(school.world, email))
    await hands.use("form[action='/confirm-email'] button", "**/login")
    await hands.write("#email", email)
    await hands.write("#password", PASSWORD)
    await hands.use("form[action='/login'] button.main", "**/home")


def _mailed_link(world: World, email: str) -> str:
    """The link in the mail to this address."""
    mails = (message_from_bytes(path.read_bytes(), policy=default) for path in world.folder.glob("mail/*.eml"))
    (text,) = (text_of(mail) for mail in mails if mail["To"] == email)
    return str(re.findall(r"https?://\S+/confirm-email\?token=\S+", text)[0])


async def _enroll(hands: Hands) -> None:
    await hands.use("main a.btn.main[href='/courses']", "**/courses")
    await hands.use(".shelf a[href='/courses/bees']", "**/courses/bees")
    await hands.use("form[action$='/enroll'] button >> visible=true", "**/courses/bees")


async def _learn(hands: Hands) -> None:
    await hands.use("a.btn.main[href='/courses/bees/eat'] >> visible=true", "**/courses/bees/eat")
    await hands.use("form[action$='/eat/done'] button", "**/courses/bees/live")
    await hands.use("form[action$='/live/done'] button", "**/courses/bees/ready")
    await hands.use("a.btn.main[href^='/quizzes/']", "**/quizzes/*")


async def _pass_the_quiz(hands: Hands, *, has_script: bool) -> None:
    page = hands.page
    await hands.use("form[action$='/start'] button", "**/attempts/*")
    if has_script:
        await page.wait_for_selector("quiz-attempt[ready]")
    for place in (1, 2):
        await hands.choose(f"#q{place} input[value=so]")
    if has_script:
        await hands.press(page.locator("form#quiz button[value=submit]"))
        await hands.use("#quiz-submit .btn.main", "**/result")
    else:
        await hands.use("form#quiz button[value=submit]", "**/submit")
        await hands.use("form[action$='/submit'] button", "**/result")
    assert "100" in await page.locator("main section").first.inner_text()


async def _number(page: Page) -> str:
    found = re.search(r"/verify/([\w-]+)", str(await page.locator("#link").get_attribute("value")))
    assert found is not None
    return found[1]
