"""Attempts as their learner and the course's staff see them."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, Uuid, bindparam, case, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from studium.access import rules
from studium.access.actor import Actor, stand_in
from studium.kit.clock import now
from studium.kit.pages import AnySelect, Order, Page, PageQuery, paginate
from studium.kit.problems import NotFound
from studium.kit.reads import Read, Reads, Record
from studium.kit.schema import PersonOut
from studium.models import (
    AttemptStatus,
    Enrollment,
    GradeChange,
    Lesson,
    Quiz,
    QuizAccommodation,
    QuizAttempt,
    Role,
    User,
)
from studium.modules.quizzes.actions_attempts import is_overdue
from studium.modules.quizzes.schemas_attempts import (
    AttemptBrief,
    AttemptOut,
    AttemptPage,
    AttemptSummary,
    GradeChangeOut,
    StaffAttemptOut,
)
from studium.modules.quizzes.views import Standing, finished_view, open_view

_all = aliased(QuizAttempt, name="all_attempts")
_COLUMNS = [column.label(f"attempt_{column.name}") for column in QuizAttempt.__table__.columns]


async def course_quiz(session: AsyncSession, actor: Actor, enrollment: Enrollment, quiz_id: UUID) -> Quiz:
    """A quiz of the enrollment's course; the learner does not know of unpublished ones never taken. Raises NotFound."""
    taken = select(QuizAttempt.id).where(QuizAttempt.enrollment_id == enrollment.id, QuizAttempt.quiz_id == Quiz.id)
    statement = (
        select(Quiz)
        .join(Lesson, Lesson.id == Quiz.lesson_id)
        .where(Quiz.id == quiz_id, Lesson.course_id == enrollment.course_id)
    )
    if actor.id == enrollment.student_id:
        statement = statement.where(Quiz.is_published.is_(True) | taken.exists())
    quiz = (await session.execute(statement)).scalar_one_or_none()
    if quiz is None:
        message = "There is no such quiz in this course."
        raise NotFound(message)
    return quiz


def _attempts_allowed() -> ColumnElement[int | None]:
    """How many attempts the enrollment's learner has at the quiz by the rules of today; NULL is no limit."""
    extra = select(QuizAccommodation.extra_attempts).where(
        QuizAccommodation.quiz_id == Quiz.id, QuizAccommodation.student_id == Enrollment.student_id
    )
    return Quiz.max_attempts + func.coalesce(extra.correlate(Quiz, Enrollment).scalar_subquery(), 0)


def _of_all(what: ColumnElement[Any]) -> Any:  # noqa: ANN401 -- SQLAlchemy's scalar subqueries have no short type.
    """A figure over all attempts of the enrollment at the quiz."""
    same = _all.enrollment_id == Enrollment.id, _all.quiz_id == Quiz.id
    return select(what).where(*same).correlate(Enrollment, Quiz).scalar_subquery()


_ALLOWED = _attempts_allowed().label("allowed")
_USED = _of_all(func.count(_all.id)).label("used")
_OPEN = _of_all(func.sum(case((_all.status == AttemptStatus.IN_PROGRESS, 1), else_=0))).label("open")
_PASSED = _of_all(func.max(case((_all.is_passed.is_(True), 1), else_=0))).label("passed")


def _pair(enrollment_id: UUID, quiz_id: UUID) -> AnySelect:
    """One enrollment beside one quiz."""
    beside = select(Enrollment.id).join_from(Enrollment, Quiz, Quiz.id == quiz_id)
    return beside.where(Enrollment.id == enrollment_id)


def _standing(row: Any) -> Standing:  # noqa: ANN401 -- a row or a record.
    left = None if row["allowed"] is None else max(0, row["allowed"] - row["used"])
    return Standing(is_passed=bool(row["passed"]), attempts_left=left, is_taking=bool(row["open"]))


async def standing_of(session: AsyncSession, enrollment_id: UUID, quiz_id: UUID) -> Standing:
    """Whether the learner has passed, and what is left, with what this transaction has changed."""
    statement = _pair(enrollment_id, quiz_id).with_only_columns(_ALLOWED, _USED, _OPEN, _PASSED)
    return _standing((await session.execute(statement)).mappings().one())


async def summary_of(session: AsyncSession, enrollment_id: UUID, quiz_id: UUID) -> AttemptSummary:
    """Where the learner stands with a quiz, in one statement."""
    best_score, best_percentage = _of_all(func.max(_all.score)), _of_all(func.max(_all.percentage))
    figures = _ALLOWED, _USED, _OPEN, _PASSED, best_score.label("score"), best_percentage.label("percentage")
    statement = _pair(enrollment_id, quiz_id).with_only_columns(*figures)
    row = (await session.execute(statement)).mappings().one()
    standing = _standing(row)
    return AttemptSummary(
        attempts_used=row["used"],
        attempts_left=standing.attempts_left,
        best_score=row["score"],
        best_percentage=row["percentage"],
        is_passed=standing.is_passed,
    )


