"""Whatever has a name or title shows something by it, in every script."""

from typing import Any

import pytest

from studium.kit.text.visible import shows_something
from studium.modules.exchange.formats.olx.tree import title_of
from studium.modules.files.schemas import label_of
from tests.answers import ok, refused
from tests.world import World

BLANK = [
    "\u200b\u200b",
    "\u200e\u200f\u061c",
    "\u3164\u3164",
    " \u2060\u00ad ",
    "\u200d\ufe0f",
    "\u0301\u0302",
    "\u2800 \u2800",
]
SHOWN = ["می\u200cخواهم", "👨\u200d👩\u200d👧", "نُورٌ\u200f", "क्\u200dष", "\u200bÜx", "1.", "ﷺ!", "Al\u00adma"]  # noqa: RUF001 -- scripts.

PLACES: dict[str, tuple[str | None, str, str, dict[str, Any]]] = {
    "register": (None, "POST", "/auth/register", {"email": "new@school.example", "password": "orange bicycle 12"}),
    "a person": ("root", "POST", "/users", {"email": "new@school.example", "role": "student"}),
    "oneself": ("sam", "PATCH", "/users/me", {}),
    "somebody": ("root", "PATCH", "/users/{mia}", {}),
    "a course": ("ada", "POST", "/courses", {}),
    "a course's change": ("ada", "PATCH", "/courses/{C1}", {}),
    "a category": ("ada", "POST", "/courses", {"title": "Walking"}),
    "a lesson": ("ada", "POST", "/courses/{C1}/lessons", {"lesson_type": "text"}),
    "a quiz": ("ada", "PATCH", "/courses/{C1}/quizzes/{Q1}", {}),
    "a comment": ("ada", "POST", "/grading/comments", {}),
    "a question": (
        "ada",
        "POST",
        "/courses/{C1}/quizzes/{Q1}/questions",
        {"question_type": "essay"},
    ),
}
FIELDS = {"a category": "category", "a comment": "text", "a question": "question_text"}
PEOPLE = ("register", "a person", "oneself", "somebody")


@pytest.mark.parametrize("place", PLACES)
async def test_a_name_shows_something(world: World, place: str) -> None:
    who, method, path, others = PLACES[place]
    field = FIELDS.get(place, "full_name" if place in PEOPLE else "title")
    for text in BLANK:
        answer = await world.call(who, method, path, json={**others, field: text})
        problem = refused(answer, 422, "invalid_input")
        assert [error["pointer"] for error in problem["errors"]] == [f"/{field}"], ascii(text)
    made = await world.call(who, method, path, json={**others, field: SHOWN[0]})
    assert ok(made, made.status_code if made.status_code == 201 else 200)[field] == SHOWN[0]


def test_joiners_stay_where_scripts_and_emoji_need_them() -> None:
    assert [text for text in SHOWN if not shows_something(text)] == []
    assert [text for text in BLANK if shows_something(text)] == []


def test_what_comes_from_elsewhere_has_a_name_too() -> None:
    assert [title_of(text) for text in BLANK] == [""] * len(BLANK)
    assert label_of("\u200b\u200b.pdf") == "file.pdf"
    assert (label_of("\u200b"), label_of("\u200bnote\u200d.txt")) == ("", "\u200bnote\u200d.txt")
