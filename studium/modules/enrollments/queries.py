"""Enrollments as learners and teachers see them."""

from typing import Any
from uuid import UUID

from sqlalchemy import Row, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from studium.access.actor import Actor
from studium.kit.pages import AnySelect, Order, Page, PageQuery, paginate
from studium.kit.schema import PersonOut
from studium.models import (
    Certificate,
    Course,
    Enrollment,
    EnrollmentStatus,
    Lesson,
    LessonProgress,
    ProgressStatus,
    Quiz,
    User,
)
from studium.modules.enrollments.schemas import (
    CourseBrief,
    EnrollmentCounters,
    EnrollmentLessonOut,
    EnrollmentOut,
    LessonProgressOut,
    MyCourseOut,
)

_Instructor = aliased(User, name="instructor")
_NEWEST = (Order(Enrollment.enrolled_at), Order(Enrollment.id))


def _enrollments() -> AnySelect:
    return select(Enrollment, User.full_name.label("student_name")).join(User, User.id == Enrollment.student_id)


def _fields(row: Row[Any]) -> dict[str, Any]:
    enrollment: Enrollment = row[0]
    names = EnrollmentOut.model_fields.keys() - {"student"}
    values = {name: getattr(enrollment, name) for name in names}
    return {**values, "student": PersonOut(id=enrollment.student_id, full_name=row.student_name)}


async def enrollment_out(session: AsyncSession, enrollment_id: UUID) -> EnrollmentOut:
    """One enrollment."""
    row = (await session.execute(_enrollments().where(Enrollment.id == enrollment_id))).one()
    return EnrollmentOut(**_fields(row))


async def my_courses(
    session: AsyncSession, actor: Actor, status: EnrollmentStatus | None, page: PageQuery
) -> Page[MyCourseOut]:
    """The caller's own enrollments, newest first, each with its course and the next lesson. One statement."""
    statement = (
        _enrollments()
        .add_columns(
            Course.id.label("course_id"),
            Course.title,
            Course.slug,
            Course.thumbnail_url,
            Course.category,
            Course.is_published,
            Course.instructor_id,
            _Instructor.full_name.label("instructor_name"),
            _next_lesson().label("next_lesson_id"),
            Certificate.id.label("certificate_id"),
        )
        .join(Course, Course.id == Enrollment.course_id)
        .join(_Instructor, _Instructor.id == Course.instructor_id)
        .outerjoin(Certificate, Certificate.enrollment_id == Enrollment.id)
        .where(Enrollment.student_id == actor.id)
    )
    if status is not None:
        statement = statement.where(Enrollment.status == status)
    return await paginate(session, statement, order=_NEWEST, page=page, name="my-courses", item=_my_course)


def _next_lesson() -> Any:  # noqa: ANN401 -- SQLAlchemy's scalar subqueries have no short type.
    """The first live lesson that the learner has not completed."""
    done = select(LessonProgress.id).where(
        LessonProgress.enrollment_id == Enrollment.id,
        LessonProgress.lesson_id == Lesson.id,
        LessonProgress.status == ProgressStatus.COMPLETED,
    )
    return (
        select(Lesson.id)
        .where(Lesson.course_id == Enrollment.course_id, Lesson.archived_at.is_(None), ~done.exists())
        .order_by(Lesson.order_index)
        .limit(1)
        .correlate(Enrollment)
        .scalar_subquery()
    )


def _my_course(row: Row[Any]) -> MyCourseOut:
    course = CourseBrief(
        id=row.course_id,
        title=row.title,
        slug=row.slug,
        thumbnail_url=row.thumbnail_url,
        category=row.category,
        is_published=row.is_published,
        instructor=PersonOut(id=row.instructor_id, full_name=row.instructor_name),
    )
    return MyCourseOut(
        **_fields(row), course=course, next_lesson_id=row.next_lesson_id, certificate_id=row.certificate_id
    )


async def roster_page(
    session: AsyncSession, course: Course, status: EnrollmentStatus | None, q: str | None, page: PageQuery
) -> Page[EnrollmentOut]:
    """Who is in the course, newest first: names, no addresses."""
    statement = _enrollments().where(Enrollment.course_id == course.id)
    if status is not None:
        statement = statement.where(Enrollment.status == status)
    if q:
        statement = statement.where(User.full_name.icontains(q, autoescape=True))
    return await paginate(
        session, statement, order=_NEWEST, page=page, name="roster", item=lambda row: EnrollmentOut(**_fields(row))
    )


async def lessons_page(session: AsyncSession, enrollment: Enrollment, page: PageQuery) -> Page[EnrollmentLessonOut]:
    """Each live lesson of the course with the learner's progress, in order."""
    statement = (
        select(
            Lesson.id.label("lesson_id"),
            Lesson.title,
            Lesson.slug,
            Lesson.lesson_type,
            Lesson.order_index,
            Lesson.parent_lesson_id,
            Lesson.duration_minutes,
            Quiz.id.label("quiz_id"),
            func.coalesce(LessonProgress.status, ProgressStatus.NOT_STARTED).label("status"),
            func.coalesce(LessonProgress.completion_percentage, 0).label("completion_percentage"),
            func.coalesce(LessonProgress.last_position_seconds, 0).label("last_position_seconds"),
            func.coalesce(LessonProgress.time_spent_seconds, 0).label("time_spent_seconds"),
            LessonProgress.completed_at,
        )
        .outerjoin(
            LessonProgress,
            (LessonProgress.lesson_id == Lesson.id) & (LessonProgress.enrollment_id == enrollment.id),
        )
        .outerjoin(Quiz, (Quiz.lesson_id == Lesson.id) & Quiz.is_published)
        .where(Lesson.course_id == enrollment.course_id, Lesson.archived_at.is_(None))
    )
    order = (Order(Lesson.order_index, descending=False), Order(Lesson.id, descending=False))
    return await paginate(
        session, statement, order=order, page=page, name="enrollment-lessons", item=EnrollmentLessonOut.model_validate
    )


def progress_out(enrollment: Enrollment, progress: LessonProgress) -> LessonProgressOut:
    """A progress row with the counters of its enrollment."""
    counters = EnrollmentCounters.model_validate(enrollment)
    own = LessonProgressOut.model_fields.keys() - {"metadata", "enrollment"}
    fields = {name: getattr(progress, name) for name in own}
    return LessonProgressOut(**fields, progress_metadata=progress.progress_metadata, enrollment=counters)
