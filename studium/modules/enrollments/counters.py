"""The counters of enrollments: how many live lessons there are, how many of them are done, and the percentage.

One rule for one enrollment and for many: `recounted` gives the UPDATE. Completing one lesson adds one instead, which
costs the same in a course of any length.
"""

from typing import Any
from uuid import UUID

from sqlalchemy import Numeric, Select, Update, Uuid, and_, bindparam, case, cast, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm.attributes import set_committed_value

from studium.events import EnrollmentCompleted
from studium.kit.base.clock import now
from studium.kit.db.prepared import PreparedStatement, Record
from studium.kit.db.transaction import SessionTransaction, Transaction
from studium.kit.jobs.events import publish
from studium.models import Enrollment, EnrollmentStatus, Lesson, LessonProgress, ProgressStatus

AT = bindparam("p_at", type_=Enrollment.enrolled_at.type)
BY_ID = Enrollment.id == bindparam("p_enrollment", type_=Uuid())
COUNTERS = (
    Enrollment.status,
    Enrollment.completed_at,
    Enrollment.started_at,
    Enrollment.last_accessed_at,
    Enrollment.progress_percentage,
    Enrollment.completed_lessons_count,
    Enrollment.total_lessons_count,
    Enrollment.total_time_spent_seconds,
    Enrollment.version,
)
"""What the statements of this module return of an enrollment, beside its id."""

VISIT = {"started_at": func.coalesce(Enrollment.started_at, AT), "last_accessed_at": AT}
"""What a learner's act in a lesson leaves on the enrollment."""


def lesson_total() -> Any:  # noqa: ANN401 -- SQLAlchemy's scalar subqueries have no short type.
    """The live lessons of an enrollment's course, as a subquery."""
    live = select(func.count(Lesson.id)).where(Lesson.course_id == Enrollment.course_id, Lesson.archived_at.is_(None))
    return live.correlate(Enrollment).scalar_subquery()


def lessons_done() -> Any:  # noqa: ANN401 -- SQLAlchemy's scalar subqueries have no short type.
    """The live lessons that an enrollment's learner has completed, as a subquery."""
    done: Select[Any] = (
        select(func.count(LessonProgress.id))
        .join(Lesson, Lesson.id == LessonProgress.lesson_id)
        .where(
            LessonProgress.enrollment_id == Enrollment.id,
            LessonProgress.status == ProgressStatus.COMPLETED,
            Lesson.archived_at.is_(None),
        )
    )
    return done.correlate(Enrollment).scalar_subquery()


def _percentage(done: Any, total: Any) -> Any:  # noqa: ANN401 -- expressions of SQLAlchemy's.
    """Completed of live lessons in percent, rounded down to two places: 100 only when all are done; 0 of 0 is 0."""
    hundredths = done * 10_000 // func.coalesce(func.nullif(total, 0), 1)
    return cast(hundredths, Numeric(7, 2)) / 100


def recounted(*where: Any) -> Update:  # noqa: ANN401 -- conditions of SQLAlchemy's.
    """The UPDATE that makes counters equal the rows; an active enrollment with every lesson done is completed.

    A completed enrollment is final and left alone. No row comes back where nothing changes.
    """
    total, done = lesson_total(), lessons_done()
    is_through = and_(Enrollment.status == EnrollmentStatus.ACTIVE, total > 0, done == total)
    return (
        update(Enrollment)
        .where(
            *where,
            Enrollment.status != EnrollmentStatus.COMPLETED,
            or_(Enrollment.total_lessons_count != total, Enrollment.completed_lessons_count != done, is_through),
        )
        .values(
            total_lessons_count=total,
            completed_lessons_count=done,
            progress_percentage=_percentage(done, total),
            status=case((is_through, EnrollmentStatus.COMPLETED), else_=Enrollment.status),
            completed_at=case((is_through, AT), else_=Enrollment.completed_at),
            version=Enrollment.version + 1,
        )
        .returning(Enrollment.id, *COUNTERS)
    )


_RECOUNT = PreparedStatement(recounted(BY_ID))
_ADD_ONE = PreparedStatement(
    update(Enrollment)
    .where(
        BY_ID,
        Enrollment.status == EnrollmentStatus.ACTIVE,
        Enrollment.completed_lessons_count + 1 < Enrollment.total_lessons_count,
    )
    .values(
        completed_lessons_count=Enrollment.completed_lessons_count + 1,
        progress_percentage=_percentage(Enrollment.completed_lessons_count + 1, Enrollment.total_lessons_count),
        version=Enrollment.version + 1,
        **VISIT,
    )
    .returning(Enrollment.id, *COUNTERS)
)
_VISIT = PreparedStatement(update(Enrollment).where(BY_ID).values(**VISIT).returning(Enrollment.id, *COUNTERS))


async def recount(transaction: Transaction, enrollment_id: UUID) -> Record | None:
    """Make the counters of a locked enrollment equal its rows; the row where anything changed.

    Publishes EnrollmentCompleted where every lesson of an active one is done.
    """
    rows = await recount_all(transaction, _RECOUNT, p_enrollment=enrollment_id)
    return rows[0] if rows else None


async def recount_all(transaction: Transaction, statement: PreparedStatement, **values: object) -> list[Record]:
    """Run an UPDATE of `recounted`, and publish EnrollmentCompleted for each enrollment that it completed."""
    rows = list(await transaction.all(statement, p_at=now(), **values))
    for row in rows:
        if row["status"] is EnrollmentStatus.COMPLETED:
            await publish(transaction, EnrollmentCompleted(enrollment_id=row["id"]))
    return rows


async def count_completed(transaction: Transaction, enrollment_id: UUID) -> Record:
    """Count a lesson that has just been completed in a locked enrollment; the last one completes the course."""
    row = await transaction.first(_ADD_ONE, p_enrollment=enrollment_id, p_at=now())
    if row is not None:
        return row
    visited = await visit(transaction, enrollment_id)
    return await recount(transaction, enrollment_id) or visited


async def visit(transaction: Transaction, enrollment_id: UUID) -> Record:
    """Note that the learner did something in the course just now."""
    row = await transaction.first(_VISIT, p_enrollment=enrollment_id, p_at=now())
    assert row is not None  # noqa: S101 -- the caller holds the row's lock.
    return row


async def recount_loaded(session: AsyncSession, enrollment: Enrollment) -> None:
    """`recount` for a row that an ORM session holds: it shows the new counters afterwards."""
    row = await recount(SessionTransaction(session), enrollment.id)
    if row is not None:
        for column in COUNTERS:
            set_committed_value(enrollment, column.key, row[column.key])
