"""People whom the school has and no course of it: an admin brought them in by a list."""

from sqlalchemy import update

from studium.models import Source, User
from tests.world import World, add_students


async def bring_in(world: World, many: int) -> list[str]:
    """The names of so many new learners, `pupil0` …, whose addresses are `pupil0@school.example` …."""
    names = [f"pupil{number}" for number in range(many)]
    await add_students(world, *names)
    async with world.runtime.database.write_session() as session:
        await session.execute(update(User).where(User.email.like("pupil%")).values(source=Source.CSV))
    return names
