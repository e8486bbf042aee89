"""What the enrollments of one course add up to: figures for its staff, reviews for everybody."""

from collections import Counter
from decimal import ROUND_HALF_UP, Decimal
from functools import cache, partial
from uuid import UUID

from sqlalchemy import func, select

from studium.access.actor import Actor, parameter_actor
from studium.access.reading import EDITABLE_COURSE, VISIBLE_COURSE, Callers, caller_of, id_of, role_of
from studium.access.rules import LEARNING
from studium.kit.db.prepared import PreparedStatement, QueryExecutor, Record
from studium.kit.http.pagination import Order, Page, PagedRead, PageQuery
from studium.models import Course, Enrollment, EnrollmentStatus, Role, User, tally_totals
from studium.modules.enrollments.schemas import EnrollmentStatsOut, ReviewOut

_PLACES = Decimal("0.01")


@cache
def _totals(role: Role) -> PreparedStatement:
    course = select(Course.id).where(*EDITABLE_COURSE.rule(parameter_actor(role)))
    return PreparedStatement(tally_totals(course.scalar_subquery()))


async def course_stats(reads: QueryExecutor, actor: Actor, course_id: UUID) -> EnrollmentStatsOut:
    """The figures of one course, from its tallies: exact, and no row of an enrollment is read."""
    rows = await reads.all(_totals(actor.role), course_id=course_id, actor_id=actor.id)
    if not rows:
        await EDITABLE_COURSE.require(reads, actor, course_id)
    amounts = Counter({row["name"]: int(row["amount"]) for row in rows})
    by_status = {status: amounts[status] for status in EnrollmentStatus}
    stars = {number: amounts[f"stars_{number}"] for number in range(1, 6)}
    total, reviews = sum(by_status.values()), sum(stars.values())
    return EnrollmentStatsOut(
        total=total,
        by_status=by_status,
        average_progress=_ratio(Decimal(amounts["progress"]) / 100, sum(by_status[status] for status in LEARNING)),
        completion_rate=_ratio(by_status[EnrollmentStatus.COMPLETED] * 100, total),
        average_rating=_ratio(sum(number * many for number, many in stars.items()), reviews),
        reviews_count=reviews,
        average_time_spent_seconds=round(amounts["seconds"] / total) if total else None,
    )


def _ratio(amount: Decimal | int, count: int) -> Decimal | None:
    """The quotient with two places, a half rounded up, or None where there is nothing to divide by."""
    return (Decimal(amount) / count).quantize(_PLACES, ROUND_HALF_UP) if count else None


_REVIEWED_AT = func.coalesce(Enrollment.reviewed_at, Enrollment.enrolled_at)


@cache
def _reviews(role: Callers) -> PagedRead[ReviewOut]:
    course = select(Course.id).where(*VISIBLE_COURSE.rule(caller_of(role)))
    statement = (
        select(Enrollment.rating, Enrollment.review, _REVIEWED_AT.label("reviewed_at"), User.full_name)
        .join(User, User.id == Enrollment.student_id)
        .where(Enrollment.course_id == course.scalar_subquery(), Enrollment.rating.is_not(None))
    )
    return PagedRead(statement, order=(Order(_REVIEWED_AT), Order(Enrollment.id)), name="reviews", of=ReviewOut)


async def reviews_page(reads: QueryExecutor, actor: Actor | None, course_id: UUID, page: PageQuery) -> Page[ReviewOut]:
    """The reviews of a course, newest first."""
    otherwise = partial(VISIBLE_COURSE.require, reads, actor, course_id)
    asked = {"course_id": course_id, "actor_id": id_of(actor)}
    return await _reviews(role_of(actor)).page(reads, page, _review, if_empty=otherwise, **asked)


def _review(row: Record) -> ReviewOut:
    shown = {name: row[name] for name in ("rating", "review", "reviewed_at")}
    return ReviewOut(**shown, reviewer=public_name(row["full_name"]))


def public_name(full_name: str) -> str:
    """The first name and the initial of the last: `Sam S.`; a single name stands alone."""
    first, *rest = full_name.split()
    return f"{first} {rest[-1][0]}." if rest else first
