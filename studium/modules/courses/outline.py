"""The outline of a course as plain data: order and parents, without a database."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

MAX_LEVELS = 3

Parents = Mapping[UUID, UUID | None]
"""Each live lesson of a course and its parent, in the order of the course."""


class Step(StrEnum):
    """A move by one place: among its neighbours, below the one before it, or out from below its parent."""

    UP = "up"
    DOWN = "down"
    IN = "in"
    OUT = "out"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a lesson stands: below `parent`, behind `after`; None is the top, and the first place."""

    parent: UUID | None
    after: UUID | None


def level_of(lesson_id: UUID | None, parents: Parents) -> int:
    """How deep a lesson stands: 1 at the top, 0 for no lesson; stops counting past the allowed depth."""
    level = 0
    while lesson_id is not None and level <= MAX_LEVELS:
        level += 1
        lesson_id = parents.get(lesson_id)
    return level


def height_of(lesson_id: UUID, parents: Parents) -> int:
    """How many levels a lesson and what hangs below it take: 1 for a leaf."""
    below = [height_of(child, parents) for child, parent in parents.items() if parent == lesson_id]
    return 1 + max(below, default=0)


def parent_fault(lesson_id: UUID | None, parent_id: UUID, parents: Parents) -> str | None:
    """Why `parent_id` cannot be the parent of `lesson_id` (None: a new lesson), or None where it can."""
    if parent_id not in parents:
        return "The parent is not a lesson of this course."
    above: UUID | None = parent_id
    while above is not None:
        if above == lesson_id:
            return "A lesson cannot stand below itself."
        above = parents[above]
    height = 1 if lesson_id is None else height_of(lesson_id, parents)
    if level_of(parent_id, parents) + height > MAX_LEVELS:
        return f"Lessons nest at most {MAX_LEVELS} levels deep."
    return None


def beside(parent_id: UUID | None, parents: Parents) -> list[UUID]:
    """The lessons right below a lesson, or those at the top, in order."""
    return [lesson for lesson, parent in parents.items() if parent == parent_id]


def place_of(lesson_id: UUID, parents: Parents) -> Place:
    """Where a lesson stands now."""
    parent = parents[lesson_id]
    around = beside(parent, parents)
    at = around.index(lesson_id)
    return Place(parent, around[at - 1] if at else None)


def place_after(lesson_id: UUID, step: Step, parents: Parents) -> Place | None:
    """Where a lesson stands when it was moved by one place; None where it cannot."""
    parent = parents[lesson_id]
    around = beside(parent, parents)
    at = around.index(lesson_id)
    if step is Step.UP:
        return Place(parent, around[at - 2] if at > 1 else None) if at else None
    if step is Step.DOWN:
        return Place(parent, around[at + 1]) if at + 1 < len(around) else None
    if step is Step.OUT:
        return None if parent is None else Place(parents[parent], parent)
    if at == 0 or parent_fault(lesson_id, around[at - 1], parents) is not None:
        return None
    below = beside(around[at - 1], parents)
    return Place(around[at - 1], below[-1] if below else None)


def order_with(lesson_id: UUID, place: Place, parents: Parents) -> list[UUID]:
    """The order of the course with a lesson, and what stands below it, put elsewhere: each behind its parent."""
    children: dict[UUID | None, list[UUID]] = {}
    for other, parent in parents.items():
        if other != lesson_id:
            children.setdefault(parent, []).append(other)
    around = children.setdefault(place.parent, [])
    around.insert(around.index(place.after) + 1 if place.after in around else 0, lesson_id)
    return list(_downwards(None, children))


def _downwards(parent_id: UUID | None, children: Mapping[UUID | None, list[UUID]]) -> Iterator[UUID]:
    for child in children.get(parent_id, ()):
        yield child
        yield from _downwards(child, children)
