"""Lessons: the outline, its order and nesting, archiving, and who reads what."""

import asyncio
import random
from collections import Counter
from typing import Any
from uuid import UUID

import pytest

from studium.kit.base.ids import new_id
from studium.models import Lesson, LessonProgress, LessonType
from studium.modules.courses import routes_lessons
from studium.modules.courses.schemas import MAX_LESSONS
from tests.answers import ok, refused
from tests.courses.teaching import new_course, new_lesson, stored_lessons, titles
from tests.world import World


async def a_course(world: World, *names: str) -> tuple[str, dict[str, str]]:
    """A draft with these lessons, and their ids by title."""
    course = (await new_course(world))["id"]
    return course, {name: (await new_lesson(world, course, name))["id"] for name in names}


@pytest.mark.parametrize(
    ("at", "expected"),
    [(None, "abcx"), (1, "xabc"), (2, "axbc"), (3, "abxc"), (4, "abcx"), (1000, "abcx")],
)
async def test_a_lesson_is_inserted_or_appended(world: World, at: int | None, expected: str) -> None:
    course, _ = await a_course(world, *"abc")
    made = await new_lesson(world, course, "x", **({} if at is None else {"order_index": at}))
    assert made["order_index"] == expected.index("x") + 1
    assert await titles(world, course) == list(expected)


async def test_twenty_lessons_of_one_title_added_at_once_stand_in_a_row(world: World) -> None:
    course, _ = await a_course(world, "first")
    wish = {"title": "Same", "lesson_type": "text", "order_index": 1}
    calls = (world.call("ada", "POST", f"/courses/{course}/lessons", json=wish) for _ in range(20))
    made = [ok(answer, 201)["slug"] for answer in await asyncio.gather(*calls)]
    assert len(set(made)) == 20
    assert await titles(world, course) == ["Same"] * 20 + ["first"]


async def test_a_slug_is_unique_within_its_course(world: World) -> None:
    course, lessons = await a_course(world, "a", "b")
    other, _ = await a_course(world)
    assert (await new_lesson(world, other, "a"))["slug"] == "a"
    wish = {"title": "x", "lesson_type": "text", "slug": "a"}
    refused(await world.call("ada", "POST", f"/courses/{course}/lessons", json=wish), 409, "slug_taken")
    answer = await world.call("ada", "PATCH", f"/courses/{course}/lessons/{lessons['b']}", json={"slug": "a"})
    refused(answer, 409, "slug_taken")
    assert await titles(world, course) == ["a", "b"]


async def test_reordering_wants_every_lesson_once(world: World) -> None:
    course, lessons = await a_course(world, *"abcd")
    path = f"/courses/{course}/lessons/reorder"
    ids = list(lessons.values())
    bad: list[list[Any]] = [
        [],
        ids[:3],
        [*ids, ids[0]],
        [*ids[:3], ids[0]],
        [*ids, str(new_id())],
        [*ids[:3], str(world.ids["L1"])],
    ]
    for order in bad:
        refused(await world.call("ada", "PATCH", path, json={"lesson_ids": order}), 422, "invalid_order")
    for order in ([None], ["x"], [1], [str(new_id()) for _ in range(MAX_LESSONS + 1)]):
        refused(await world.call("ada", "PATCH", path, json={"lesson_ids": order}), 422, "invalid_input")
    assert await titles(world, course) == list("abcd")
    turned = ok(await world.call("ada", "PATCH", path, json={"lesson_ids": ids[::-1]}))
    assert [item["title"] for item in turned["items"]] == list("dcba")
    assert await titles(world, course) == list("dcba")


async def test_of_ten_parallel_reorders_one_stands(world: World) -> None:
    course, lessons = await a_course(world, *"abcdefgh")
    ids = list(lessons.values())
    orders = [random.Random(seed).sample(ids, len(ids)) for seed in range(10)]
    path = f"/courses/{course}/lessons/reorder"
    answers = await asyncio.gather(*(world.call("ada", "PATCH", path, json={"lesson_ids": o}) for o in orders))
    for order, answer in zip(orders, answers, strict=True):
        assert [item["id"] for item in ok(answer)["items"]] == order
    await titles(world, course)
    assert [str(row.id) for row in await stored_lessons(world, course)] in orders


