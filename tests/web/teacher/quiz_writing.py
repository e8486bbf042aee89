"""A teacher who writes a quiz by keyboard alone: five questions of its form, and five that are pasted."""

from playwright.async_api import Page

from tests.web.chromium import until

OPTIONS = ("Chance", "A third factor", "The unit")
PASTED = """Which are primes? [2]
* 2
* 3
- 4

A square has four sides.
= true

What is the capital of France?
= Paris

Two is even.
= true

"""
"""Four questions; what tests need besides comes after them."""


async def press(page: Page, selector: str) -> None:
    """Go to a link or button, and press Enter; the page that comes is there."""
    await page.focus(selector)
    async with page.expect_navigation():
        await page.keyboard.press("Enter")


async def focused(page: Page, selector: str) -> None:
    """What has the focus when a page has come, which may be a moment after it was loaded."""
    await until(page, "which => document.activeElement?.matches(which)", selector)


async def begin(page: Page, text: str) -> None:
    """Type the text of a new question, whose field has the focus."""
    await focused(page, "#question_text")
    await page.keyboard.type(text)


async def write_choice(page: Page, text: str, right: int) -> None:
    """Fill the form of a choice from its first field on, with Tab and Space."""
    await begin(page, text)
    for place, option in enumerate(OPTIONS):
        await page.keyboard.press("Tab")
        if place == right:
            await page.keyboard.press("Space")
        await page.keyboard.press("Tab")
        await page.keyboard.type(option)
        await page.keyboard.press("Tab")


async def write_five(page: Page, essay: str = "Say why.", points: int = 1) -> None:
    """Two choices, a statement, a short answer and an essay, which is worth so many points."""
    await press(page, "a[href$='new?kind=multiple_choice']")
    await write_choice(page, "Which explains a correlation?", 1)
    await press(page, "button[value=next]:not([aria-hidden])")
    await write_choice(page, "Which is least likely?", 2)
    await press(page, "button[value=next]:not([aria-hidden])")
    await begin(page, "The mean is robust.")
    await press(page, "button[value=type-true_false]")
    assert await page.input_value("#question_text") == "The mean is robust."
    await page.focus("#truth-false")
    await page.keyboard.press("Space")
    await press(page, "button[value=next]:not([aria-hidden])")
    await begin(page, "How many sides has a square?")
    await press(page, "button[value=type-short_answer]")
    await page.focus("#correct_answer")
    await page.keyboard.type("4|four")
    await press(page, "button[value=next]:not([aria-hidden])")
    await begin(page, essay)
    await press(page, "button[value=type-essay]")
    await page.focus("#points")
    await page.keyboard.press("ControlOrMeta+a")
    await page.keyboard.type(str(points))
    await press(page, "button.main[value=save]")


async def paste(page: Page, text: str) -> None:
    """Put questions into the field for pasted ones, in place of what is there, and look at what they become."""
    await page.focus("#text")
    await page.keyboard.press("ControlOrMeta+a")
    await page.keyboard.insert_text(text)
    await press(page, "button[value=look]")
