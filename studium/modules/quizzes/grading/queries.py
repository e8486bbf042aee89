"""Accommodations and regrades as staff see them."""

from functools import cache, partial
from uuid import UUID

from sqlalchemy import Uuid, bindparam, func, select

from studium.access.actor import Actor, parameter_actor
from studium.access.reading import MANAGED_ENROLLMENT
from studium.access.rules import Rule
from studium.kit.base.problems import NotFound
from studium.kit.db.prepared import PreparedStatement, QueryExecutor, Record
from studium.kit.db.transaction import Transaction
from studium.kit.http.pagination import AnySelect, Order, Page, PagedRead, PageQuery
from studium.kit.http.schemas import PersonOut
from studium.models import (
    Enrollment,
    Lesson,
    Quiz,
    QuizAccommodation,
    QuizAttempt,
    Regrade,
    RegradeEntry,
    Role,
    User,
)
from studium.modules.quizzes.schemas_staff import (
    AccommodationOut,
    AllowedOut,
    RegradedGrade,
    RegradeEntryOut,
    RegradeOut,
    RegradeStatus,
)

_PERSON = User.id.label("person_id"), User.full_name
_ALLOWED = (
    select(*QuizAccommodation.__table__.c, *_PERSON)
    .select_from(QuizAccommodation)
    .join(User, User.id == QuizAccommodation.student_id)
    .where(QuizAccommodation.quiz_id == bindparam("p_quiz", type_=Uuid()))
)
_ALLOWED_ONE = PreparedStatement(_ALLOWED.where(User.id == bindparam("p_student", type_=Uuid())))
_ALLOWED_PAGE = PagedRead(
    _ALLOWED,
    order=(Order(QuizAccommodation.created_at), Order(QuizAccommodation.id)),
    name="accommodations",
    of=AccommodationOut,
)


def _person(row: Record) -> PersonOut:
    return PersonOut(id=row["person_id"], full_name=row["full_name"])


def _accommodation(row: Record) -> AccommodationOut:
    fields = {name: row[name] for name in AccommodationOut.model_fields.keys() - {"student"}}
    return AccommodationOut(**fields, student=_person(row))


async def accommodation_page(reads: QueryExecutor, quiz_id: UUID, page: PageQuery) -> Page[AccommodationOut]:
    """Who is allowed more at a quiz, newest first."""
    return await _ALLOWED_PAGE.page(reads, page, _accommodation, p_quiz=quiz_id)


async def accommodation_out(place: QueryExecutor | Transaction, quiz_id: UUID, student_id: UUID) -> AccommodationOut:
    """What one learner is allowed; raises NotFound where it is nothing beyond the rule."""
    rows = await place.all(_ALLOWED_ONE, p_quiz=quiz_id, p_student=student_id)
    if not rows:
        message = "Nothing is set for this learner; the quiz's own rule applies."
        raise NotFound(message)
    return _accommodation(rows[0])


@cache
def _allowed(role: Role) -> PagedRead[AllowedOut]:
    own = (QuizAccommodation.quiz_id == Quiz.id) & (QuizAccommodation.student_id == Enrollment.student_id)
    extra = {name: QuizAccommodation.__table__.c[name] for name in ("extra_time_percent", "extra_attempts", "version")}
    statement = (
        select(
            *(Quiz.id.label("quiz_id"), Quiz.title, Quiz.time_limit_minutes, Quiz.max_attempts),
            *(func.coalesce(column, 0).label(name) for name, column in extra.items()),
        )
        .select_from(Enrollment)
        .join(Lesson, Lesson.course_id == Enrollment.course_id)
        .join(Quiz, Quiz.lesson_id == Lesson.id)
        .outerjoin(QuizAccommodation, own)
        .where(Lesson.archived_at.is_(None), *MANAGED_ENROLLMENT.rule(parameter_actor(role)))
    )
    order = (Order(Lesson.order_index, descending=False), Order(Quiz.id, descending=False))
    return PagedRead(statement, order=order, name="allowed", of=AllowedOut)


