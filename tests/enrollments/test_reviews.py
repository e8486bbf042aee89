"""Reviews: who may rate what and when, and what everybody reads of it."""

from typing import Any

import pytest
from sqlalchemy import update

from studium.models import Enrollment, User
from tests.answers import ok, refused
from tests.world import World, add_students

REVIEW = "/enrollments/{E3}/review"
BAD = [
    {},
    {"rating": 0},
    {"rating": 6},
    {"rating": 4.5},
    {"rating": "5"},
    {"rating": True},
    {"rating": None},
    {"rating": 5, "review": "x" * 2_001},
    {"rating": 5, "review": "a bell \a in it"},
    {"rating": 5, "stars": 5},
]


async def reviews(world: World, **query: Any) -> dict[str, Any]:  # noqa: ANN401 -- parameters of any type.
    return ok(await world.call(None, "GET", "/courses/{C3}/reviews", params=query))


async def test_a_review_is_made_and_changed(world: World) -> None:
    first = ok(await world.call("sam", "POST", REVIEW, json={"rating": 4, "review": "Good.\nShort."}), 201)
    assert (first["rating"], first["review"]) == (4, "Good.\nShort.")
    again = ok(await world.call("sam", "POST", REVIEW, json={"rating": 5}))
    assert (again["rating"], again["review"]) == (5, None)
    assert again["version"] == first["version"] + 1
    (shown,) = (await reviews(world))["items"]
    assert shown == {"rating": 5, "review": None, "reviewed_at": again["reviewed_at"], "reviewer": "Sam E."}


async def test_a_review_is_taken_back_and_counts_no_more(world: World) -> None:
    first = ok(await world.call("sam", "POST", REVIEW, json={"rating": 4, "review": "Good."}), 201)
    stale = await world.call("sam", "DELETE", REVIEW, headers={"If-Match": f'"{first["version"] - 1}"'})
    refused(stale, 412, "precondition_failed")
    for _ in range(2):
        assert (await world.call("sam", "DELETE", REVIEW)).status_code == 204
    after = ok(await world.call("sam", "GET", "/enrollments/{E3}"))
    assert (after["rating"], after["review"], after["reviewed_at"]) == (None, None, None)
    assert after["version"] == first["version"] + 1
    assert (await reviews(world))["items"] == []
    stats = ok(await world.call("ada", "GET", "/enrollments/courses/{C3}/stats"))
    assert (stats["reviews_count"], stats["average_rating"]) == (0, None)


async def test_what_is_no_review_is_refused(world: World) -> None:
    before = await world.row(Enrollment, "E3")
    for wish in BAD:
        refused(await world.call("sam", "POST", REVIEW, json=wish), 422, "invalid_input")
    after = await world.row(Enrollment, "E3")
    assert (after.rating, after.version) == (before.rating, before.version)


@pytest.mark.parametrize(("share", "status"), [("19.99", 409), ("20.00", 201)])
async def test_a_fifth_of_the_course_comes_first(world: World, share: str, status: int) -> None:
    async with world.runtime.database.write_session() as session:
        await session.execute(
            update(Enrollment).where(Enrollment.id == world.ids["E1"]).values(progress_percentage=share)
        )
    answer = await world.call("sam", "POST", "/enrollments/{E1}/review", json={"rating": 3})
    assert answer.status_code == status
    if status == 409:
        refused(answer, 409, "progress_too_low")


async def test_editions_guard_reviews(world: World) -> None:
    tag = (await world.call("sam", "GET", "/enrollments/{E3}")).headers["ETag"]
    ok(await world.call("sam", "POST", REVIEW, json={"rating": 4}, headers={"If-Match": tag}), 201)
    stale = await world.call("sam", "POST", REVIEW, json={"rating": 1}, headers={"If-Match": tag})
    refused(stale, 412, "precondition_failed")
    assert (await world.row(Enrollment, "E3")).rating == 4


@pytest.mark.parametrize(
    ("full_name", "shown"), [("李雷", "李雷"), ("Ana Maria de la Cruz", "Ana C."), ("नेहा शर्मा", "नेहा श.")]
)
async def test_readers_learn_a_first_name_and_an_initial(world: World, full_name: str, shown: str) -> None:
    async with world.runtime.database.write_session() as session:
        await session.execute(update(User).where(User.id == world.ids["sam"]).values(full_name=full_name))
    ok(await world.call("sam", "POST", REVIEW, json={"rating": 4}), 201)
    assert [item["reviewer"] for item in (await reviews(world))["items"]] == [shown]


async def test_pages_of_reviews_hold_each_once_newest_first(world: World) -> None:
    names = [f"reviewer-{i}" for i in range(5)]
    await add_students(world, *names)
    for stars, name in enumerate(names, 1):
        enrolled = ok(await world.call(name, "POST", "/enrollments", json={"course_id": str(world.ids["C3"])}), 201)
        ok(await world.call(name, "POST", f"/enrollments/{enrolled['id']}/lessons/{{N1}}/complete"))
        ok(await world.call(name, "POST", f"/enrollments/{enrolled['id']}/review", json={"rating": stars}), 201)
    page = await reviews(world, limit=2, include_total=True)
    found = [item["rating"] for item in page["items"]]
    while page["next_cursor"]:
        assert page["total"] in (5, None)
        page = await reviews(world, limit=2, cursor=page["next_cursor"])
        found += [item["rating"] for item in page["items"]]
    assert found == [5, 4, 3, 2, 1]
