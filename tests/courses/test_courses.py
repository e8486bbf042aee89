"""Courses: slugs, owners, publishing, editions."""

import asyncio
from collections import Counter
from typing import Any

import pytest

from studium.kit.base.ids import new_id
from studium.models import Course
from studium.modules.courses.slugs import NUMBERED
from tests.answers import ok, refused
from tests.courses.teaching import new_course, new_lesson
from tests.world import World

SLUGS = [
    ("Linear Algebra", "linear-algebra"),
    ("  Crème brûlée!  ", "creme-brulee"),
    ("مقدمة في البرمجة", "mqdm-fy-lbrmj"),
    ("学习编程", "xue-xi-bian-cheng"),
    ("C++ & C#", "c-c"),
    ("ß" * 255, "s" * 243),
]


@pytest.mark.parametrize(("title", "slug"), SLUGS)
async def test_titles_of_any_script_give_a_slug(world: World, title: str, slug: str) -> None:
    course = await new_course(world, title)
    assert course["slug"] == slug
    assert ok(await world.call("ada", "GET", f"/courses/slug/{slug}"))["id"] == course["id"]


@pytest.mark.parametrize("title", ["🎓🎉", "---", "«»"])
async def test_a_title_that_leaves_nothing_still_gets_a_slug(world: World, title: str) -> None:
    course, other = await new_course(world, title), await new_course(world, title)
    assert course["slug"] == f"course-{course['id'].replace('-', '')[-8:]}"
    lesson = await new_lesson(world, other["id"], title)
    assert lesson["slug"].startswith("lesson-")


async def test_twenty_courses_of_one_title_get_twenty_slugs(world: World) -> None:
    calls = (world.call("ada", "POST", "/courses", json={"title": "Walking"}) for _ in range(20))
    made = [ok(answer, 201)["slug"] for answer in await asyncio.gather(*calls)]
    assert len(set(made)) == 20
    assert all(slug.startswith("walking") for slug in made)
    assert "walking" in made


async def test_courses_of_one_title_are_numbered_and_then_named_at_random(world: World) -> None:
    made = [(await new_course(world))["slug"] for _ in range(3)]
    assert made == ["walking", "walking-2", "walking-3"]
    rows = [Course(title="x", slug=f"walking-{n}", instructor_id=world.ids["ada"]) for n in range(4, NUMBERED + 1)]
    await world.add(*rows)
    last = (await new_course(world))["slug"]
    assert len(last) == len("walking-") + 8


async def test_a_slug_of_ones_own_is_taken_or_refused(world: World) -> None:
    made = await new_course(world, slug="my-walk")
    assert made["slug"] == "my-walk"
    answer = await world.call("eve", "POST", "/courses", json={"title": "Else", "slug": "my-walk"})
    assert "my-walk" not in str(refused(answer, 409, "slug_taken"))
    other = await new_course(world)
    answer = await world.call("ada", "PATCH", f"/courses/{other['id']}", json={"slug": "my-walk"})
    refused(answer, 409, "slug_taken")
    for bad in ("", "Upper", "a--b", "-a", "a_b", "é", "a" * 256, 7, None):
        answer = await world.call("ada", "PATCH", f"/courses/{other['id']}", json={"slug": bad})
        refused(answer, 422, "invalid_input")
    assert ok(await world.call("ada", "GET", f"/courses/{other['id']}")) == other


async def test_one_slug_for_twenty_is_given_once(world: World) -> None:
    wish = {"title": "Walking", "slug": "the-walk"}
    answers = await asyncio.gather(*(world.call("ada", "POST", "/courses", json=wish) for _ in range(20)))
    assert Counter(answer.status_code for answer in answers) == {201: 1, 409: 19}