async def allowed_page(reads: QueryExecutor, actor: Actor, enrollment_id: UUID, page: PageQuery) -> Page[AllowedOut]:
    """What a learner has at each quiz of a course that the caller runs, in the order of the lessons."""
    otherwise = partial(MANAGED_ENROLLMENT.require, reads, actor, enrollment_id)
    kept = _allowed(actor.role)
    return await kept.page(reads, page, if_empty=otherwise, enrollment_id=enrollment_id, actor_id=actor.id)


_OF_QUIZ = select(*Regrade.__table__.c).where(Regrade.quiz_id == bindparam("p_quiz", type_=Uuid()))
_ONE = PreparedStatement(_OF_QUIZ.where(Regrade.id == bindparam("p_regrade", type_=Uuid())))
_PAGE = PagedRead(_OF_QUIZ, order=(Order(Regrade.created_at), Order(Regrade.id)), name="regrades", of=RegradeOut)


async def regrade_page(reads: QueryExecutor, quiz_id: UUID, page: PageQuery) -> Page[RegradeOut]:
    """The regrades of a quiz, newest first, without their reports."""
    return await _PAGE.page(reads, page, regrade_out, p_quiz=quiz_id)


async def find_regrade(reads: QueryExecutor, quiz_id: UUID, regrade_id: UUID) -> Record:
    """A regrade of this quiz; raises NotFound."""
    regrade = await reads.one(_ONE, p_quiz=quiz_id, p_regrade=regrade_id)
    if regrade is None:
        message = "There is no such regrade of this quiz."
        raise NotFound(message)
    return regrade


def regrade_out(regrade: Record, report: list[RegradeEntryOut] | None = None) -> RegradeOut:
    """A regrade with or without its report."""
    fields = {name: regrade[name] for name in RegradeOut.model_fields.keys() - {"status", "report"}}
    status = RegradeStatus.RUNNING if regrade["finished_at"] is None else RegradeStatus.DONE
    return RegradeOut(**fields, status=status, report=report)


def _entries(*where: Rule) -> AnySelect:
    return (
        select(*RegradeEntry.__table__.c, QuizAttempt.attempt_number, QuizAttempt.enrollment_id, *_PERSON)
        .select_from(RegradeEntry)
        .join(QuizAttempt, QuizAttempt.id == RegradeEntry.attempt_id)
        .join(Enrollment, Enrollment.id == QuizAttempt.enrollment_id)
        .join(User, User.id == Enrollment.student_id)
        .where(RegradeEntry.regrade_id == bindparam("p_regrade", type_=Uuid()), *where)
    )


def _entry(row: Record) -> RegradeEntryOut:
    return RegradeEntryOut(
        **{name: row[name] for name in ("enrollment_id", "attempt_id", "attempt_number", "is_changed")},
        student=_person(row),
        before=RegradedGrade.model_validate(row["before"]),
        after=RegradedGrade.model_validate(row["after"]),
    )


_WHOLE = PreparedStatement(_entries().order_by(RegradeEntry.attempt_id.desc()))
_REPORT = {
    wanted: PagedRead(
        _entries(*([] if wanted is None else [RegradeEntry.is_changed.is_(wanted)])),
        order=(Order(RegradeEntry.attempt_id),),
        name=f"report-{wanted}",
        of=RegradeEntryOut,
    )
    for wanted in (None, True, False)
}


async def whole_report(tx: Transaction, regrade_id: UUID) -> list[RegradeEntryOut]:
    """The report of a regrade that was done at once: short by nature."""
    return [_entry(row) for row in await tx.all(_WHOLE, p_regrade=regrade_id)]


async def report_page(
    reads: QueryExecutor, regrade_id: UUID, page: PageQuery, *, is_changed: bool | None
) -> Page[RegradeEntryOut]:
    """The report, newest attempts first; those that changed or not, where that is asked for."""
    return await _REPORT[is_changed].page(reads, page, _entry, p_regrade=regrade_id)
