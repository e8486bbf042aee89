"""Enrollments as learners and teachers see them."""

from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, Uuid, bindparam, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from studium.access import rules
from studium.access.actor import Actor, stand_in
from studium.kit.pages import AnySelect, Order, Page, PagedRead, PageQuery, paginate
from studium.kit.reads import Read, Reads, Record
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
    Role,
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


_OWN = [Enrollment.__table__.c[name] for name in EnrollmentOut.model_fields if name != "student"]
_NAMES = [column.name for column in _OWN]


def _enrollments() -> AnySelect:
    return select(*_OWN, User.full_name.label("student_name")).join(User, User.id == Enrollment.student_id)


def _fields(row: Record) -> dict[str, Any]:
    own = {name: row[name] for name in _NAMES}
    own["status"] = EnrollmentStatus(own["status"])
    own["student"] = PersonOut.as_is(id=row["student_id"], full_name=row["student_name"])
    return own


def _enrollment(row: Row[Any]) -> EnrollmentOut:
    return EnrollmentOut.as_is(**_fields(row._mapping))  # noqa: SLF001 -- a public name of SQLAlchemy's, in spite of the underscore.


async def enrollment_out(session: AsyncSession, enrollment_id: UUID) -> EnrollmentOut:
    """One enrollment, with what this transaction has changed."""
    return _enrollment((await session.execute(_enrollments().where(Enrollment.id == enrollment_id))).one())


def _visible(role: Role) -> Read:
    wanted = Enrollment.id == bindparam("enrollment_id", type_=Uuid())
    return Read(_enrollments().where(wanted, rules.may_see_enrollment(stand_in(role))))


_VISIBLE = {role: _visible(role) for role in Role}


async def find_visible(reads: Reads, actor: Actor, enrollment_id: UUID) -> EnrollmentOut | None:
    """An enrollment that the caller may know of, or None. One hot read."""
    row = await reads.one(_VISIBLE[actor.role], enrollment_id=enrollment_id, actor_id=actor.id)
    return None if row is None else EnrollmentOut.as_is(**_fields(row))


def _next_lesson() -> Any:  # noqa: ANN401 -- SQLAlchemy's scalar subqueries have no short type.
    """The first live lesson that the learner has not completed."""
    done = (
        select(LessonProgress.id)
        .where(
            LessonProgress.enrollment_id == Enrollment.id,
            LessonProgress.lesson_id == Lesson.id,
            LessonProgress.status == ProgressStatus.COMPLETED,
        )
        # Two levels down, the enclosing tables are not found by themselves: it would look at everybody's progress.
        .correlate(Enrollment, Lesson)
    )
    return (
        select(Lesson.id)
        .where(Lesson.course_id == Enrollment.course_id, Lesson.archived_at.is_(None), ~done.exists())
        .order_by(Lesson.order_index)
        .limit(1)
        .correlate(Enrollment)
        .scalar_subquery()
    )


def _my_courses(*conditions: ColumnElement[bool]) -> PagedRead[MyCourseOut]:
    statement = (
        _enrollments()
        .add_columns(
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
        .where(Enrollment.student_id == bindparam("student_id", type_=Uuid()), *conditions)
    )
    return PagedRead(statement, order=_NEWEST, name="my-courses", of=MyCourseOut)


_MINE = _my_courses()
_MINE_IN = {status: _my_courses(Enrollment.status == status) for status in EnrollmentStatus}


async def my_courses(reads: Reads, actor: Actor, status: EnrollmentStatus | None, page: PageQuery) -> Page[MyCourseOut]:
    """The caller's own enrollments, newest first, each with its course and the next lesson. One hot read."""
    kept = _MINE if status is None else _MINE_IN[status]
    return await kept.page(reads, page, _my_course, student_id=actor.id)


def _my_course(row: Record) -> MyCourseOut:
    fields = _fields(row)
    fields["course"] = CourseBrief.as_is(
        id=row["course_id"],
        title=row["title"],
        slug=row["slug"],
        thumbnail_url=row["thumbnail_url"],
        category=row["category"],
        is_published=row["is_published"],
        instructor=PersonOut.as_is(id=row["instructor_id"], full_name=row["instructor_name"]),
    )
    fields["next_lesson_id"], fields["certificate_id"] = row["next_lesson_id"], row["certificate_id"]
    return MyCourseOut.as_is(**fields)


async def roster_page(
    session: AsyncSession, course: Course, status: EnrollmentStatus | None, q: str | None, page: PageQuery
) -> Page[EnrollmentOut]:
    """Who is in the course, newest first: names, no addresses."""
    statement = _enrollments().where(Enrollment.course_id == course.id)
    if status is not None:
        statement = statement.where(Enrollment.status == status)
    if q:
        statement = statement.where(User.full_name.icontains(q, autoescape=True))
    return await paginate(session, statement, order=_NEWEST, page=page, name="roster", item=_enrollment)


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
