"""A teacher makes a graded quiz of ten questions by keyboard alone, half of them pasted, and publishes it."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Browser
from sqlalchemy import select

from studium.models import QuestionType, Quiz, QuizQuestion
from tests.web.chromium import (
    Eyes,
    chromium,  # noqa: F401 -- a fixture.
    eyes,
)
from tests.web.teacher.quiz_writing import PASTED, focused, paste, press, write_five
from tests.world import World

pytestmark = [pytest.mark.timeout(240), pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)]
WRONG = "- an answer without its question"
ESSAY = "Why do we take samples?"


@pytest.fixture
async def school(chromium: Browser, database_url: str, tmp_path: Path) -> AsyncIterator[Eyes]:  # noqa: F811 -- the fixture of that name.
    async with eyes(chromium, database_url, tmp_path) as opened:
        yield opened


async def rows(world: World, quiz_id: str) -> tuple[Quiz, list[QuizQuestion]]:
    async with world.runtime.database.read_session() as session:
        quiz = (await session.execute(select(Quiz).where(Quiz.title == "Examination"))).scalar_one()
        of = select(QuizQuestion).where(QuizQuestion.quiz_id == quiz.id).order_by(QuizQuestion.order_index)
        assert str(quiz.id) == quiz_id
        return quiz, list((await session.execute(of)).scalars())


@pytest.mark.parametrize(("language", "width"), [("en", 1280), ("ar", 360)])
async def test_a_quiz_of_ten_questions_is_made_by_keyboard(school: Eyes, language: str, width: int):
    window = {"viewport": {"width": width, "height": 800}, "locale": language, "reduced_motion": "reduce"}
    async with school.look("/teach/courses/{C1}/quizzes", "ada", **window) as look:
        page = look.page
        await page.focus("#title")
        await page.keyboard.type("Examination")
        async with page.expect_navigation():
            await page.keyboard.press("Enter")
        quiz_id = page.url.rpartition("/")[2]
        await page.focus("#time_limit_minutes")
        await page.keyboard.type("45")
        async with page.expect_navigation():
            await page.keyboard.press("Enter")
        await write_five(page)
        await press(page, "a[href$='/paste']")
        await paste(page, f"{PASTED}{WRONG}\n\n{ESSAY}")
        assert await page.locator("button[value=add]").count() == 0
        assert "15" in await page.inner_text("ul.list .badge.bad")  # The line that cannot be read.
        await paste(page, f"{PASTED}{ESSAY}")
        assert await look.axe() == []
        await focused(page, "button[value=add]")
        async with page.expect_navigation():
            await page.keyboard.press("Enter")
        assert await page.locator("li.editrow").count() == 10
        await press(page, "li.editrow:last-child button[name=up]")
        await focused(page, "li.moved button[name=up]")
        await press(page, "form[action$='/publish'] button")
        assert await look.axe() == []
        assert look.said == []
    quiz, questions = await rows(school.world, quiz_id)
    assert (quiz.is_published, quiz.time_limit_minutes, len(questions)) == (True, 45, 10)
    kinds = [question.question_type for question in questions]
    choice, truth, short, essay = (
        QuestionType.MULTIPLE_CHOICE,
        QuestionType.TRUE_FALSE,
        QuestionType.SHORT_ANSWER,
        "essay",
    )
    assert kinds == [choice, choice, truth, short, essay, choice, truth, short, essay, truth]
    assert [[one["is_correct"] for one in question.options or ()] for question in questions[:2]] == [
        [False, True, False],
        [False, False, True],
    ]