BAD: list[dict[str, Any]] = [
    {"title": ""},
    {"title": " \t "},
    {"title": "x" * 256},
    {"title": None},
    {"title": 7},
    {"title": "a\u202eb"},
    {"category": "x" * 101},
    {"difficulty_level": "expert"},
    {"description": "x" * 20_001},
    {"estimated_duration_minutes": 0},
    {"estimated_duration_minutes": 100_001},
    {"estimated_duration_minutes": "5"},
    {"estimated_duration_minutes": True},
    {"thumbnail_url": "http://example.org/a.png"},
    {"thumbnail_url": "https://user@example.org/a.png"},
    {"thumbnail_url": "javascript:alert(1)"},
    {"thumbnail_url": "/api/v1/files/../users/me"},
    {"thumbnail_url": "/api/v1/files/018F0000-0000-7000-8000-00000000ABCD/download"},
    {"thumbnail_url": "/api/v1/files/018f0000-0000-7000-8000-00000000abcd/download\n"},
    {"metadata": {str(i): i for i in range(65)}},
    {"metadata": {"a": "x" * 17_000}},
    {"metadata": []},
    {"instructor_id": "nobody"},
    {"unknown": 1},
]
FORGED = ["id", "is_published", "created_at", "updated_at", "version"]


async def test_bad_fields_are_refused_and_change_nothing(world: World) -> None:
    before = ok(await world.call("ada", "GET", "/courses/{C1}"))
    count = await world.count(Course)
    for change in BAD:
        refused(await world.call("ada", "PATCH", "/courses/{C1}", json=change), 422, "invalid_input")
        refused(await world.call("ada", "POST", "/courses", json={"title": "x", **change}), 422, "invalid_input")
    for name in FORGED:
        for path, method in (("/courses/{C1}", "PATCH"), ("/courses", "POST")):
            answer = await world.call("ada", method, path, json={"title": "x", name: None})
            refused(answer, 403, "field_not_allowed")
    assert ok(await world.call("ada", "GET", "/courses/{C1}")) == before
    assert await world.count(Course) == count


async def test_only_admins_give_courses_away_and_only_to_teachers(world: World) -> None:
    eve, mia, nobody = str(world.ids["eve"]), str(world.ids["mia"]), str(new_id())
    refused(await world.call("ada", "PATCH", "/courses/{C1}", json={"instructor_id": eve}), 403, "field_not_allowed")
    refused(
        await world.call("ada", "POST", "/courses", json={"title": "x", "instructor_id": eve}), 403, "field_not_allowed"
    )
    for person in (mia, nobody, str(world.ids["dan"])):
        answer = await world.call("root", "PATCH", "/courses/{C1}", json={"instructor_id": person})
        refused(answer, 422, "instructor_not_found")
    given = ok(await world.call("root", "PATCH", "/courses/{C1}", json={"instructor_id": eve}))
    assert given["instructor"] == {"id": eve, "full_name": "Eve Example"}
    assert (await world.call("ada", "PATCH", "/courses/{C1}", json={"title": "Mine"})).status_code == 403
    ok(await world.call("eve", "PATCH", "/courses/{C1}", json={"title": "Hers"}))
    made = await new_course(world, who="root", instructor_id=eve)
    assert made["instructor_id"] == eve


async def test_publishing_says_what_is_missing(world: World) -> None:
    course = (await new_course(world))["id"]
    answer = refused(await world.call("ada", "POST", f"/courses/{course}/publish"), 409, "course_not_publishable")
    assert answer["reasons"] == ["The course has no lesson."]
    quiz = await new_lesson(world, course, "One", lesson_type="quiz")
    await new_lesson(world, course, "Two", lesson_type="quiz")
    answer = refused(await world.call("ada", "POST", f"/courses/{course}/publish"), 409, "course_not_publishable")
    assert len(answer["reasons"]) == 2
    for lesson in ok(await world.call("ada", "GET", f"/courses/{course}/lessons"))["items"]:
        path = f"/courses/{course}/lessons/{lesson['id']}"
        if lesson["id"] == quiz["id"]:
            ok(await world.call("ada", "PATCH", path, json={"lesson_type": "assignment"}))
        else:
            ok(await world.call("ada", "DELETE", path), 204)
    assert ok(await world.call("ada", "POST", f"/courses/{course}/publish"))["is_published"] is True


