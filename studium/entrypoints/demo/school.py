"""The demo school: loaded in one transaction, so that it is there whole or not at all."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from itertools import groupby
from random import Random
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from sqlalchemy import insert, inspect, select
from sqlalchemy.ext.asyncio import AsyncSession

from studium.entrypoints.demo.catalogue import CourseRows, course_files, demo_courses
from studium.entrypoints.demo.learning import Journey, Traveller
from studium.entrypoints.demo.people import ADMIN, INSTRUCTORS, LEARNER, Person, learners
from studium.kit.base.clock import now
from studium.kit.base.config import Settings, Web
from studium.kit.base.ids import new_id
from studium.kit.runtime import BACKGROUND_SECONDS, open_runtime
from studium.kit.security.passwords import hash_password
from studium.models import User
from studium.models.user_words import UserWords, words_of_person
from studium.modules.users.demo import PASSWORD

_SEED = 20260101
_YEAR = timedelta(days=365)
_CHUNK = 500


async def load_demo(settings: Settings) -> None:
    """Load the demo school, unless it is there, and print the log-ins."""
    console = Console()
    async with open_runtime(settings, statement_seconds=BACKGROUND_SECONDS) as runtime:
        for file in course_files():
            await runtime.storage.put(file.storage_path, file.path.read_bytes())
        async with runtime.database.write_session() as session:
            known = await session.scalar(select(User.id).where(User.email == ADMIN.email))
            if known is None:
                with _progress(console) as progress:
                    await _fill(session, progress)
    console.print("The demo school is ready." if known is None else "The demo school is there already.")
    _print_log_ins(console, settings)


def _progress(console: Console) -> Progress:
    return Progress(
        TextColumn("{task.description:<24}"), BarColumn(), MofNCompleteColumn(), console=console, transient=False
    )


async def _fill(session: AsyncSession, progress: Progress) -> None:
    chance = Random(_SEED)
    until = now()
    users = await _people(chance, until)
    by_email = {user.email: user for user in users}
    teachers = [by_email[person.email] for person in INSTRUCTORS]
    texts = demo_courses()
    courses = [
        CourseRows(text, teacher.id, until - _YEAR + timedelta(days=7 * place))
        for place, (text, teacher) in enumerate(zip(texts, teachers, strict=True))
    ]
    words = [UserWords(user_id=user.id, words=words_of_person(user.full_name, user.email)) for user in users]
    await _store(session, progress, "People", [*users, *words])
    await _store(session, progress, "Courses and lessons", [row for course in courses for row in course.rows()])
    students = [by_email[person.email] for person in learners(Random(_SEED))]
    traveller = Traveller(chance, until)
    journeys = list(_journeys(traveller, progress, students, courses, teachers))
    await _store(session, progress, "A year of learning", [row for journey in journeys for row in journey.rows()])


async def _people(chance: Random, until: datetime) -> list[User]:
    """Everybody; all share one password, so it is hashed once."""
    hashed = await hash_password(PASSWORD)
    everybody: list[Person] = [ADMIN, *INSTRUCTORS, *learners(Random(_SEED))]
    users = []
    for person in everybody:
        since = until - _YEAR + timedelta(days=chance.randint(0, 30))
        user = User(
            id=new_id(),
            email=person.email,
            full_name=person.full_name,
            role=person.role,
            password_hash=hashed,
            is_active=True,
            mfa_enabled=False,
            created_at=since,
            updated_at=since,
            email_verified_at=since,
        )
        users.append(user)
    return users


def _journeys(
    traveller: Traveller, progress: Progress, students: list[User], courses: list[CourseRows], teachers: list[User]
) -> Iterable[Journey]:
    """Each learner takes one to three courses; the one who is shown around is done with one and half-way in another."""
    task = progress.add_task("Learners", total=len(students))
    chance = traveller.chance
    for student in students:
        if student.email == LEARNER.email:
            plans = [(0, 1.0), (1, 0.5)]
        else:
            taken = chance.sample(range(len(courses)), chance.choice((1, 1, 2, 2, 3)))
            plans = [(course, chance.choice((1.0, 1.0, 0.8, 0.6, 0.4, 0.2, 0.0))) for course in taken]
        for course, share in plans:
            start = traveller.until - timedelta(days=chance.uniform(0 if share < 1 else 20, 330))
            yield traveller.journey(student, courses[course], teachers[course], start, share)
        progress.advance(task)


async def _store(session: AsyncSession, progress: Progress, what: str, rows: list[Any]) -> None:
    """Insert rows by table, parents first, as plain values: quicker than objects, and the database checks as much."""
    task = progress.add_task(what, total=len(rows))
    order: dict[type, int] = {}
    for row in rows:
        order.setdefault(type(row), len(order))
    for table, members in groupby(sorted(rows, key=lambda row: order[type(row)]), key=type):
        values = [_values(row) for row in members]
        for start in range(0, len(values), _CHUNK):
            await session.execute(insert(table), values[start : start + _CHUNK])
            progress.advance(task, min(_CHUNK, len(values) - start))


def _values(row: object) -> dict[str, Any]:
    """What was set on the row; the database and the column defaults fill in the rest."""
    state = inspect(row)
    return {key: value for key, value in state.dict.items() if key in state.mapper.column_attrs}


def _print_log_ins(console: Console, settings: Settings) -> None:
    base = settings.public_base_url
    if settings.web is Web.ON:
        console.print(f"\n  School    {base}/", end="")
    console.print(f"\n  API       {base}/api/v1\n  Reference {base}/docs\n\n  Password of everybody: {PASSWORD}")
    for what, person in (("Admin", ADMIN), ("Instructor", INSTRUCTORS[0]), ("Learner", LEARNER)):
        console.print(f"  {what:10} {person.email:34} {person.full_name}", highlight=False)
    console.print()