async def test_reorders_insertions_and_removals_at_once_leave_no_gap(world: World) -> None:
    course, lessons = await a_course(world, *"abcdef")
    ids, path = list(lessons.values()), f"/courses/{course}/lessons"
    calls: list[Any] = []
    for i in range(4):
        order = {"lesson_ids": ids[i:] + ids[:i]}
        wish = {"title": f"new {i}", "lesson_type": "text", "order_index": i + 1}
        calls += [
            world.call("ada", "PATCH", f"{path}/reorder", json=order),
            world.call("ada", "POST", path, json=wish),
            world.call("ada", "DELETE", f"{path}/{ids[i]}"),
        ]
    answers = await asyncio.gather(*calls)
    assert {answer.status_code for answer in answers} <= {200, 201, 204, 422}
    assert sorted(await titles(world, course)) == ["e", "f", *(f"new {i}" for i in range(4))]


async def test_lessons_nest_three_levels_deep_without_cycles(world: World) -> None:
    course, lessons = await a_course(world, *"abcd")
    path = f"/courses/{course}/lessons"

    async def move(child: str, parent: str | None) -> Any:  # noqa: ANN401 -- an answer.
        return await world.call("ada", "PATCH", f"{path}/{lessons[child]}", json={"parent_lesson_id": parent})

    for child, parent in (("b", "a"), ("c", "b")):
        assert ok(await move(child, lessons[parent]))["parent_lesson_id"] == lessons[parent]
    bad = [("d", "c"), ("a", "a"), ("a", "b"), ("a", "c"), ("a", "d")]
    for child, parent in bad:
        refused(await move(child, lessons[parent]), 422, "invalid_parent")
    for stranger in (str(world.ids["L1"]), str(new_id())):
        refused(await move("d", stranger), 422, "invalid_parent")
    for parent in (lessons["c"], str(world.ids["L1"])):
        wish = {"title": "x", "lesson_type": "text", "parent_lesson_id": parent}
        refused(await world.call("ada", "POST", path, json=wish), 422, "invalid_parent")
    ok(await move("c", None))
    ok(await move("d", lessons["b"]))
    refused(await move("a", lessons["c"]), 422, "invalid_parent")
    ok(await move("a", None))


async def test_parents_moved_at_once_make_no_cycle(world: World) -> None:
    course, lessons = await a_course(world, *"abc")
    pairs = [("a", "b"), ("b", "c"), ("c", "a")] * 4
    calls = (
        world.call("ada", "PATCH", f"/courses/{course}/lessons/{lessons[x]}", json={"parent_lesson_id": lessons[y]})
        for x, y in pairs
    )
    assert Counter(answer.status_code for answer in await asyncio.gather(*calls)) == {200: 8, 422: 4}
    parents = {row.id: row.parent_lesson_id for row in await stored_lessons(world, course)}
    assert sum(parent is None for parent in parents.values()) == 1


async def test_children_of_a_lesson_that_goes_move_up(world: World) -> None:
    course, lessons = await a_course(world, *"abcd")
    path = f"/courses/{course}/lessons"
    for child, parent in (("b", "a"), ("c", "b"), ("d", "b")):
        wish = {"parent_lesson_id": lessons[parent]}
        ok(await world.call("ada", "PATCH", f"{path}/{lessons[child]}", json=wish))
    ok(await world.call("ada", "DELETE", f"{path}/{lessons['b']}"), 204)
    items = ok(await world.call("ada", "GET", path))["items"]
    assert [item["parent_lesson_id"] for item in items] == [None, lessons["a"], lessons["a"]]
    ok(await world.call("ada", "DELETE", f"{path}/{lessons['a']}"), 204)
    items = ok(await world.call("ada", "GET", path))["items"]
    assert [item["parent_lesson_id"] for item in items] == [None, None]
    assert await titles(world, course) == ["c", "d"]


