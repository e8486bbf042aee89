"""A list costs the same number of statements for one row and for six."""

import pytest

from studium.models import Course, Lesson, LessonType
from tests.world import World, lesson

LISTS = [
    ("ada", "/courses", 4),
    ("ada", "/courses/{C1}/lessons", 5),
    ("sam", "/enrollments/my-courses", 4),
    ("sam", "/enrollments/{E1}/lessons", 5),
    ("ada", "/enrollments/courses/{C1}", 5),
    ("ada", "/courses/{C1}/quizzes", 5),
    ("root", "/users", 4),
]


async def grow(world: World) -> None:
    """Five more courses and five more lessons."""
    courses = [
        Course(title=f"More {i}", slug=f"more-{i}", instructor_id=world.ids["ada"], is_published=True) for i in range(5)
    ]
    lessons: list[Lesson] = [lesson(world, f"G{i}", "C1", 10 + i, LessonType.TEXT) for i in range(5)]
    await world.add(*courses, *lessons)


@pytest.mark.parametrize(("who", "path", "most"), LISTS)
async def test_lists_grow_with_nothing(world: World, who: str, path: str, most: int) -> None:
    async with world.counting() as before:
        assert (await world.call(who, "GET", path)).status_code == 200
    await grow(world)
    async with world.counting() as after:
        assert (await world.call(who, "GET", path)).status_code == 200
    assert len(after) == len(before) <= most
