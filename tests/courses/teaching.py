"""What tests of courses do again and again: making courses and lessons, and looking at what became of them."""

from typing import Any
from uuid import UUID

from sqlalchemy import select

from studium.models import Lesson
from tests.answers import ok
from tests.world import World


async def new_course(world: World, title: str = "Walking", who: str = "ada", **wish: object) -> dict[str, Any]:
    """A draft."""
    return ok(await world.call(who, "POST", "/courses", json={"title": title, **wish}), 201)


async def new_lesson(world: World, course: str, title: str = "A lesson", **wish: object) -> dict[str, Any]:
    """A text lesson of ada's."""
    wanted = {"title": title, "lesson_type": "text", **wish}
    return ok(await world.call("ada", "POST", f"/courses/{course}/lessons", json=wanted), 201)


async def titles(world: World, course: str) -> list[str]:
    """The outline as ada sees it; its positions are 1..n."""
    items = ok(await world.call("ada", "GET", f"/courses/{course}/lessons"))["items"]
    assert [item["order_index"] for item in items] == list(range(1, len(items) + 1))
    return [item["title"] for item in items]


async def stored_lessons(world: World, course: str) -> list[Lesson]:
    """Every lesson of a course, archived ones too, in order."""
    async with world.runtime.database.read_session() as session:
        rows = await session.execute(
            select(Lesson).where(Lesson.course_id == UUID(course)).order_by(Lesson.order_index)
        )
        return list(rows.scalars())