async def test_a_lesson_that_somebody_worked_on_is_archived(world: World) -> None:
    ok(await world.call("sam", "POST", "/enrollments/{E1}/lessons/{L1}/complete"))
    ok(await world.call("sam", "PATCH", "/enrollments/{E1}/lessons/{L2}/progress", json={"last_position_seconds": 5}))
    before = ok(await world.call("sam", "GET", "/enrollments/{E1}"))
    assert (before["completed_lessons_count"], before["total_lessons_count"]) == (1, 4)
    for lesson in ("L2", "L1"):
        ok(await world.call("ada", "DELETE", f"/courses/{{C1}}/lessons/{{{lesson}}}"), 204)
        for who, method, path in (
            ("ada", "GET", "/courses/{C1}/lessons/{%s}"),
            ("ada", "PATCH", "/courses/{C1}/lessons/{%s}"),
            ("ada", "DELETE", "/courses/{C1}/lessons/{%s}"),
            ("sam", "GET", "/courses/{C1}/lessons/{%s}"),
            ("sam", "POST", "/enrollments/{E1}/lessons/{%s}/complete"),
            ("sam", "PATCH", "/enrollments/{E1}/lessons/{%s}/progress"),
        ):
            content: dict[str, Any] = {"json": {}} if method == "PATCH" else {}
            assert (await world.call(who, method, path % lesson, **content)).status_code == 404, (who, path)
    stored = await stored_lessons(world, str(world.ids["C1"]))
    assert [(row.title, row.order_index) for row in stored] == [
        ("Lesson L1", -2),
        ("Lesson L2", -1),
        ("Lesson L3", 1),
        ("Lesson L4", 2),
    ]
    after = ok(await world.call("sam", "GET", "/enrollments/{E1}"))
    assert (after["completed_lessons_count"], after["total_lessons_count"], after["progress_percentage"]) == (0, 2, 0)
    assert after["status"] == "active"
    assert after["version"] > before["version"]
    assert await titles(world, str(world.ids["C1"])) == ["Lesson L3", "Lesson L4"]
    assert ok(await world.call("ada", "GET", "/courses/{C1}"))["lessons_count"] == 2
    assert len(ok(await world.call("sam", "GET", "/enrollments/{E1}/lessons"))["items"]) == 2


async def test_a_lesson_that_nobody_worked_on_is_archived_too(world: World) -> None:
    ok(await world.call("ada", "DELETE", "/courses/{C1}/lessons/{L2}"), 204)
    assert [row.order_index for row in await stored_lessons(world, str(world.ids["C1"]))] == [-1, 1, 2, 3]
    assert await world.count(LessonProgress) == 1


async def test_an_attempt_at_its_quiz_keeps_a_lesson(world: World) -> None:
    ok(await world.call("sam", "POST", "/enrollments/{E1}/quizzes/{Q1}/attempts"), 201)
    ok(await world.call("ada", "DELETE", "/courses/{C1}/lessons/{L3}"), 204)
    assert (await world.row(Lesson, "L3")).archived_at is not None


async def test_the_last_lesson_of_a_published_course_stays(world: World) -> None:
    refused(await world.call("eve", "DELETE", "/courses/{C2}/lessons/{M1}"), 409, "last_lesson")
    ok(await world.call("eve", "POST", "/courses/{C2}/unpublish"))
    ok(await world.call("eve", "DELETE", "/courses/{C2}/lessons/{M1}"), 204)


async def test_two_removals_at_once_leave_a_published_course_its_last_lesson(world: World) -> None:
    course, lessons = await a_course(world, "a", "b")
    ok(await world.call("ada", "POST", f"/courses/{course}/publish"))
    calls = (world.call("ada", "DELETE", f"/courses/{course}/lessons/{lesson}") for lesson in lessons.values())
    assert Counter(answer.status_code for answer in await asyncio.gather(*calls)) == {204: 1, 409: 1}


async def test_the_type_is_fixed_once_something_hangs_on_it(world: World) -> None:
    path = "/courses/{C1}/lessons/{%s}"
    refused(await world.call("ada", "PATCH", path % "L3", json={"lesson_type": "text"}), 409, "lesson_type_fixed")
    ok(await world.call("ada", "PATCH", path % "L3", json={"lesson_type": "quiz"}))
    ok(await world.call("ada", "PATCH", path % "L2", json={"lesson_type": "assignment"}))
    ok(await world.call("sam", "POST", "/enrollments/{E1}/lessons/{L2}/complete"))
    refused(await world.call("ada", "PATCH", path % "L2", json={"lesson_type": "text"}), 409, "lesson_type_fixed")


