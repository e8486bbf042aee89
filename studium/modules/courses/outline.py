"""The outline of a course as plain data: order and parents, without a database."""

from collections.abc import Mapping
from uuid import UUID

MAX_LEVELS = 3

Parents = Mapping[UUID, UUID | None]
"""Each live lesson of a course and its parent."""


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
