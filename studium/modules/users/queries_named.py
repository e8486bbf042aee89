"""What the things are called that the record of who did what is about, and where they belong."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Select, and_, false, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.sql.expression import null

from studium.models import Certificate, Course, Enrollment, Lesson, PeopleImport, Quiz, QuizAttempt, User, UserSession

Thing = tuple[str, UUID]
"""Something by its type, as the record has it, and its id."""


@dataclass(frozen=True, slots=True)
class Named:
    """What something is called; `course_id` where it belongs to a course, and whether it was removed from that."""

    name: str
    course_id: UUID | None
    is_removed: bool


def _of(thing: Any, name: Any, course_id: Any = None, is_removed: Any = None) -> Select[Any]:  # noqa: ANN401 -- columns of any table.
    """The columns of `Named`, each with the id of the thing first."""
    no_course = null() if course_id is None else course_id
    return select(thing, name, no_course, false() if is_removed is None else is_removed)


_OF_LESSON = and_(Lesson.id == Quiz.lesson_id)
_ARCHIVED = Lesson.archived_at.is_not(None)
_LOOK = {
    "user": (User.id, _of(User.id, User.full_name)),
    "session": (UserSession.id, _of(UserSession.id, User.full_name).join(User, User.id == UserSession.user_id)),
    "course": (Course.id, _of(Course.id, Course.title, Course.id)),
    "lesson": (Lesson.id, _of(Lesson.id, Lesson.title, Lesson.course_id, _ARCHIVED)),
    "quiz": (Quiz.id, _of(Quiz.id, Quiz.title, Lesson.course_id, _ARCHIVED).join(Lesson, _OF_LESSON)),
    "enrollment": (
        Enrollment.id,
        _of(Enrollment.id, User.full_name, Enrollment.course_id).join(User, User.id == Enrollment.student_id),
    ),
    "attempt": (
        QuizAttempt.id,
        _of(QuizAttempt.id, User.full_name, Enrollment.course_id)
        .join(Enrollment, Enrollment.id == QuizAttempt.enrollment_id)
        .join(User, User.id == Enrollment.student_id),
    ),
    "certificate": (
        Certificate.id,
        _of(Certificate.id, Certificate.certificate_number, Certificate.course_id),
    ),
    "people_import": (PeopleImport.id, _of(PeopleImport.id, PeopleImport.original_filename)),
}


async def named(session: AsyncSession, things: Iterable[Thing]) -> dict[Thing, Named]:
    """Those of the things that are there still. One statement for each type among them."""
    wanted: dict[str, set[UUID]] = defaultdict(set)
    for kind, thing_id in things:
        wanted[kind].add(thing_id)
    found: dict[Thing, Named] = {}
    for kind in sorted(wanted.keys() & _LOOK.keys()):
        column, statement = _LOOK[kind]
        for row in await session.execute(statement.where(column.in_(wanted[kind]))):
            found[kind, row[0]] = Named(row[1], row[2], bool(row[3]))
    return found
