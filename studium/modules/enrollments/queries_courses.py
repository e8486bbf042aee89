"""What the enrollments of one course add up to: figures for its staff, reviews for everybody."""

from collections import Counter
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from sqlalchemy import Row, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from studium.access.rules import LEARNING
from studium.kit.pages import Order, Page, PageQuery, paginate
from studium.models import Course, Enrollment, EnrollmentStatus, User, tally_totals
from studium.modules.enrollments.schemas import EnrollmentStatsOut, ReviewOut

_PLACES = Decimal("0.01")


async def course_stats(session: AsyncSession, course: Course) -> EnrollmentStatsOut:
    """The figures of one course, from its tallies: exact, and no row of an enrollment is read."""
    rows = (await session.execute(tally_totals(course.id))).all()
    amounts = Counter({name: int(amount) for name, amount in rows})
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


async def reviews_page(session: AsyncSession, course: Course, page: PageQuery) -> Page[ReviewOut]:
    """The reviews of a course, newest first."""
    reviewed_at = func.coalesce(Enrollment.reviewed_at, Enrollment.enrolled_at)
    statement = (
        select(Enrollment.rating, Enrollment.review, reviewed_at.label("reviewed_at"), User.full_name)
        .join(User, User.id == Enrollment.student_id)
        .where(Enrollment.course_id == course.id, Enrollment.rating.is_not(None))
    )
    order = (Order(reviewed_at), Order(Enrollment.id))
    return await paginate(session, statement, order=order, page=page, name="reviews", item=_review)


def _review(row: Row[Any]) -> ReviewOut:
    return ReviewOut(
        rating=row.rating, review=row.review, reviewed_at=row.reviewed_at, reviewer=public_name(row.full_name)
    )


def public_name(full_name: str) -> str:
    """The first name and the initial of the last: `Sam S.`; a single name stands alone."""
    first, *rest = full_name.split()
    return f"{first} {rest[-1][0]}." if rest else first
