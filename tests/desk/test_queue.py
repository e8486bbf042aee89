"""What waits for a grader, over all courses: oldest first, filtered, in one statement."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import update

from studium.kit.base.clock import now
from studium.kit.base.ids import new_id
from studium.models import Enrollment, QuizAttempt
from studium.modules.desk import queries
from tests.answers import ok, refused
from tests.quizzes.helpers import ESSAY, TRUTH, attempts, key_of, new_quiz, said, take
from tests.world import World

WHO_IS_ASKING = 1


async def waits(world: World, name: str, minutes: int) -> None:
    """Let an attempt have waited for so long."""
    async with world.runtime.database.write_session() as session:
        at = now() - timedelta(minutes=minutes)
        await session.execute(update(QuizAttempt).where(QuizAttempt.id == world.ids[name]).values(submitted_at=at))


async def two_quizzes(world: World) -> None:
    """Sam's essays: T1 of QX waits longest, then T2 of QY, then T3 of QX."""
    await new_quiz(world, TRUTH, ESSAY, ESSAY)
    await new_quiz(world, ESSAY, name="QY")
    for name, quiz, minutes in (("T1", "QX", 30), ("T2", "QY", 20), ("T3", "QX", 10)):
        asked = [each for each in await key_of(world, quiz) if each["question_type"] == "essay"]
        texts = ["Because.", "So."] if name == "T1" else ["Because.", ""]
        taken = await take(world, *map(said, asked, texts), quiz=quiz)
        world.ids[name] = UUID(taken["id"])
        await waits(world, name, minutes)


async def queue(world: World, who: str = "ada", **query: Any) -> list[str]:  # noqa: ANN401 -- parameters of any type.
    """The names of the attempts that wait."""
    names = {str(value): name for name, value in world.ids.items()}
    items = ok(await world.call(who, "GET", "/grading", params=query))["items"]
    return [names[item["id"]] for item in items]


async def test_the_oldest_comes_first_with_everything_to_begin(world: World) -> None:
    await two_quizzes(world)
    assert await queue(world) == ["T1", "T2", "T3"]
    assert await queue(world, "root") == ["T1", "T2", "T3"]
    assert await queue(world, "eve") == []
    first = ok(await world.call("ada", "GET", "/grading?limit=1"))["items"][0]
    assert first["learner"] == {"id": str(world.ids["sam"]), "full_name": "Sam Example"}
    assert (first["course"]["title"], first["item"]["id"], first["kind"]) == (
        "Course C1",
        str(world.ids["QX"]),
        "essay",
    )
    assert first["question_ids"] == [str(world.ids["QX2"]), str(world.ids["QX3"])]
    assert datetime.fromisoformat(first["waiting_since"]) < now() - timedelta(minutes=29)
    marks = [{"question_id": each, "points": 1} for each in first["question_ids"]]
    path = f"{first['link'].removeprefix('/api/v1')}/grade"
    tag = f'"v{first["version"]}"'
    ok(await world.call("ada", "POST", path, json={"scores": marks}, headers={"If-Match": tag}))
    assert await queue(world) == ["T2", "T3"]
    refused(
        await world.call("ada", "POST", path, json={"scores": marks}, headers={"If-Match": tag}),
        412,
        "precondition_failed",
    )


async def test_filters_narrow_it(world: World) -> None:
    await two_quizzes(world)
    ids = world.ids
    for who in ("ada", "root"):
        assert await queue(world, who, course_id=ids["C1"], kind="essay") == ["T1", "T2", "T3"]
        assert await queue(world, who, course_id=ids["C2"]) == []
        assert await queue(world, who, item_id=ids["QX"]) == ["T1", "T3"]
        assert await queue(world, who, item_id=ids["QY"], course_id=ids["C1"]) == ["T2"]
        assert await queue(world, who, question_id=ids["QX3"]) == ["T1"]
        assert await queue(world, who, question_id=ids["QX2"], item_id=ids["QX"]) == ["T1", "T3"]
        assert await queue(world, who, question_id=ids["QX2"], item_id=ids["QY"]) == []
    assert await queue(world, "eve", item_id=ids["QX"]) == []
    assert await queue(world, "eve", course_id=ids["C1"], question_id=ids["QX2"]) == []
    draft = {"scores": [{"question_id": str(ids["QX2"]), "points": 1}], "release": False}
    ok(await world.call("ada", "POST", f"{attempts()}/{{T1}}/grade", json=draft))
    assert await queue(world, question_id=ids["QX2"]) == ["T3"]
    assert await queue(world, question_id=ids["QX3"]) == ["T1"]


