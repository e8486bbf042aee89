"""What the database knows about the people and courses of some rows, read by a few statements."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from contextlib import suppress
from uuid import UUID

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from studium.kit.base.languages import spoken
from studium.kit.text.csv_text import restored
from studium.kit.text.email_addresses import normalise_email
from studium.models import Course, Enrollment, EnrollmentStatus, Role, User
from studium.modules.exchange.people.judging import Facts, Known
from studium.modules.exchange.people.persons import PersonRow, RowError, read_external_id
from studium.modules.exchange.people.source import Source
from studium.modules.users.actions import owners_among

_COLUMNS = (
    *(User.id, User.email, User.full_name, User.role, User.profile_metadata, User.external_id, User.is_active),
    *(User.email_verified_at, User.source, User.invited_at, User.version),
)


def repeated_cells(source: Source) -> frozenset[tuple[str, str]]:
    """The addresses and external ids that more than one row names. Plain work on the file, for a thread."""
    counts: Counter[tuple[str, str]] = Counter()
    for row in source.rows():
        with suppress(RowError):
            if external_id := read_external_id(row):
                counts["external_id", external_id] += 1
        with suppress(ValueError):
            if address := row.cells.get("email"):
                counts["email", normalise_email(restored(address))] += 1
    return frozenset(cell for cell, many in counts.items() if many > 1)


async def read_facts(session: AsyncSession, rows: Sequence[PersonRow], repeated: frozenset[tuple[str, str]]) -> Facts:
    """The facts about these rows."""
    addresses = {row.email for row in rows if row.email}
    external_ids = {row.external_id for row in rows if row.external_id}
    named = select(*_COLUMNS).where(or_(User.email.in_(addresses), User.external_id.in_(external_ids)))
    people = [
        Known(
            language=spoken((row.profile_metadata or {}).get("language")),
            **{column.key: getattr(row, column.key) for column in _COLUMNS if column.key != "profile_metadata"},
        )
        for row in await session.execute(named)
    ]
    courses = await _courses(session, {name for row in rows for name in row.courses})
    return Facts(
        by_email={person.email: person for person in people},
        by_external_id={person.external_id: person for person in people if person.external_id},
        courses=courses,
        enrolled=await _enrolled(session, people, set(courses.values())),
        owners=await _owners(session, people),
        repeated=repeated,
    )


async def _courses(session: AsyncSession, names: set[str]) -> dict[str, UUID]:
    """Courses by what rows call them: slugs and ids."""
    if not names:
        return {}
    ids = set()
    for name in names:
        with suppress(ValueError):
            ids.add(UUID(name))
    found = await session.execute(select(Course.id, Course.slug).where(or_(Course.slug.in_(names), Course.id.in_(ids))))
    by_name: dict[str, UUID] = {}
    for course_id, slug in found:
        by_name |= {slug: course_id, str(course_id): course_id}
    return {name: by_name[name] for name in names if name in by_name}


async def _enrolled(
    session: AsyncSession, people: Sequence[Known], courses: set[UUID]
) -> dict[UUID, dict[UUID, EnrollmentStatus]]:
    by_person: dict[UUID, dict[UUID, EnrollmentStatus]] = defaultdict(dict)
    if people and courses:
        columns = Enrollment.student_id, Enrollment.course_id, Enrollment.status
        theirs = Enrollment.student_id.in_([person.id for person in people]), Enrollment.course_id.in_(courses)
        for student_id, course_id, status in await session.execute(select(*columns).where(*theirs)):
            by_person[student_id][course_id] = status
    return by_person


async def _owners(session: AsyncSession, people: Sequence[Known]) -> frozenset[UUID]:
    """Which of them own courses."""
    teachers = [person.id for person in people if person.role is not Role.STUDENT]
    if not teachers:
        return frozenset()
    return frozenset(await owners_among(session, teachers))
