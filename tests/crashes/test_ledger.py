"""The ledger itself: it hears of what is lost, half written or there twice, and of nothing else."""

from sqlalchemy import text

from studium.models import Course, Lesson, User
from tests.crashes.ledger import Ledger, row
from tests.world import World


async def test_what_is_lost_or_half_written_is_found(world: World, database_url: str) -> None:
    ledger = Ledger()
    course = row(Course, id=str(world.ids["C1"]))
    ledger.known(course, title="Course C1", description="What there is to know.")
    ledger.known(row(User, email="mia@school.example"), full_name="Mia Example", role="student")
    assert ledger.missing(database_url) == []

    ledger.sending(course, title="New", description="Both or none.")
    assert ledger.missing(database_url) == [], "an unanswered write need not have happened"
    ledger.sending(course, title="New", description="Both or none.")
    async with world.runtime.database.write_session() as session:
        await session.execute(text("UPDATE courses SET title = 'New'"))
    (half,) = ledger.missing(database_url)
    assert half.startswith(f"courses {{'id': '{world.ids['C1']}'}} is {{'description': 'What there is to know.'")

    ledger.known(course, title="New", description="Both or none.")
    assert len(ledger.missing(database_url)) == 1, "an acknowledged write must have happened"
    ledger.known(row(User, email="nobody@school.example"), role="student")
    (gone,) = ledger.missing(database_url)
    assert "is missing" in gone
    assert len(ledger.missing(database_url, all_of_them=True)) == 2


async def test_what_is_there_twice_is_found(world: World, database_url: str) -> None:
    ledger = Ledger()
    ledger.known(row(Lesson, lesson_type="quiz"), course_id=str(world.ids["C1"]))
    assert ledger.missing(database_url) == ["lessons {'lesson_type': 'quiz'} is there 2 times"]
