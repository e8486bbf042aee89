"""Moves of lessons in an outline: every order keeps all lessons, each behind its parent, and every step goes back."""

from random import Random
from uuid import UUID

import pytest

from studium.modules.courses.outline import (
    MAX_LEVELS,
    Place,
    Step,
    beside,
    level_of,
    order_with,
    place_after,
    place_of,
)

BACK = {Step.UP: Step.DOWN, Step.DOWN: Step.UP, Step.IN: Step.OUT}
Tree = dict[UUID, UUID | None]


def grown(seed: int, many: int = 14) -> Tree:
    """An outline of so many lessons, nested by chance."""
    chance, tree = Random(seed), dict[UUID, UUID | None]()
    for number in range(1, many + 1):
        parents = [None, *(lesson for lesson in tree if level_of(lesson, tree) < MAX_LEVELS)]
        tree[UUID(int=number)] = chance.choice(parents)
    return put(tree, UUID(int=1), place_of(UUID(int=1), tree))


def put(tree: Tree, lesson: UUID, place: Place) -> Tree:
    """The outline with a lesson at its new place."""
    parents = tree | {lesson: place.parent}
    return {each: parents[each] for each in order_with(lesson, place, tree)}


@pytest.mark.parametrize("seed", range(20))
def test_a_step_keeps_every_lesson_behind_its_parent_and_goes_back(seed: int) -> None:
    tree = grown(seed)
    for lesson in tree:
        assert put(tree, lesson, place_of(lesson, tree)) == tree
        for step in Step:
            place = place_after(lesson, step, tree)
            if place is None:
                continue
            moved = put(tree, lesson, place)
            assert moved.keys() == tree.keys()
            assert max(level_of(each, moved) for each in moved) <= MAX_LEVELS
            places = list(moved)
            assert all(parent is None or places.index(parent) < places.index(each) for each, parent in moved.items())
            assert list(put(moved, lesson, place_of(lesson, tree)).items()) == list(tree.items())
            if step in BACK:
                back = place_after(lesson, BACK[step], moved)
                assert back is not None
                assert list(put(moved, lesson, back).items()) == list(tree.items())


def test_nothing_moves_past_the_ends_or_deeper_than_three_levels() -> None:
    first, second, third, fourth = (UUID(int=number) for number in range(1, 5))
    tree: Tree = {first: None, second: first, third: second, fourth: None}
    assert place_after(first, Step.UP, tree) is None
    assert place_after(fourth, Step.DOWN, tree) is None
    assert place_after(first, Step.OUT, tree) is None
    assert place_after(third, Step.IN, tree) is None
    assert place_after(fourth, Step.IN, tree) == Place(first, second)
    assert place_after(fourth, Step.IN, {second: None, third: second, first: third, fourth: None}) == Place(
        second, third
    )
    deep: Tree = {fourth: None, first: None, second: first, third: second}
    assert place_after(first, Step.IN, deep) is None
    assert beside(None, deep) == [fourth, first]