async def test_publishing_and_hiding_again_changes_nothing(world: World) -> None:
    first: dict[str, Any] = {}
    for verb, is_published in (("publish", True), ("unpublish", False), ("publish", True)):
        first = ok(await world.call("ada", "POST", f"/courses/{{C1}}/{verb}"))
        again = ok(await world.call("ada", "POST", f"/courses/{{C1}}/{verb}"))
        assert first == again
        assert first["is_published"] is is_published
    answers = await asyncio.gather(*(world.call("ada", "POST", "/courses/{C1}/unpublish") for _ in range(10)))
    assert {ok(answer)["version"] for answer in answers} == {first["version"] + 1}


async def test_hiding_a_course_hides_it_from_new_learners_only(world: World) -> None:
    ok(await world.call("ada", "POST", "/courses/{C1}/unpublish"))
    for who, status in ((None, 404), ("mia", 404), ("eve", 404), ("sam", 200), ("ada", 200), ("root", 200)):
        for path in ("/courses/{C1}", "/courses/{C1}/lessons", "/courses/slug/course-c1", "/courses/{C1}/reviews"):
            assert (await world.call(who, "GET", path)).status_code == status, (who, path)
    assert (await world.call("sam", "GET", "/courses/{C1}/lessons/{L2}")).status_code == 200
    ok(await world.call("sam", "POST", "/enrollments/{E1}/lessons/{L1}/complete"))
    wish = {"course_id": str(world.ids["C1"])}
    assert (await world.call("mia", "POST", "/enrollments", json=wish)).status_code == 404
    assert (await world.call(None, "GET", "/courses/{C1}/lessons/{L1}")).status_code == 404


async def test_a_course_goes_only_before_anyone_enrolled(world: World) -> None:
    refused(await world.call("ada", "DELETE", "/courses/{C1}"), 409, "course_has_enrollments")
    ok(await world.call("sam", "DELETE", "/enrollments/{E1}"), 204)
    refused(await world.call("ada", "DELETE", "/courses/{C1}"), 409, "course_has_enrollments")
    course = (await new_course(world))["id"]
    await new_lesson(world, course)
    ok(await world.call("ada", "DELETE", f"/courses/{course}"), 204)
    assert (await world.call("ada", "DELETE", f"/courses/{course}")).status_code == 404


async def test_deleting_and_enrolling_at_once_leaves_one_of_them(world: World) -> None:
    for _ in range(3):
        course = (await new_course(world))["id"]
        await new_lesson(world, course)
        ok(await world.call("ada", "POST", f"/courses/{course}/publish"))
        deleted, enrolled = await asyncio.gather(
            world.call("ada", "DELETE", f"/courses/{course}"),
            world.call("mia", "POST", "/enrollments", json={"course_id": course}),
        )
        assert (deleted.status_code, enrolled.status_code) in {(204, 404), (409, 201)}


async def test_editions_guard_against_lost_changes(world: World) -> None:
    answer = await world.call("ada", "GET", "/courses/{C1}")
    first = answer.headers["ETag"]
    assert first == f'"v{answer.json()["version"]}"'
    assert ok(await world.call("ada", "PATCH", "/courses/{C1}", json={})) == answer.json()
    same = await world.call("ada", "PATCH", "/courses/{C1}", json={"title": "Course C1"})
    assert same.headers["ETag"] == first
    stale = {"If-Match": first}
    changed = await world.call("ada", "PATCH", "/courses/{C1}", json={"title": "Other"}, headers=stale)
    assert changed.headers["ETag"] == f'"v{answer.json()["version"] + 1}"'
    for method, path, content in (
        ("PATCH", "/courses/{C1}", {"json": {"title": "Lost"}}),
        ("POST", "/courses/{C1}/unpublish", {}),
        ("POST", "/courses/{C1}/publish", {}),
        ("DELETE", "/courses/{C1}", {}),
    ):
        refused(await world.call("ada", method, path, headers=stale, **content), 412, "precondition_failed")
    assert ok(await world.call("ada", "GET", "/courses/{C1}"))["title"] == "Other"
    anything = {"If-Match": f'"v1", {changed.headers["ETag"]}'}
    ok(await world.call("ada", "PATCH", "/courses/{C1}", json={"title": "Last"}, headers=anything))
    ok(await world.call("ada", "PATCH", "/courses/{C1}", json={"title": "Star"}, headers={"If-Match": "*"}))


