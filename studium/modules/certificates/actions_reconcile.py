"""What no certificate may be: `studium reconcile --invariants` looks for it."""

from sqlalchemy import func, or_, select

from studium.kit.db.invariants import Invariant
from studium.kit.jobs.registry import Jobs
from studium.models import Certificate, Enrollment, EnrollmentStatus
from studium.modules.certificates.handlers import issue_certificate

_PAIRS = select(Certificate.id, Certificate.enrollment_id).join(Enrollment, Enrollment.id == Certificate.enrollment_id)


def invariants(jobs: Jobs) -> tuple[Invariant, ...]:
    """The rules about certificates; a job that waits stands for the certificate that it will issue."""
    is_promised = Enrollment.id.in_(jobs.waiting_ids(issue_certificate, "enrollment_id"))
    has_one = select(Certificate.id).where(Certificate.enrollment_id == Enrollment.id).exists()
    return (
        Invariant(
            3,
            "enrollment {enrollment_id} has {certificates} certificates instead of one",
            select(Certificate.enrollment_id, func.count().label("certificates"))
            .group_by(Certificate.enrollment_id)
            .having(func.count() > 1),
        ),
        Invariant(
            3,
            "certificate {id} was issued for enrollment {enrollment_id}, which is {status}",
            _PAIRS.add_columns(Enrollment.status).where(Enrollment.status != EnrollmentStatus.COMPLETED),
        ),
        Invariant(
            3,
            "certificate {id} names another student or course than its enrollment {enrollment_id}",
            _PAIRS.where(
                or_(Certificate.student_id != Enrollment.student_id, Certificate.course_id != Enrollment.course_id)
            ),
        ),
        Invariant(
            3,
            "enrollment {id} is completed and has neither a certificate nor a waiting job for one",
            select(Enrollment.id).where(Enrollment.status == EnrollmentStatus.COMPLETED, ~has_one, ~is_promised),
        ),
    )
