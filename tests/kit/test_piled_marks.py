"""Marks piled on one letter make normalising quadratic: such texts are refused before anything normalises them."""

from time import process_time

import pytest

from tests.world import World

PILE = "a" + "\u0301\u0316" * 100_000
LETTERS = "क्षि" + "e\u0301" * 20 + "x" + "\u0301" * 30


@pytest.mark.parametrize(
    "body",
    [{"title": PILE}, {"title": "Knots", "description": PILE}, {"title": "Knots", "category": PILE}],
    ids=["title", "description", "category"],
)
async def test_a_pile_is_refused_at_once(world: World, body: dict[str, str]) -> None:
    began = process_time()
    answer = await world.call("ada", "POST", "/courses", json=body)
    assert process_time() - began < 1
    assert answer.status_code == 422


async def test_letters_with_their_marks_are_fine(world: World) -> None:
    answer = await world.call("ada", "POST", "/courses", json={"title": LETTERS, "description": LETTERS})
    assert answer.status_code == 201, answer.text