async def attempt_page(session: AsyncSession, enrollment: Enrollment, quiz: Quiz, page: PageQuery) -> AttemptPage:
    """The attempts of one learner at one quiz, newest first, with the summary. Two statements."""
    columns = [getattr(QuizAttempt, name) for name in AttemptBrief.model_fields]
    statement = select(*columns).where(QuizAttempt.enrollment_id == enrollment.id, QuizAttempt.quiz_id == quiz.id)
    found = await paginate(
        session,
        statement,
        order=(Order(QuizAttempt.attempt_number), Order(QuizAttempt.id)),
        page=page,
        name="attempts",
        item=AttemptBrief.model_validate,
    )
    return AttemptPage(**dict(found), summary=await summary_of(session, enrollment.id, quiz.id))


@dataclass(frozen=True, slots=True)
class FoundAttempt:
    """An attempt with all that its view needs."""

    attempt: QuizAttempt
    student_id: UUID
    standing: Standing

    @property
    def is_overdue(self) -> bool:
        """Whether it is still open though its time is up."""
        return is_overdue(self.attempt, now())

    def view(self, actor: Actor) -> AttemptOut:
        """The attempt as the caller may see it."""
        if self.attempt.status is AttemptStatus.IN_PROGRESS:
            return open_view(self.attempt, now())
        return finished_view(self.attempt, self.standing, is_staff=actor.id != self.student_id)


def _visible(role: Role) -> Read:
    ids = {name: bindparam(name, type_=Uuid()) for name in ("enrollment_id", "quiz_id", "attempt_id")}
    return Read(
        select(*_COLUMNS, Enrollment.student_id, _ALLOWED, _USED, _OPEN, _PASSED)
        .select_from(QuizAttempt)
        .join(Enrollment, Enrollment.id == QuizAttempt.enrollment_id)
        .join(Quiz, Quiz.id == QuizAttempt.quiz_id)
        .where(
            QuizAttempt.id == ids["attempt_id"],
            QuizAttempt.enrollment_id == ids["enrollment_id"],
            QuizAttempt.quiz_id == ids["quiz_id"],
            rules.may_see_enrollment(stand_in(role)),
        )
    )


_VISIBLE = {role: _visible(role) for role in Role}


async def find_visible(
    reads: Reads, actor: Actor, enrollment_id: UUID, quiz_id: UUID, attempt_id: UUID
) -> FoundAttempt | None:
    """An attempt that the caller may know of, or None. One hot read."""
    ids = {"enrollment_id": enrollment_id, "quiz_id": quiz_id, "attempt_id": attempt_id}
    row = await reads.one(_VISIBLE[actor.role], actor_id=actor.id, **ids)
    return None if row is None else FoundAttempt(_attempt(row), row["student_id"], _standing(row))


def _attempt(row: Record) -> QuizAttempt:
    """The row as an object that belongs to no session."""
    fields = {column.name: row[f"attempt_{column.name}"] for column in QuizAttempt.__table__.columns}
    return QuizAttempt(**{**fields, "status": AttemptStatus(fields["status"])})


async def attempt_out(session: AsyncSession, actor: Actor, attempt: QuizAttempt, student_id: UUID) -> AttemptOut:
    """An attempt that this transaction has changed. No statement for an open or a passed one, else one."""
    if attempt.status is AttemptStatus.IN_PROGRESS:
        return open_view(attempt, now())
    if attempt.is_passed:
        standing = Standing(is_passed=True)
    else:
        standing = await standing_of(session, attempt.enrollment_id, attempt.quiz_id)
    return finished_view(attempt, standing, is_staff=actor.id != student_id)


async def staff_page(
    session: AsyncSession, quiz: Quiz, page: PageQuery, status: AttemptStatus | None
) -> Page[StaffAttemptOut]:
    """Everybody's attempts at a quiz, newest first; those of one status where one is given."""
    columns = [getattr(QuizAttempt, name) for name in AttemptBrief.model_fields]
    statement = (
        select(*columns, User.id.label("student_id"), User.full_name)
        .join(Enrollment, Enrollment.id == QuizAttempt.enrollment_id)
        .join(User, User.id == Enrollment.student_id)
        .where(QuizAttempt.quiz_id == quiz.id)
    )
    if status is not None:
        statement = statement.where(QuizAttempt.status == status)
    order = (Order(QuizAttempt.started_at), Order(QuizAttempt.id))
    return await paginate(session, statement, order=order, page=page, name=f"staff-{status}", item=_staff_attempt)


def _staff_attempt(row: Row[Any]) -> StaffAttemptOut:
    student = PersonOut(id=row.student_id, full_name=row.full_name)
    return StaffAttemptOut(**AttemptBrief.model_validate(row).model_dump(), student=student)


async def grade_page(session: AsyncSession, attempt: QuizAttempt, page: PageQuery) -> Page[GradeChangeOut]:
    """Who marked the attempt, newest first."""
    statement = (
        select(GradeChange, User.full_name)
        .outerjoin(User, User.id == GradeChange.grader_id)
        .where(GradeChange.attempt_id == attempt.id)
    )
    order = (Order(GradeChange.changed_at), Order(GradeChange.id))
    return await paginate(session, statement, order=order, page=page, name="grades", item=_grade_change)


def _grade_change(row: Row[Any]) -> GradeChangeOut:
    change: GradeChange = row[0]
    grader = None if change.grader_id is None else PersonOut(id=change.grader_id, full_name=row.full_name)
    return GradeChangeOut.model_validate(
        {
            "id": change.id,
            "changed_at": change.changed_at,
            "grader": grader,
            "reason": change.reason,
            "before": change.before,
            "after": change.after,
        }
    )
