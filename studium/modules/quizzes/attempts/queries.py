"""Attempts as their learner and the course's staff see them."""

from functools import partial
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import ColumnElement, Uuid, bindparam, case, func, or_, select
from sqlalchemy.orm import aliased

from studium.access import rules
from studium.access.actor import Actor, parameter_actor
from studium.access.reading import VISIBLE_ENROLLMENT
from studium.kit.base.clock import now
from studium.kit.base.problems import NotFound
from studium.kit.db.prepared import PreparedStatement, QueryExecutor, Record
from studium.kit.db.transaction import Transaction
from studium.kit.http.json_text import JsonText
from studium.kit.http.pagination import AnySelect, Order, Page, PagedRead, PageQuery
from studium.kit.http.schemas import PersonOut
from studium.models import (
    AttemptStatus,
    Certificate,
    Course,
    Enrollment,
    GradeChange,
    Lesson,
    Quiz,
    QuizAccommodation,
    QuizAttempt,
    Role,
    User,
)
from studium.modules.quizzes.attempts.actions import LATE_GRACE
from studium.modules.quizzes.attempts.contexts import COLUMNS, AttemptContext
from studium.modules.quizzes.attempts.drafts import Draft
from studium.modules.quizzes.attempts.schemas import (
    AttemptBrief,
    AttemptPage,
    AttemptSummary,
    EnrollmentAttemptOut,
    GradeChangeOut,
    HeldAttemptOut,
    HeldEnrollmentAttemptOut,
    StaffAttemptOut,
)
from studium.modules.quizzes.attempts.views import BRIEF, QuizProgress, finished_view, may_reveal, open_view
from studium.modules.quizzes.marking import Result
from studium.modules.quizzes.snapshot import AnswerKey

Staff = TypeVar("Staff", bound=StaffAttemptOut)
Own = TypeVar("Own", bound=EnrollmentAttemptOut)
_all = aliased(QuizAttempt, name="all_attempts")
_ENROLLMENT, _QUIZ = (bindparam(f"p_{name}", type_=Uuid()) for name in ("enrollment", "quiz"))
_BRIEF = [COLUMNS[name] for name in BRIEF]


def _attempts_allowed() -> ColumnElement[int | None]:
    """How many attempts the enrollment's learner has at the quiz by the rules of today; NULL is no limit."""
    return Quiz.max_attempts + func.coalesce(_allowed_beyond(QuizAccommodation.extra_attempts), 0)


def _allowed_beyond(what: Any) -> Any:  # noqa: ANN401 -- SQLAlchemy's scalar subqueries have no short type.
    """What the enrollment's learner is allowed at the quiz beyond its rules; NULL where nothing is."""
    extra = select(what).where(
        QuizAccommodation.quiz_id == Quiz.id, QuizAccommodation.student_id == Enrollment.student_id
    )
    return extra.correlate(Quiz, Enrollment).scalar_subquery()


def _of_all(what: Any, *where: Any) -> Any:  # noqa: ANN401 -- SQLAlchemy's scalar subqueries have no short type.
    """A figure over all attempts of the enrollment at the quiz."""
    same = _all.enrollment_id == Enrollment.id, _all.quiz_id == Quiz.id
    return select(what).where(*same, *where).correlate(Enrollment, Quiz).scalar_subquery()


_IS_OPEN = _all.status == AttemptStatus.IN_PROGRESS
_STANDING = (
    _attempts_allowed().label("allowed"),
    _of_all(func.count(_all.id)).label("used"),
    _of_all(func.sum(case((_IS_OPEN, 1), else_=0))).label("open"),
    _of_all(func.max(case((_all.is_passed.is_(True), 1), else_=0))).label("passed"),
)
_PAIR = select(Enrollment.id).join_from(Enrollment, Quiz, Quiz.id == _QUIZ).where(Enrollment.id == _ENROLLMENT)
_PROGRESS = PreparedStatement(_PAIR.with_only_columns(*_STANDING))


def _progress(row: Record) -> QuizProgress:
    left = None if row["allowed"] is None else max(0, row["allowed"] - row["used"])
    return QuizProgress(is_passed=bool(row["passed"]), attempts_left=left, is_taking=bool(row["open"]))


