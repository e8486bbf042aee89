"""Enrollments as learners and teachers see them."""

from collections.abc import Sequence
from datetime import timedelta
from functools import cache, partial
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, Uuid, bindparam, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from studium.access import rules
from studium.access.actor import Actor, parameter_actor
from studium.access.reading import EDITABLE_COURSE, VISIBLE_ENROLLMENT
from studium.kit.base.clock import now
from studium.kit.db.prepared import PreparedStatement, QueryExecutor, Record
from studium.kit.db.search import matches, parse
from studium.kit.db.transaction import Transaction, transaction_of
from studium.kit.http.pagination import AnySelect, Order, Page, PagedRead, PageQuery
from studium.kit.http.schemas import PersonOut
from studium.models import (
    AttemptStatus,
    Certificate,
    Course,
    Enrollment,
    EnrollmentStatus,
    Lesson,
    LessonProgress,
    ProgressStatus,
    Quiz,
    QuizAttempt,
    Role,
    User,
    UserWords,
)
from studium.modules.enrollments.schemas import (
    CourseBrief,
    EnrollmentCounters,
    EnrollmentLessonOut,
    EnrollmentOut,
    LessonProgressOut,
    MyCourseOut,
    RosterEntryOut,
)

_Instructor = aliased(User, name="instructor")
_Following = aliased(Lesson, name="following")
_NEWEST = (Order(Enrollment.enrolled_at), Order(Enrollment.id))


OWN = [Enrollment.__table__.c[name] for name in EnrollmentOut.model_fields if name != "student"]
"""The columns of an enrollment that are shown."""

_NAMES = [column.name for column in OWN]
_PROGRESS = [name for name in LessonProgressOut.model_fields if name != "enrollment"]
_COUNTERS = list(EnrollmentCounters.model_fields)
_AHEAD: dict[str, Any] = {
    "next_lesson_id": _Following.id,
    "next_lesson_slug": _Following.slug,
    "next_lesson_title": _Following.title,
    "certificate_id": Certificate.id,
}
"""What a learner's own course shows besides."""


def enrollments() -> AnySelect:
    """Enrollments with what an `EnrollmentOut` shows."""
    return select(*OWN, User.full_name.label("student_name")).join(User, User.id == Enrollment.student_id)


def fields_of(row: Record) -> dict[str, Any]:
    """What an `EnrollmentOut` is made of."""
    own = {name: row[name] for name in _NAMES}
    own["student"] = PersonOut(id=row["student_id"], full_name=row["student_name"])
    return own


def enrollment_of(row: Record) -> EnrollmentOut:
    """One row of `enrollments`."""
    return EnrollmentOut(**fields_of(row))


_ONE = PreparedStatement(enrollments().where(Enrollment.id == bindparam("enrollment_id", type_=Uuid())))


async def enrollment_out(place: AsyncSession | Transaction, enrollment_id: UUID) -> EnrollmentOut:
    """One enrollment, with what this transaction has changed."""
    row = await transaction_of(place).first(_ONE, enrollment_id=enrollment_id)
    assert row is not None  # noqa: S101 -- enrollments are never deleted.
    return enrollment_of(row)


def _visible(role: Role) -> PreparedStatement:
    wanted = Enrollment.id == bindparam("enrollment_id", type_=Uuid())
    return PreparedStatement(enrollments().where(wanted, rules.may_see_enrollment(parameter_actor(role))))


_VISIBLE = {role: _visible(role) for role in Role}


async def find_visible(reads: QueryExecutor, actor: Actor, enrollment_id: UUID) -> EnrollmentOut | None:
    """An enrollment that the caller may know of, or None. One hot read."""
    row = await reads.one(_VISIBLE[actor.role], enrollment_id=enrollment_id, actor_id=actor.id)
    return None if row is None else enrollment_of(row)