@pytest.mark.parametrize("query", ["kind=submission", "course_id=x", "group_id={C1}", "question_id=", "after=1"])
async def test_filters_that_there_are_not(world: World, query: str) -> None:
    refused(await world.call("ada", "GET", f"/grading?{query}"), 422, "invalid_input")


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[int], None]]:
    """Says how many quizzes are so few that the oldest of each are taken."""

    def are(many: int) -> None:
        monkeypatch.setattr(queries, "FEW", many)
        queries._queue.cache_clear()

    yield are
    queries._queue.cache_clear()


@pytest.mark.parametrize(("who", "most"), [("ada", 100), ("ada", 0), ("root", 100)])
async def test_pages_hold_everything_once(world: World, few: Callable[[int], None], who: str, most: int) -> None:
    """In whichever way they are found."""
    few(most)
    await two_quizzes(world)
    found, cursor = [], ""
    while True:
        page = ok(await world.call(who, "GET", f"/grading?limit=1&include_total=true{cursor}"))
        assert page["total"] == 3
        found += [item["id"] for item in page["items"]]
        if page["next_cursor"] is None:
            break
        cursor = f"&cursor={page['next_cursor']}"
    assert found == [str(world.ids[name]) for name in ("T1", "T2", "T3")]


async def test_the_summary_counts_what_waits_and_what_is_held(world: World) -> None:
    await two_quizzes(world)
    assert ok(await world.call("eve", "GET", "/grading/summary")) == {
        "waiting": 0,
        "since": None,
        "unreleased": 0,
        "courses": [],
    }
    draft = {"scores": [{"question_id": str(world.ids["QY1"]), "points": 1}], "release": False}
    ok(await world.call("ada", "POST", f"{attempts('QY')}/{{T2}}/grade", json=draft))
    for who in ("ada", "root"):
        summary = ok(await world.call(who, "GET", "/grading/summary"))
        (course,) = summary["courses"]
        assert (summary["waiting"], summary["unreleased"]) == (course["waiting"], course["unreleased"]) == (2, 1)
        assert course["course"] == {"id": str(world.ids["C1"]), "title": "Course C1"}
        assert (
            course["since"]
            == summary["since"]
            == ok(await world.call(who, "GET", "/grading"))["items"][0]["waiting_since"]
        )
        assert [(one["item"]["id"], one["waiting"], one["unreleased"]) for one in course["items"]] == [
            (str(world.ids["QX"]), 2, 0),
            (str(world.ids["QY"]), 0, 1),
        ]


async def test_what_comes_after_a_piece_is_there_whether_that_one_waits_or_not(world: World) -> None:
    await two_quizzes(world)
    assert await queue(world, after=world.ids["T1"]) == ["T2", "T3"]
    assert await queue(world, after=world.ids["T1"], item_id=world.ids["QX"]) == ["T3"]
    marks = {"scores": [{"question_id": str(world.ids["QY1"]), "points": 1}]}
    ok(await world.call("ada", "POST", f"{attempts('QY')}/{{T2}}/grade", json=marks))
    assert await queue(world, after=world.ids["T2"]) == ["T3"]
    assert await queue(world, "root", after=world.ids["T3"]) == []
    assert await queue(world, after=world.ids["C1"]) == []


async def test_a_page_and_the_summary_cost_one_statement(world: World) -> None:
    await two_quizzes(world)
    paths = [
        "/grading",
        "/grading/summary",
        "/grading/comments",
        "/grading?course_id={C1}&question_id={QX2}",
        "/grading?after={T1}",
    ]
    for path in paths:
        async with world.counting() as seen:
            ok(await world.call("ada", "GET", path))
        assert len(seen) == WHO_IS_ASKING + 1, seen


async def test_what_was_set_by_another_teacher_is_found_by_the_new_one(world: World) -> None:
    await two_quizzes(world)
    ok(await world.call("root", "PATCH", "/courses/{C1}", json={"instructor_id": str(world.ids["eve"])}))
    assert await queue(world) == []
    assert await queue(world, "eve") == ["T1", "T2", "T3"]


async def test_a_learner_who_left_is_graded_all_the_same(world: World) -> None:
    await two_quizzes(world)
    async with world.runtime.database.write_session() as session:
        await session.execute(update(Enrollment).where(Enrollment.id == world.ids["E1"]).values(status="dropped"))
    assert len(await queue(world)) == 3
    assert new_id() not in world.ids.values()