def _visible(statement: AnySelect, role: Role) -> PreparedStatement:
    return PreparedStatement(statement.where(rules.may_see_enrollment(parameter_actor(role))))


def _summary() -> AnySelect:
    """A quiz of the enrollment's course; the learner does not know of unpublished ones never taken."""
    known = or_(
        Enrollment.student_id != bindparam("actor_id", type_=Uuid()),
        Quiz.is_published,
        _of_all(func.count(_all.id)) > 0,
    )
    overdue = _all.deadline_at < bindparam("p_late", type_=COLUMNS.deadline_at.type)
    return (
        _PAIR.with_only_columns(
            *_STANDING,
            _of_all(func.max(_all.score)).label("score"),
            _of_all(func.max(_all.percentage)).label("percentage"),
            _of_all(_all.id, _IS_OPEN, overdue).label("overdue_id"),
            func.coalesce(_allowed_beyond(QuizAccommodation.extra_time_percent), 0).label("extra_time_percent"),
        )
        .join(Lesson, Lesson.id == Quiz.lesson_id)
        .where(Lesson.course_id == Enrollment.course_id, known)
    )


_BY_ID = (
    select(*COLUMNS, Enrollment.student_id, *_STANDING)
    .select_from(QuizAttempt)
    .join(Enrollment, Enrollment.id == QuizAttempt.enrollment_id)
    .join(Quiz, Quiz.id == QuizAttempt.quiz_id)
    .where(QuizAttempt.id == bindparam("p_attempt", type_=Uuid()))
)
_ONE = _BY_ID.where(QuizAttempt.enrollment_id == _ENROLLMENT, QuizAttempt.quiz_id == _QUIZ)
_NAMES = (
    Quiz.title.label("quiz_title"),
    Course.slug.label("course_slug"),
    Course.title.label("course_title"),
    Lesson.slug.label("lesson_slug"),
    Lesson.title.label("lesson_title"),
    Lesson.archived_at.is_(None).label("lesson_is_live"),
    Enrollment.course_id,
    User.full_name.label("student_name"),
    Enrollment.status.label("enrollment_status"),
    Certificate.id.label("certificate_id"),
)
_ANYWHERE = {
    role: _visible(
        _BY_ID.add_columns(*_NAMES)
        .join(Lesson, Lesson.id == Quiz.lesson_id)
        .join(Course, Course.id == Enrollment.course_id)
        .join(User, User.id == Enrollment.student_id)
        .outerjoin(Certificate, Certificate.enrollment_id == Enrollment.id),
        role,
    )
    for role in Role
}
_SUMMARY = {role: _visible(_summary(), role) for role in Role}
_VISIBLE = {role: _visible(_ONE, role) for role in Role}


async def find_summary(reads: QueryExecutor, actor: Actor, enrollment_id: UUID, quiz_id: UUID) -> Record:
    """Where a learner stands with a quiz of the course, and what is overdue, if the caller may know; else NotFound."""
    ids = {"p_enrollment": enrollment_id, "p_quiz": quiz_id}
    return _seen(await reads.one(_SUMMARY[actor.role], actor_id=actor.id, p_late=now() - LATE_GRACE, **ids))


async def find_visible(
    reads: QueryExecutor, actor: Actor, enrollment_id: UUID, quiz_id: UUID, attempt_id: UUID
) -> Record:
    """An attempt with where its learner stands, if the caller may know of it; else NotFound. One hot read."""
    ids = {"p_enrollment": enrollment_id, "p_quiz": quiz_id, "p_attempt": attempt_id}
    return _seen(await reads.one(_VISIBLE[actor.role], actor_id=actor.id, **ids))


async def find_by_id(reads: QueryExecutor, actor: Actor, attempt_id: UUID) -> Record:
    """The same for who knows the attempt alone."""
    return _seen(await reads.one(_ANYWHERE[actor.role], actor_id=actor.id, p_attempt=attempt_id))


def _seen(row: Record | None) -> Record:
    if row is None:
        message = "There is nothing here that you may see."
        raise NotFound(message)
    return row


def summary_of(row: Record) -> AttemptSummary:
    """The summary in a row of `find_summary`."""
    progress = _progress(row)
    return AttemptSummary(
        attempts_used=row["used"],
        attempts_left=progress.attempts_left,
        best_score=row["score"],
        best_percentage=row["percentage"],
        is_passed=progress.is_passed,
        extra_time_percent=row["extra_time_percent"],
    )