async def enrollments_of(
    session: AsyncSession, actor: Actor, course_id: UUID, ids: Sequence[UUID]
) -> list[EnrollmentOut]:
    """These enrollments of a course that the caller runs, by name; what is none of them is left out."""
    own = Enrollment.id.in_(ids), Enrollment.course_id == course_id, rules.may_manage_enrollment(actor)
    statement = enrollments().where(*own).order_by(User.full_name, Enrollment.id)
    return [enrollment_of(row) for row in (await session.execute(statement)).mappings()]


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


def _best() -> Any:  # noqa: ANN401 -- see above.
    """The percent of the best attempt of the learner at any quiz of the course."""
    graded = QuizAttempt.enrollment_id == Enrollment.id, QuizAttempt.status == AttemptStatus.GRADED
    return select(func.max(QuizAttempt.percentage)).where(*graded).correlate(Enrollment).scalar_subquery()


def _my_course(row: Record) -> MyCourseOut:
    fields = fields_of(row)
    fields["course"] = CourseBrief(
        id=row["course_id"],
        title=row["title"],
        slug=row["slug"],
        thumbnail_url=row["thumbnail_url"],
        category=row["category"],
        is_published=row["is_published"],
        instructor=PersonOut(id=row["instructor_id"], full_name=row["instructor_name"]),
    )
    fields |= {name: row[name] for name in _AHEAD}
    return MyCourseOut(**fields)


def _my_courses(*conditions: ColumnElement[bool]) -> PagedRead[MyCourseOut]:
    statement = (
        enrollments()
        .add_columns(
            Course.title,
            Course.slug,
            Course.thumbnail_url,
            Course.category,
            Course.is_published,
            Course.instructor_id,
            _Instructor.full_name.label("instructor_name"),
            *(column.label(name) for name, column in _AHEAD.items()),
        )
        .join(Course, Course.id == Enrollment.course_id)
        .join(_Instructor, _Instructor.id == Course.instructor_id)
        .outerjoin(_Following, _Following.id == _next_lesson())
        .outerjoin(Certificate, Certificate.enrollment_id == Enrollment.id)
        .where(Enrollment.student_id == bindparam("student_id", type_=Uuid()), *conditions)
    )
    return PagedRead(statement, order=_NEWEST, name="my-courses", of=MyCourseOut)


_MINE = _my_courses()
_MINE_IN = {status: _my_courses(Enrollment.status == status) for status in EnrollmentStatus}


async def my_courses(
    reads: QueryExecutor, actor: Actor, status: EnrollmentStatus | None, page: PageQuery
) -> Page[MyCourseOut]:
    """The caller's own enrollments, newest first, each with its course and the next lesson. One hot read."""
    kept = _MINE if status is None else _MINE_IN[status]
    return await kept.page(reads, page, _my_course, student_id=actor.id)


class RosterFilter(NamedTuple):
    """What narrows a roster; None leaves it open. Every word of `q` begins a word of the name.

    `silent_days` are whole days without any sign of an active learner, `lesson_id` is the lesson that an active learner
    has to do next.
    """

    status: EnrollmentStatus | None = None
    q: str | None = None
    silent_days: int | None = None
    lesson_id: UUID | None = None


