"""What tests of quizzes do again and again: ada writes a quiz, learners take it."""

from typing import Any
from uuid import UUID

from studium.kit.base.ids import new_id
from studium.models import Enrollment, LessonType
from tests.answers import ok
from tests.world import World, add_students, lesson

CHOICE = {
    "question_text": "2 + 2?",
    "question_type": "multiple_choice",
    "options": [{"text": "4", "is_correct": True}, {"text": "5"}, {"text": "22"}],
    "explanation": "Count on your fingers.",
}
SEVERAL = {
    "question_text": "Even?",
    "question_type": "multiple_choice",
    "points": 2,
    "options": [{"text": "2", "is_correct": True}, {"text": "4", "is_correct": True}, {"text": "5"}],
    "metadata": {"scoring": "partial", "note": "a teacher's secret"},
    "explanation": "Halve them.",
}
TRUTH = {
    "question_text": "The sky is blue.",
    "question_type": "true_false",
    "correct_answer": "true",
    "explanation": "Look up.",
}
SHORT = {
    "question_text": "The capital of France?",
    "question_type": "short_answer",
    "correct_answer": "Paris|Lutetia",
    "explanation": "On the Seine.",
}
ESSAY = {"question_text": "Why?", "question_type": "essay", "points": 5, "explanation": "Guidance for graders."}


async def new_quiz(world: World, *questions: dict[str, Any], name: str = "QX", **settings: Any) -> dict[str, Any]:  # noqa: ANN401 -- settings of any type.
    """A published quiz of ada's on a lesson of its own in C1; `{QX}` is its id, `{QX1}` … those of its questions."""
    place = 5 + sum(key.startswith("LX") for key in world.ids)
    await world.add(lesson(world, f"LX{name}", "C1", place, LessonType.QUIZ))
    wish = {"lesson_id": str(world.ids[f"LX{name}"]), "title": "A quiz", "shuffle_questions": False, **settings}
    quiz = ok(await world.call("ada", "POST", "/courses/{C1}/quizzes", json=wish), 201)
    world.ids[name] = UUID(quiz["id"])
    for place, question in enumerate(questions, 1):
        made = await ask(world, question, name)
        world.ids[f"{name}{place}"] = UUID(made["id"])
    return ok(await world.call("ada", "POST", f"/courses/{{C1}}/quizzes/{{{name}}}/publish"))


async def ask(world: World, question: dict[str, Any], name: str = "QX") -> dict[str, Any]:
    return ok(await world.call("ada", "POST", f"/courses/{{C1}}/quizzes/{{{name}}}/questions", json=question), 201)


async def edit(world: World, question: str, quiz: str = "QX", **patch: Any) -> dict[str, Any]:  # noqa: ANN401 -- members of any type.
    """Change a question, as ada."""
    return ok(
        await world.call("ada", "PATCH", f"/courses/{{C1}}/quizzes/{{{quiz}}}/questions/{{{question}}}", json=patch)
    )


async def key_of(world: World, quiz: str = "QX") -> list[dict[str, Any]]:
    """The questions with their keys."""
    found: list[dict[str, Any]] = ok(await world.call("ada", "GET", f"/courses/{{C1}}/quizzes/{{{quiz}}}/questions"))[
        "items"
    ]
    return found


def attempts(quiz: str = "QX", enrollment: str = "E1") -> str:
    return f"/enrollments/{{{enrollment}}}/quizzes/{{{quiz}}}/attempts"


async def start(world: World, quiz: str = "QX", who: str = "sam", enrollment: str = "E1") -> dict[str, Any]:
    return ok(await world.call(who, "POST", attempts(quiz, enrollment)), 201)


async def take(
    world: World, *answers: dict[str, Any], quiz: str = "QX", who: str = "sam", enrollment: str = "E1"
) -> dict[str, Any]:
    """Start and hand in at once."""
    attempt = await start(world, quiz, who, enrollment)
    path = f"{attempts(quiz, enrollment)}/{attempt['id']}/submit"
    return ok(await world.call(who, "POST", path, json={"answers": list(answers)}))


def picked(question: dict[str, Any], *texts: str) -> dict[str, Any]:
    """An answer that selects the options with these texts."""
    ids = {option["text"]: option["id"] for option in question["options"]}
    return {"question_id": question["id"], "selected_option_ids": [ids[text] for text in texts]}


def said(question: dict[str, Any], text: str) -> dict[str, Any]:
    return {"question_id": question["id"], "answer_text": text}


async def enroll(world: World, who: str, *, new: bool = False) -> str:
    """Let a student into C1; the enrollment is called `E-` and their name."""
    if new:
        await add_students(world, who)
    name = f"E-{who}"
    world.ids[name] = new_id()
    row = Enrollment(id=world.ids[name], student_id=world.ids[who], course_id=world.ids["C1"], total_lessons_count=4)
    await world.add(row)
    return name