def view_of(actor: Actor, row: Record) -> JsonText:
    """The attempt in a row of `find_visible`, as the caller may see it."""
    if row["status"] is AttemptStatus.IN_PROGRESS:
        return open_view(row, now())
    return finished_view(row, AnswerKey.from_json(row["key"]), _progress(row), is_staff=actor.id != row["student_id"])


async def changed_view(tx: Transaction, actor: Actor, context: AttemptContext) -> JsonText:
    """An attempt that this transaction has changed. A statement where the reveal hangs on other attempts, else none."""
    attempt = context.attempt
    if attempt["status"] is AttemptStatus.IN_PROGRESS:
        return open_view(attempt, now())
    key, progress = context.key, QuizProgress(is_passed=attempt["is_passed"] is True)
    is_staff = actor.id != context.enrollment["student_id"]
    may_hang = may_reveal(attempt, key, QuizProgress(is_passed=True)) and not may_reveal(attempt, key, progress)
    if may_hang and not is_staff:
        row = await tx.first(_PROGRESS, p_enrollment=attempt["enrollment_id"], p_quiz=attempt["quiz_id"])
        assert row is not None  # noqa: S101 -- the attempt hangs on both.
        progress = _progress(row)
    return finished_view(attempt, key, progress, is_staff=is_staff)


_NEWEST = (Order(QuizAttempt.attempt_number), Order(QuizAttempt.id))
_ATTEMPTS = PagedRead(
    select(*_BRIEF).where(QuizAttempt.enrollment_id == _ENROLLMENT, QuizAttempt.quiz_id == _QUIZ),
    order=_NEWEST,
    name="attempts",
    of=AttemptBrief,
)


async def attempt_page(
    reads: QueryExecutor, enrollment_id: UUID, quiz_id: UUID, page: PageQuery, summary: AttemptSummary
) -> AttemptPage:
    """The attempts of one learner at one quiz, newest first, with the summary. One hot read."""
    found = await _ATTEMPTS.page(reads, page, _brief, p_enrollment=enrollment_id, p_quiz=quiz_id)
    return AttemptPage(**dict(found), summary=summary)


def _brief(row: Record) -> AttemptBrief:
    return AttemptBrief(**{name: row[name] for name in BRIEF})


def _of_enrollment(role: Role, of: type[Own], *more: Any) -> PagedRead[Own]:  # noqa: ANN401 -- columns of any type.
    statement = (
        select(*_BRIEF, Quiz.title.label("quiz_title"), *more)
        .select_from(QuizAttempt)
        .join(Enrollment, Enrollment.id == QuizAttempt.enrollment_id)
        .join(Quiz, Quiz.id == QuizAttempt.quiz_id)
        .where(*VISIBLE_ENROLLMENT.rule(parameter_actor(role)))
    )
    order = (Order(QuizAttempt.started_at), Order(QuizAttempt.id))
    return PagedRead(statement, order=order, name="enrollment-attempts", of=of)


_HOLDS = ("marked_at", "key", "results", "draft")
_OF_ENROLLMENT = {role: _of_enrollment(role, EnrollmentAttemptOut) for role in Role}
_HELD_OF_ENROLLMENT = {
    role: _of_enrollment(role, HeldEnrollmentAttemptOut, Enrollment.student_id, *(COLUMNS[name] for name in _HOLDS))
    for role in Role
}


async def enrollment_page(
    reads: QueryExecutor, actor: Actor, enrollment_id: UUID, page: PageQuery
) -> Page[EnrollmentAttemptOut]:
    """The attempts of one learner at all quizzes of the course, newest first. One hot read."""
    otherwise = partial(VISIBLE_ENROLLMENT.require, reads, actor, enrollment_id)
    kept = _OF_ENROLLMENT[actor.role]
    return await kept.page(reads, page, if_empty=otherwise, enrollment_id=enrollment_id, actor_id=actor.id)


