"""Essays that wait at the desk: as many learners as are wanted, each with one or two; and how keys mark them."""

from datetime import timedelta
from typing import Any

from playwright.async_api import Page

from studium.kit.base.clock import now
from studium.kit.base.ids import new_id
from studium.models import AttemptStatus, Enrollment
from tests.quizzes.helpers import ESSAY, new_quiz
from tests.world import World, add_students, open_attempt

READY = "async () => (await document.querySelector('grade-desk').ahead(), true)"
SENT = """async () => {
  const { outbox } = document.querySelector("grade-desk");
  await outbox.ready;
  return !outbox.waiting.length;
}"""
"""Nothing waits any more, of an earlier page neither: what the device has kept is read before."""


async def marked(page: Page, points: int, words: str = "") -> None:
    """Give points by keys alone, and words after them."""
    await page.keyboard.press(str(points))
    if words:
        await page.keyboard.press("c")
        await page.keyboard.type(words)
        await page.keyboard.press("Escape")


async def essays(world: World, many: int, *, questions: int = 1, text: str = "Because.", **settings: Any) -> list[str]:  # noqa: ANN401 -- of a quiz.
    """The names of the attempts `T-learner0` … at the quiz QX, the oldest first."""
    await new_quiz(world, *[ESSAY] * questions, **settings)
    asked = [str(world.ids[f"QX{place}"]) for place in range(1, questions + 1)]
    given = [{"question_id": one, "answer_text": text, "selected_option_ids": []} for one in asked]
    waiting = [{"question_id": one, "points": "5", "points_awarded": None} for one in asked]
    names = [f"learner{number}" for number in range(many)]
    await add_students(world, *names)
    at = now() - timedelta(hours=many)
    for place, name in enumerate(names):
        own = {"id": new_id(), "student_id": world.ids[name], "course_id": world.ids["C1"], "total_lessons_count": 5}
        await world.add(Enrollment(**own))
        done = {"status": AttemptStatus.SUBMITTED, "submitted_at": at + timedelta(minutes=place)}
        await open_attempt(world, f"T-{name}", "QX", enrollment_id=own["id"], answers=given, results=waiting, **done)
    return [f"T-{name}" for name in names]