async def test_a_course_holds_a_thousand_lessons(world: World) -> None:
    course = await new_course(world)
    rows = [
        Lesson(course_id=UUID(course["id"]), title=f"{i}", slug=f"l-{i}", lesson_type=LessonType.TEXT, order_index=i)
        for i in range(1, MAX_LESSONS)
    ]
    await world.add(*rows)
    ids = [str(row.id) for row in rows]
    last = await new_lesson(world, course["id"], "last", order_index=1, parent_lesson_id=ids[-1])
    wish = {"title": "one too many", "lesson_type": "text"}
    answers = await asyncio.gather(
        *(world.call("ada", "POST", f"/courses/{course['id']}/lessons", json=wish) for _ in range(3))
    )
    for answer in answers:
        refused(answer, 409, "too_many_lessons")
    order = [*ids[::-1], last["id"]]
    turned = await world.call("ada", "PATCH", f"/courses/{course['id']}/lessons/reorder", json={"lesson_ids": order})
    assert [item["id"] for item in ok(turned)["items"]] == order
    assert ok(await world.call("ada", "GET", f"/courses/{course['id']}"))["lessons_count"] == MAX_LESSONS


async def test_only_previews_are_open_to_everybody(world: World) -> None:
    reads = [(None, 200, 401), ("mia", 200, 403), ("eve", 200, 403), ("sam", 200, 200), ("ada", 200, 200)]
    for who, preview, other in [*reads, ("root", 200, 200)]:
        assert (await world.call(who, "GET", "/courses/{C1}/lessons/{L1}")).status_code == preview, who
        assert (await world.call(who, "GET", "/courses/{C1}/lessons/{L2}")).status_code == other, who
    answer = await world.call("mia", "GET", "/courses/{C1}/lessons/{L2}")
    refused(answer, 403, "enrollment_required")
    for lesson, changes in (("L3", {}), ("L2", {"lesson_type": "assignment"})):
        path = f"/courses/{{C1}}/lessons/{{{lesson}}}"
        ok(await world.call("ada", "PATCH", path, json={"is_preview": True, **changes}))
        assert (await world.call("mia", "GET", path)).status_code == 403


async def test_the_outline_locks_what_the_caller_may_not_read(world: World) -> None:
    ok(await world.call("ada", "PATCH", "/courses/{C1}/lessons/{L2}", json={"metadata": {"secret": 1}}))
    for who, open_ones in ((None, 1), ("mia", 1), ("eve", 1), ("sam", 4), ("ada", 4), ("root", 4)):
        items = ok(await world.call(who, "GET", "/courses/{C1}/lessons"))["items"]
        assert [item["is_locked"] for item in items] == [i >= open_ones for i in range(4)], who
        for item in items:
            if item["is_locked"]:
                hidden = (item[name] for name in ("content", "content_html", "video_url", "metadata", "quiz_id"))
                assert set(hidden) == {None}
                assert item["title"]
    items = ok(await world.call("sam", "GET", "/courses/{C1}/lessons"))["items"]
    assert [item["content_html"] for item in items] == [None] * 4
    assert items[1]["metadata"] == {"secret": 1}


@pytest.mark.parametrize("status", ["dropped", "expired"])
async def test_who_left_reads_no_locked_lesson(world: World, status: str) -> None:
    ok(await world.call("ada", "PATCH", "/enrollments/{E1}", json={"status": status}))
    refused(await world.call("sam", "GET", "/courses/{C1}/lessons/{L2}"), 403, "enrollment_required")
    assert (await world.call("sam", "GET", "/courses/{C1}/lessons/{L1}")).status_code == 200
    items = ok(await world.call("sam", "GET", "/courses/{C1}/lessons"))["items"]
    assert [item["is_locked"] for item in items] == [False, True, True, True]


async def test_a_lesson_is_found_in_its_own_course_only(world: World) -> None:
    for who, method, path in (
        ("ada", "GET", "/courses/{C3}/lessons/{L1}"),
        (None, "GET", "/courses/{C3}/lessons/{L1}"),
        ("ada", "PATCH", "/courses/{C3}/lessons/{L1}"),
        ("ada", "DELETE", "/courses/{C3}/lessons/{L1}"),
        ("sam", "POST", "/enrollments/{E1}/lessons/{M1}/complete"),
        ("sam", "PATCH", "/enrollments/{E1}/lessons/{N1}/progress"),
    ):
        content: dict[str, Any] = {"json": {}} if method == "PATCH" else {}
        assert (await world.call(who, method, path, **content)).status_code == 404, path


async def test_editions_guard_lessons_too(world: World) -> None:
    path = "/courses/{C1}/lessons/{L2}"
    answer = await world.call("ada", "GET", path)
    stale = {"If-Match": answer.headers["ETag"]}
    changed = await world.call("ada", "PATCH", path, json={"title": "New"}, headers=stale)
    assert ok(changed)["version"] == answer.json()["version"] + 1
    refused(await world.call("ada", "PATCH", path, json={"title": "Lost"}, headers=stale), 412, "precondition_failed")
    refused(await world.call("ada", "DELETE", path, headers=stale), 412, "precondition_failed")
    ok(await world.call("ada", "DELETE", path, headers={"If-Match": changed.headers["ETag"]}), 204)