async def held_enrollment_page(
    reads: QueryExecutor, actor: Actor, enrollment_id: UUID, page: PageQuery
) -> Page[HeldEnrollmentAttemptOut]:
    """The same for staff who run the course, with the marks that no learner sees yet, but for the caller's own."""

    def item(row: Record) -> HeldEnrollmentAttemptOut:
        shown = {name: row[name] for name in (*BRIEF, "quiz_title", "marked_at")}
        return HeldEnrollmentAttemptOut(**shown, **_held(actor, row))

    otherwise = partial(VISIBLE_ENROLLMENT.require, reads, actor, enrollment_id)
    kept = _HELD_OF_ENROLLMENT[actor.role]
    return await kept.page(reads, page, item, if_empty=otherwise, enrollment_id=enrollment_id, actor_id=actor.id)


def _staff_read(status: AttemptStatus | None, of: type[Staff], *more: str) -> PagedRead[Staff]:
    statement = (
        select(*_BRIEF, QuizAttempt.marked_at, User.id.label("student_id"), User.full_name, *(COLUMNS[n] for n in more))
        .select_from(QuizAttempt)
        .join(Enrollment, Enrollment.id == QuizAttempt.enrollment_id)
        .join(User, User.id == Enrollment.student_id)
        .where(QuizAttempt.quiz_id == _QUIZ)
    )
    if status is not None:
        statement = statement.where(QuizAttempt.status == status)
    order = (Order(QuizAttempt.started_at), Order(QuizAttempt.id))
    return PagedRead(statement, order=order, name=f"staff-{status}", of=of)


_STATES = (None, *AttemptStatus)
_STAFF = {status: _staff_read(status, StaffAttemptOut) for status in _STATES}
_HELD = {status: _staff_read(status, HeldAttemptOut, *_HOLDS[1:]) for status in _STATES}


async def staff_page(
    reads: QueryExecutor, quiz_id: UUID, page: PageQuery, status: AttemptStatus | None
) -> Page[StaffAttemptOut]:
    """Everybody's attempts at a quiz, newest first; those of one status where one is given. One hot read."""
    return await _STAFF[status].page(reads, page, _staff_attempt, p_quiz=quiz_id)


def _staff_attempt(row: Record) -> StaffAttemptOut:
    student = PersonOut(id=row["student_id"], full_name=row["full_name"])
    return StaffAttemptOut(**{name: row[name] for name in BRIEF}, student=student, marked_at=row["marked_at"])


async def held_page(
    reads: QueryExecutor, actor: Actor, quiz_id: UUID, page: PageQuery, status: AttemptStatus | None
) -> Page[HeldAttemptOut]:
    """The same with the marks that no learner sees yet, but for the caller's own. One hot read."""
    return await _HELD[status].page(reads, page, partial(_held_attempt, actor), p_quiz=quiz_id)


def _held_attempt(actor: Actor, row: Record) -> HeldAttemptOut:
    return HeldAttemptOut(**dict(_staff_attempt(row)), **_held(actor, row))


def _held(actor: Actor, row: Record) -> dict[str, Any]:
    """What the marks in a row make that no learner sees yet; nothing of one's own."""
    held, is_own = None, row["student_id"] == actor.id
    if not is_own and (row["draft"] is not None or row["marked_at"] is not None):
        results = map(Result.from_json, row["results"] or ())
        held = Draft.of(row).applied(AnswerKey.from_json(row["key"]), results).percentage
    is_drafted = not is_own and row["draft"] is not None
    return {"held_percentage": held, "is_drafted": is_drafted}


_GRADES = PagedRead(
    select(*GradeChange.__table__.c, User.full_name)
    .outerjoin(User, User.id == GradeChange.grader_id)
    .where(GradeChange.attempt_id == bindparam("p_attempt", type_=Uuid())),
    order=(Order(GradeChange.changed_at), Order(GradeChange.id)),
    name="grades",
    of=GradeChangeOut,
)


async def grade_page(reads: QueryExecutor, attempt_id: UUID, page: PageQuery) -> Page[GradeChangeOut]:
    """Who marked the attempt, newest first. One hot read."""
    return await _GRADES.page(reads, page, _grade_change, p_attempt=attempt_id)


def _grade_change(row: Record) -> GradeChangeOut:
    grader = None if row["grader_id"] is None else {"id": row["grader_id"], "full_name": row["full_name"]}
    fields = {name: row[name] for name in GradeChangeOut.model_fields.keys() - {"grader"}}
    return GradeChangeOut.model_validate(fields | {"grader": grader})
