"""Everybody as a table, in the columns that an import takes: unchanged, it changes nothing when it comes back."""

from collections import defaultdict
from collections.abc import AsyncGenerator, Sequence
from uuid import UUID

from sqlalchemy import select

from studium.kit.base.languages import spoken
from studium.kit.db.prepared import PreparedStatement, QueryExecutor, Record
from studium.models import Course, Enrollment, EnrollmentStatus, Role, User
from studium.modules.users.queries import UserFilter

COLUMNS = ("email", "full_name", "role", "language", "external_id", "courses", "is_active")
AT_ONCE = 500
_LEARNING = (EnrollmentStatus.ACTIVE, EnrollmentStatus.COMPLETED)


async def export_people(reads: QueryExecutor, wanted: UserFilter) -> AsyncGenerator[list[list[object]]]:
    """The rows of those whom the filter leaves, in the order of their ids, some hundred at a time."""
    people = select(
        User.id,
        User.email,
        User.full_name,
        User.role,
        User.external_id,
        User.is_active,
        User.profile_metadata.label("profile"),
    )
    people = people.where(*wanted.conditions()).order_by(User.id).limit(AT_ONCE)
    following = people
    while True:
        rows = await reads.all(PreparedStatement(following))
        courses = await _courses_of(reads, [row["id"] for row in rows])
        if rows:
            yield [_cells(row, courses[row["id"]]) for row in rows]
        if len(rows) < AT_ONCE:
            return
        following = people.where(User.id > rows[-1]["id"])


async def _courses_of(reads: QueryExecutor, user_ids: Sequence[UUID]) -> dict[UUID, list[str]]:
    """The slugs of the courses that each of them learns in or has completed."""
    found: dict[UUID, list[str]] = defaultdict(list)
    statement = (
        select(Enrollment.student_id, Course.slug)
        .join(Course, Course.id == Enrollment.course_id)
        .where(Enrollment.student_id.in_(user_ids), Enrollment.status.in_(_LEARNING))
        .order_by(Course.slug)
    )
    for row in await reads.all(PreparedStatement(statement)):
        found[row["student_id"]].append(row["slug"])
    return found


def _cells(row: Record, courses: Sequence[str]) -> list[object]:
    language = spoken((row["profile"] or {}).get("language"))
    active = "true" if row["is_active"] else "false"
    role = Role(row["role"]).value
    return [row["email"], row["full_name"], role, language, row["external_id"], " ".join(courses), active]
