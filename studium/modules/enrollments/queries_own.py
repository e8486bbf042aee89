"""One's own enrollment in a course, for a page that knows the course and not the enrollment."""

from uuid import UUID

from sqlalchemy import Uuid, bindparam

from studium.access.actor import Actor
from studium.kit.db.prepared import PreparedStatement, QueryExecutor
from studium.models import Certificate, Enrollment
from studium.modules.enrollments.queries import enrollments, fields_of
from studium.modules.enrollments.schemas import EnrollmentOut


class OwnEnrollment(EnrollmentOut):
    """One's own enrollment, with its certificate once there is one."""

    certificate_id: UUID | None


_OWN = PreparedStatement(
    enrollments()
    .add_columns(Certificate.id.label("certificate_id"))
    .outerjoin(Certificate, Certificate.enrollment_id == Enrollment.id)
    .where(
        Enrollment.student_id == bindparam("p_student", type_=Uuid()),
        Enrollment.course_id == bindparam("p_course", type_=Uuid()),
    )
)


async def own_enrollment(reads: QueryExecutor, actor: Actor, course_id: UUID) -> OwnEnrollment | None:
    """The caller's enrollment in a course, whatever its status, or None. One hot read."""
    row = await reads.one(_OWN, p_student=actor.id, p_course=course_id)
    return None if row is None else OwnEnrollment(**fields_of(row), certificate_id=row["certificate_id"])