@cache
def _roster(role: Role, has: frozenset[str], q: str | None = None) -> PagedRead[RosterEntryOut]:
    """A course's roster for callers of a role. Searches are not kept: each is compiled for itself."""
    course = select(Course.id).where(*EDITABLE_COURSE.rule(parameter_actor(role)))
    statement = enrollments().where(Enrollment.course_id == course.scalar_subquery())
    if "status" in has:
        statement = statement.where(Enrollment.status == bindparam("p_status", type_=Enrollment.status.type))
    if has & {"silent_days", "lesson_id"}:
        statement = statement.where(Enrollment.status == EnrollmentStatus.ACTIVE)
    if "silent_days" in has:
        seen = func.coalesce(Enrollment.last_accessed_at, Enrollment.enrolled_at)
        statement = statement.where(seen <= bindparam("p_since", type_=Enrollment.enrolled_at.type))
    if "lesson_id" in has:
        statement = statement.where(_next_lesson() == bindparam("p_lesson", type_=Uuid()))
    if q is not None:
        wanted = parse(q).beginnings().in_title()
        statement = statement.where(User.id.in_(select(UserWords.user_id).where(matches(UserWords.words, wanted))))
    stands = (Enrollment.status != EnrollmentStatus.COMPLETED) & (_Following.id == _next_lesson())
    shown = statement.outerjoin(_Following, stands).add_columns(
        _AHEAD["next_lesson_id"].label("next_lesson_id"),
        _AHEAD["next_lesson_title"].label("next_lesson_title"),
        _best().label("best_percentage"),
    )
    return PagedRead(shown, order=_NEWEST, name="roster", of=RosterEntryOut, counted=statement)


def _roster_entry(row: Record) -> RosterEntryOut:
    ahead = {name: row[name] for name in RosterEntryOut.model_fields.keys() - EnrollmentOut.model_fields.keys()}
    return RosterEntryOut(**fields_of(row), **ahead)


async def roster_page(
    reads: QueryExecutor, actor: Actor, course_id: UUID, wanted: RosterFilter, page: PageQuery
) -> Page[RosterEntryOut]:
    """Who is in the course, newest first: names, no addresses, where each stands and the best result."""
    q = wanted.q if wanted.q and wanted.q.strip() else None
    has = frozenset(name for name, value in wanted._replace(q=None)._asdict().items() if value is not None)
    kept = _roster(actor.role, has) if q is None else _roster.__wrapped__(actor.role, has, q)
    values: dict[str, object] = {}
    if wanted.status is not None:
        values["p_status"] = wanted.status
    if wanted.silent_days is not None:
        values["p_since"] = now() - timedelta(days=wanted.silent_days)
    if wanted.lesson_id is not None:
        values["p_lesson"] = wanted.lesson_id
    otherwise = partial(EDITABLE_COURSE.require, reads, actor, course_id)
    whose = {"course_id": course_id, "actor_id": actor.id}
    return await kept.page(reads, page, _roster_entry, if_empty=otherwise, **whose, **values)


@cache
def _lessons(role: Role) -> PagedRead[EnrollmentLessonOut]:
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
        .join(Enrollment, Enrollment.course_id == Lesson.course_id)
        .outerjoin(
            LessonProgress, (LessonProgress.lesson_id == Lesson.id) & (LessonProgress.enrollment_id == Enrollment.id)
        )
        .outerjoin(Quiz, (Quiz.lesson_id == Lesson.id) & Quiz.is_published)
        .where(Lesson.archived_at.is_(None), *VISIBLE_ENROLLMENT.rule(parameter_actor(role)))
    )
    order = (Order(Lesson.order_index, descending=False), Order(Lesson.id, descending=False))
    return PagedRead(statement, order=order, name="enrollment-lessons", of=EnrollmentLessonOut)


async def lessons_page(
    reads: QueryExecutor, actor: Actor, enrollment_id: UUID, page: PageQuery
) -> Page[EnrollmentLessonOut]:
    """Each live lesson of the course with the learner's progress, in order."""
    otherwise = partial(VISIBLE_ENROLLMENT.require, reads, actor, enrollment_id)
    kept = _lessons(actor.role)
    return await kept.page(reads, page, if_empty=otherwise, enrollment_id=enrollment_id, actor_id=actor.id)


def progress_out(progress: Record, counters: Record) -> LessonProgressOut:
    """A progress row with the counters of its enrollment."""
    own = {name: progress[name] for name in _PROGRESS}
    own["progress_metadata"] = own.pop("metadata")
    return LessonProgressOut(**own, enrollment=EnrollmentCounters(**{n: counters[n] for n in _COUNTERS}))
