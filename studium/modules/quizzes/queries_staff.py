"""Accommodations and regrades as staff see them."""

from typing import Any
from uuid import UUID

from sqlalchemy import Row, select
from sqlalchemy.ext.asyncio import AsyncSession

from studium.kit.pages import AnySelect, Order, Page, PageQuery, paginate
from studium.kit.problems import NotFound
from studium.kit.schema import PersonOut
from studium.models import Enrollment, Quiz, QuizAccommodation, QuizAttempt, Regrade, RegradeEntry, User
from studium.modules.quizzes.schemas_staff import (
    AccommodationOut,
    RegradedGrade,
    RegradeEntryOut,
    RegradeOut,
    RegradeStatus,
)


def _accommodations(quiz: Quiz) -> AnySelect:
    statement = select(QuizAccommodation, User.id.label("person_id"), User.full_name)
    return statement.join(User, User.id == QuizAccommodation.student_id).where(QuizAccommodation.quiz_id == quiz.id)


def _accommodation(row: Row[Any]) -> AccommodationOut:
    own: QuizAccommodation = row[0]
    fields = {name: getattr(own, name) for name in AccommodationOut.model_fields.keys() - {"student"}}
    return AccommodationOut(**fields, student=PersonOut(id=row.person_id, full_name=row.full_name))


async def accommodation_page(session: AsyncSession, quiz: Quiz, page: PageQuery) -> Page[AccommodationOut]:
    """Who is allowed more at a quiz, newest first."""
    order = (Order(QuizAccommodation.created_at), Order(QuizAccommodation.id))
    return await paginate(
        session, _accommodations(quiz), order=order, page=page, name="accommodations", item=_accommodation
    )


async def accommodation_out(session: AsyncSession, quiz: Quiz, student_id: UUID) -> AccommodationOut:
    """What one learner is allowed; raises NotFound where it is nothing beyond the rule."""
    found = await session.execute(_accommodations(quiz).where(User.id == student_id))
    row = found.one_or_none()
    if row is None:
        message = "Nothing is set for this learner; the quiz's own rule applies."
        raise NotFound(message)
    return _accommodation(row)


async def regrade_page(session: AsyncSession, quiz: Quiz, page: PageQuery) -> Page[RegradeOut]:
    """The regrades of a quiz, newest first, without their reports."""
    statement = select(Regrade).where(Regrade.quiz_id == quiz.id)
    order = (Order(Regrade.created_at), Order(Regrade.id))
    return await paginate(
        session, statement, order=order, page=page, name="regrades", item=lambda row: regrade_out(row[0])
    )


async def find_regrade(session: AsyncSession, quiz: Quiz, regrade_id: UUID) -> Regrade:
    """A regrade of this quiz; raises NotFound."""
    statement = select(Regrade).where(Regrade.id == regrade_id, Regrade.quiz_id == quiz.id)
    regrade = (await session.execute(statement)).scalar_one_or_none()
    if regrade is None:
        message = "There is no such regrade of this quiz."
        raise NotFound(message)
    return regrade


def regrade_out(regrade: Regrade, report: list[RegradeEntryOut] | None = None) -> RegradeOut:
    """A regrade with or without its report."""
    fields = {name: getattr(regrade, name) for name in RegradeOut.model_fields.keys() - {"status", "report"}}
    status = RegradeStatus.RUNNING if regrade.finished_at is None else RegradeStatus.DONE
    return RegradeOut(**fields, status=status, report=report)


def _entries(regrade: Regrade) -> AnySelect:
    return (
        select(
            RegradeEntry,
            QuizAttempt.attempt_number,
            QuizAttempt.enrollment_id,
            User.id.label("person_id"),
            User.full_name,
        )
        .join(QuizAttempt, QuizAttempt.id == RegradeEntry.attempt_id)
        .join(Enrollment, Enrollment.id == QuizAttempt.enrollment_id)
        .join(User, User.id == Enrollment.student_id)
        .where(RegradeEntry.regrade_id == regrade.id)
    )


def _entry(row: Row[Any]) -> RegradeEntryOut:
    entry: RegradeEntry = row[0]
    return RegradeEntryOut(
        student=PersonOut(id=row.person_id, full_name=row.full_name),
        enrollment_id=row.enrollment_id,
        attempt_id=entry.attempt_id,
        attempt_number=row.attempt_number,
        is_changed=entry.is_changed,
        before=RegradedGrade.model_validate(entry.before),
        after=RegradedGrade.model_validate(entry.after),
    )


async def whole_report(session: AsyncSession, regrade: Regrade) -> list[RegradeEntryOut]:
    """The report of a regrade that was done at once: short by nature."""
    rows = await session.execute(_entries(regrade).order_by(RegradeEntry.attempt_id.desc()))
    return [_entry(row) for row in rows]


async def report_page(
    session: AsyncSession, regrade: Regrade, page: PageQuery, *, is_changed: bool | None
) -> Page[RegradeEntryOut]:
    """The report, newest attempts first; those that changed or not, where that is asked for."""
    statement = _entries(regrade)
    if is_changed is not None:
        statement = statement.where(RegradeEntry.is_changed.is_(is_changed))
    order = (Order(RegradeEntry.attempt_id),)
    return await paginate(session, statement, order=order, page=page, name=f"report-{is_changed}", item=_entry)