async def test_of_ten_changes_to_one_edition_one_wins(world: World) -> None:
    headers = {"If-Match": (await world.call("ada", "GET", "/courses/{C1}")).headers["ETag"]}
    calls = (world.call("ada", "PATCH", "/courses/{C1}", json={"title": f"T{i}"}, headers=headers) for i in range(10))
    assert Counter(answer.status_code for answer in await asyncio.gather(*calls)) == {200: 1, 412: 9}


async def test_cards_carry_what_a_catalogue_needs(world: World) -> None:
    review = {"rating": 4}
    for lesson in ("L1", "L2"):
        ok(await world.call("sam", "POST", f"/enrollments/{{E1}}/lessons/{{{lesson}}}/complete"))
    ok(await world.call("sam", "POST", "/enrollments/{E1}/review", json=review), 201)
    wish = {"course_id": str(world.ids["C1"])}
    enrolled = ok(await world.call("mia", "POST", "/enrollments", json=wish), 201)["id"]
    for lesson in ("L1", "L2"):
        ok(await world.call("mia", "POST", f"/enrollments/{enrolled}/lessons/{{{lesson}}}/complete"))
    ok(await world.call("mia", "POST", f"/enrollments/{enrolled}/review", json={"rating": 5}), 201)
    card = ok(await world.call(None, "GET", "/courses/{C1}"))
    for path in ("/courses/{C1}", "/courses/slug/course-c1"):
        assert ok(await world.call(None, "GET", path)) == card
        assert card["instructor"] == {"id": str(world.ids["ada"]), "full_name": "Ada Example"}
        assert (card["lessons_count"], card["enrollments_count"]) == (4, 2)
        assert card["rating"] == {"average": 4.5, "count": 2}
    listed = ok(await world.call(None, "GET", "/courses", params={"sort": "rating"}))["items"]
    assert listed[0] == card
    popular = ok(await world.call(None, "GET", "/courses", params={"sort": "popular"}))["items"]
    assert popular[0]["id"] == card["id"]


async def test_filters_narrow_what_the_caller_may_see(world: World) -> None:
    await new_course(world, "Advanced walking", category="Sport", difficulty_level="advanced")

    async def listed(who: str | None, **query: str) -> list[str]:
        items = ok(await world.call(who, "GET", "/courses", params={"sort": "title", **query}))["items"]
        return [item["title"] for item in items]

    assert await listed("ada", category="Sport") == ["Advanced walking"]
    assert await listed("ada", difficulty_level="advanced") == ["Advanced walking"]
    assert await listed(None, category="Sport") == []
    assert await listed("ada", mine="true", is_published="true") == ["Course C1", "Course C3"]
    assert await listed("ada", mine="true", is_published="false") == ["Advanced walking", "Course C0"]
    assert await listed("eve", is_published="false") == []
    assert await listed(None, mine="true") == []
    assert await listed(None, instructor_id=str(world.ids["eve"])) == ["Course C2"]
    assert await listed("root", is_published="false") == ["Advanced walking", "Course C0"]
    for query in (
        {"sort": "best"},
        {"difficulty_level": "x"},
        {"is_published": "2"},
        {"instructor_id": "x"},
        {"z": "1"},
    ):
        refused(await world.call(None, "GET", "/courses", params=query), 422, "invalid_input")
