"""What a learner waits for takes few statements, with fifty questions as with two."""

from typing import Any

from studium.models import Lesson, LessonType
from tests.answers import ok
from tests.quizzes.helpers import CHOICE, TRUTH, attempts, key_of, new_quiz, picked, said, start
from tests.world import World, lesson

MOST = 6
WHO_IS_ASKING = 1


async def fifty(world: World) -> list[dict[str, Any]]:
    """A quiz of fifty questions that is not the last lesson, and the right answers."""
    questions: list[dict[str, Any]] = [CHOICE, TRUTH]
    await new_quiz(world, *questions * 25, passing_score=70)
    return [
        picked(question, "4") if question["options"] else said(question, "true") for question in await key_of(world)
    ]


async def test_start_save_and_submit(world: World) -> None:
    answers = await fifty(world)
    async with world.counting() as seen:
        attempt = await start(world)
    assert len(seen) <= MOST, seen
    path = f"{attempts()}/{attempt['id']}"
    async with world.counting() as seen:
        ok(await world.call("sam", "PATCH", path, json={"answers": answers}))
    assert len(seen) <= MOST, seen
    async with world.counting() as seen:
        read = ok(await world.call("sam", "GET", path))
    assert len(seen) == WHO_IS_ASKING + 1, seen
    assert len(read["answers"]) == 50
    async with world.counting() as seen:
        result = ok(await world.call("sam", "POST", f"{path}/submit"))
    assert result["is_passed"]
    assert len(seen) <= MOST, seen
    async with world.counting() as seen:
        ok(await world.call("sam", "GET", path))
    assert len(seen) == WHO_IS_ASKING + 1, seen


async def test_a_second_start_and_a_failure(world: World) -> None:
    await fifty(world)
    first = await start(world)
    async with world.counting() as seen:
        ok(await world.call("sam", "POST", f"{attempts()}/{first['id']}/submit"))
    assert len(seen) <= MOST, seen
    async with world.counting() as seen:
        await start(world)
    assert len(seen) <= MOST, seen


async def test_lists_grow_with_nothing(world: World) -> None:
    await new_quiz(world, TRUTH, max_attempts=10)
    ok(await world.call("ada", "PUT", "/courses/{C1}/quizzes/{QX}/accommodations/{sam}", json={}), 201)
    places = [
        ("sam", attempts(), 6),
        ("ada", "/courses/{C1}/quizzes/{QX}/attempts", 5),
        ("ada", "/courses/{C1}/quizzes/{QX}/questions", 5),
        ("ada", "/courses/{C1}/quizzes/{QX}/accommodations", 4),
        ("ada", "/courses/{C1}/quizzes/{QX}/regrades", 4),
    ]
    await once(world)
    before = [await count(world, who, path) for who, path, _ in places]
    for _ in range(4):
        await once(world)
    await world.add(*more_lessons(world))
    after = [await count(world, who, path) for who, path, _ in places]
    assert after == before
    assert all(number <= most for number, (_, _, most) in zip(after, places, strict=True)), after


def more_lessons(world: World) -> list[Lesson]:
    return [lesson(world, f"G{i}", "C1", 20 + i, LessonType.TEXT) for i in range(3)]


async def once(world: World) -> None:
    """One attempt, one question and one regrade more."""
    attempt = await start(world)
    ok(await world.call("sam", "POST", f"{attempts()}/{attempt['id']}/submit"))
    ok(await world.call("ada", "POST", "/courses/{C1}/quizzes/{QX}/questions", json=TRUTH), 201)
    ok(await world.call("ada", "POST", "/courses/{C1}/quizzes/{QX}/regrade", json={"dry_run": True}))


async def count(world: World, who: str, path: str) -> int:
    async with world.counting() as seen:
        ok(await world.call(who, "GET", path))
    return len(seen)