async def test_a_moved_lesson_is_another_edition(world: World) -> None:
    course, lessons = await a_course(world, *"abc")

    async def versions() -> list[int]:
        return [item["version"] for item in ok(await world.call("ada", "GET", f"/courses/{course}/lessons"))["items"]]

    assert await versions() == [1, 1, 1]
    order = {"lesson_ids": [lessons[name] for name in "bac"]}
    ok(await world.call("ada", "PATCH", f"/courses/{course}/lessons/reorder", json=order))
    assert await versions() == [2, 2, 1]
    assert (await new_lesson(world, course, "x", order_index=2))["version"] == 1
    assert await versions() == [2, 1, 3, 2]
    ok(
        await world.call(
            "ada", "PATCH", f"/courses/{course}/lessons/{lessons['c']}", json={"parent_lesson_id": lessons["b"]}
        )
    )
    ok(await world.call("ada", "DELETE", f"/courses/{course}/lessons/{lessons['b']}"), 204)
    assert await versions() == [2, 4, 5]


BAD: list[dict[str, Any]] = [
    {"title": ""},
    {"title": "x" * 256},
    {"lesson_type": "exam"},
    {"lesson_type": None},
    {"content": "x" * 200_001},
    {"content": "a\x01b"},
    {"description": "x" * 20_001},
    {"parent_lesson_id": "x"},
    {"duration_minutes": 0},
    {"duration_minutes": 1e9},
    {"video_url": "ftp://videos.example/1"},
    {"video_url": "https://videos.example/" + "x" * 500},
    {"is_preview": "yes"},
    {"is_preview": None},
    {"slug": "No Slug"},
    {"unknown": 1},
]


async def test_bad_fields_are_refused_and_change_nothing(world: World) -> None:
    before = ok(await world.call("ada", "GET", "/courses/{C1}/lessons"))
    for change in BAD:
        refused(await world.call("ada", "PATCH", "/courses/{C1}/lessons/{L1}", json=change), 422, "invalid_input")
        wish = {"title": "x", "lesson_type": "text", **change}
        refused(await world.call("ada", "POST", "/courses/{C1}/lessons", json=wish), 422, "invalid_input")
    for place in (0, -1, MAX_LESSONS + 1, 1.5, "1", True):
        wish = {"title": "x", "lesson_type": "text", "order_index": place}
        refused(await world.call("ada", "POST", "/courses/{C1}/lessons", json=wish), 422, "invalid_input")
    for name in ("id", "course_id", "version", "archived_at", "order_index"):
        answer = await world.call("ada", "PATCH", "/courses/{C1}/lessons/{L1}", json={name: None})
        refused(answer, 403, "field_not_allowed")
    assert ok(await world.call("ada", "GET", "/courses/{C1}/lessons")) == before


async def test_an_authors_comment_reaches_no_learner(world: World) -> None:
    content = "One <!-- a note\n\nto myself --> two"
    changed = await world.call("ada", "PATCH", "/courses/{C1}/lessons/{L1}", json={"content": content})
    assert (changed.status_code, changed.json()["content"]) == (200, content)
    for who, sees in (("ada", True), ("root", True), ("eve", False), ("sam", False), (None, False)):
        for path in ("/courses/{C1}/lessons/{L1}", "/courses/{C1}/lessons"):
            answer = await world.call(who, "GET", path)
            assert answer.status_code == 200
            assert ("note" in answer.text) is sees, (who, path)
    shown = (await world.call("sam", "GET", "/courses/{C1}/lessons/{L1}")).json()
    assert (shown["content"], shown["content_html"]) == ("One  two", "<p>One  two</p>\n")


async def test_nothing_is_rendered_for_who_may_not_write(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    async def rendered(*_: object) -> str:
        pytest.fail("it was rendered")

    course, _ = await a_course(world)
    monkeypatch.setattr(routes_lessons, "html_of", rendered)
    lesson = {"title": "Sets", "lesson_type": "text", "content": "a " * 1000}
    path = f"/courses/{course}/lessons"
    assert (await world.call(None, "POST", path, json=lesson)).status_code == 401
    assert (await world.call("sam", "POST", path, json=lesson)).status_code in {403, 404}
