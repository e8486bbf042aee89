"""One's own enrollment in a course, for a page that knows the course and not the enrollment."""

from uuid import UUID

from sqlalchemy import Uuid, bindparam

from studium.access.actor import Actor
from studium.kit.db.prepared import PreparedStatement, QueryExecutor
from studium.models import Enrollment
from studium.modules.enrollments.queries import enrollment_of, enrollments
from studium.modules.enrollments.schemas import EnrollmentOut

_OWN = PreparedStatement(
    enrollments().where(
        Enrollment.student_id == bindparam("p_student", type_=Uuid()),
        Enrollment.course_id == bindparam("p_course", type_=Uuid()),
    )
)


async def own_enrollment(reads: QueryExecutor, actor: Actor, course_id: UUID) -> EnrollmentOut | None:
    """The caller's enrollment in a course, whatever its status, or None. One hot read."""
    row = await reads.one(_OWN, p_student=actor.id, p_course=course_id)
    return None if row is None else enrollment_of(row)
