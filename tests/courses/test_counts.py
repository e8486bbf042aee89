"""The catalogue's counts follow enrollments and ratings, whoever writes them, also at once."""

import asyncio
from datetime import UTC, datetime

from sqlalchemy import delete, select, update

from studium.kit.base.ids import new_id
from studium.models import Course, CourseCounts, Enrollment, Role, User
from studium.modules.courses.actions_reconcile import find_count_drift
from tests.world import World


async def counts(world: World, course: str) -> tuple[int, int, int]:
    async with world.runtime.database.read_session() as session:
        statement = select(CourseCounts).where(CourseCounts.course_id == world.ids[course])
        row = (await session.execute(statement)).scalar_one()
        assert await find_count_drift(session) == []
    return row.enrollments, row.ratings, row.rating_sum


async def test_a_course_begins_with_nothing_and_goes_with_its_counts(world: World) -> None:
    made = await world.call("ada", "POST", "/courses", json={"title": "New"})
    world.ids["New"] = made.json()["id"]
    card = (await world.call("ada", "GET", "/courses/{New}")).json()
    assert (card["enrollments_count"], card["rating"]) == (0, {"average": None, "count": 0})
    before = await world.count(CourseCounts)
    assert (await world.call("ada", "DELETE", "/courses/{New}")).status_code == 204
    assert await world.count(CourseCounts) == before - 1


async def test_ratings_come_change_and_go(world: World) -> None:
    enrolled, rated, stars = await counts(world, "C1")
    for rating, more in ((4, 4), (5, 5), (None, 0)):
        async with world.runtime.database.write_session() as session:
            change = update(Enrollment).where(Enrollment.id == world.ids["E1"]).values(rating=rating, review=None)
            await session.execute(change)
        assert await counts(world, "C1") == (enrolled, rated + (rating is not None), stars + more)
    async with world.runtime.database.write_session() as session:
        await session.execute(update(Enrollment).where(Enrollment.id == world.ids["E1"]).values(rating=3))
    card = (await world.call(None, "GET", "/courses/{C1}")).json()
    assert card["rating"] == {"average": 3.0, "count": 1}


async def test_twenty_at_once_are_all_counted(world: World) -> None:
    enrolled, _, _ = await counts(world, "C2")
    people = [
        User(id=new_id(), email=f"p{n}@school.example", full_name=f"Person {n}", role=Role.STUDENT, password_hash="x")
        for n in range(20)
    ]
    await world.add(*people)

    async def enroll(person: User) -> None:
        at = datetime(2026, 1, 1, tzinfo=UTC)
        row = Enrollment(id=new_id(), student_id=person.id, course_id=world.ids["C2"], enrolled_at=at, rating=5)
        await world.add(row)

    await asyncio.gather(*(enroll(person) for person in people))
    assert await counts(world, "C2") == (enrolled + 20, 20, 100)
    async with world.runtime.database.write_session() as session:
        await session.execute(delete(Enrollment).where(Enrollment.student_id.in_([one.id for one in people[:5]])))
    assert await counts(world, "C2") == (enrolled + 15, 15, 75)


async def test_the_most_popular_come_first(world: World) -> None:
    async with world.runtime.database.read_session() as session:
        most = select(CourseCounts.enrollments).join(Course).where(Course.is_published)
        expected = sorted((await session.execute(most)).scalars(), reverse=True)
    found: list[int] = []
    path: str | None = "/courses?sort=popular&limit=1"
    while path:
        page = (await world.call(None, "GET", path)).json()
        found += [item["enrollments_count"] for item in page["items"]]
        path = f"/courses?sort=popular&limit=1&cursor={page['next_cursor']}" if page["next_cursor"] else None
    assert found == expected
