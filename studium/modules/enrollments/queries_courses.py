"""What the enrollments of one course add up to: figures for its staff, reviews for everybody."""

from collections import Counter
from collections.abc import Mapping
from datetime import timedelta
from decimal import ROUND_HALF_UP, Decimal
from functools import cache, partial
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import Uuid, bindparam, case, func, literal_column, select

from studium.access.actor import Actor, parameter_actor
from studium.access.reading import EDITABLE_COURSE, VISIBLE_COURSE, Callers, caller_of, id_of, role_of
from studium.access.rules import LEARNING
from studium.kit.base.clock import now
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


_SEEN = func.coalesce(Enrollment.last_accessed_at, Enrollment.enrolled_at)
STOPPED_DAYS = 7
"""Days of silence after which a learner has stopped, and is not under way any more."""

_UNDER_WAY = PreparedStatement(
    select(Enrollment.completed_lessons_count.label("done"), func.count(Enrollment.id).label("learners"))
    .where(
        Enrollment.course_id == bindparam("course_id", type_=Uuid()),
        Enrollment.status == EnrollmentStatus.ACTIVE,
        bindparam("since", type_=Enrollment.enrolled_at.type) < _SEEN,
    )
    .group_by(Enrollment.completed_lessons_count)
)


async def under_way(reads: QueryExecutor, course_id: UUID) -> Counter[int]:
    """How many learners of a course have not stopped, by how many lessons they are through. One hot read."""
    since = now() - timedelta(days=STOPPED_DAYS)
    rows = await reads.shared(("under way", course_id), lambda: reads.all(_UNDER_WAY, course_id=course_id, since=since))
    return Counter({row["done"]: row["learners"] for row in rows})


LOOKED_AT = 10_000
_ACTIVE = (
    select(Enrollment.course_id, _SEEN.label("seen"))
    .join(Course, Course.id == Enrollment.course_id)
    .where(Course.instructor_id == bindparam("actor_id", type_=Uuid()), Enrollment.status == EnrollmentStatus.ACTIVE)
    .limit(literal_column(str(LOOKED_AT)))
    .subquery()
)
_SILENT = PreparedStatement(
    select(
        _ACTIVE.c.course_id,
        func.sum(case((_ACTIVE.c.seen <= bindparam("since", type_=Enrollment.enrolled_at.type), 1), else_=0)).label(
            "silent"
        ),
        func.count().label("active"),
    ).group_by(_ACTIVE.c.course_id)
)


class Silent(NamedTuple):
    """How many learners have not come for some days; `is_all` says whether everybody was looked at."""

    learners: Mapping[UUID, int]
    is_all: bool


async def silent_learners(reads: QueryExecutor, actor: Actor, days: int) -> Silent:
    """The silent active learners of the caller's own courses, of ten thousand at most. One hot read."""
    rows = await reads.all(_SILENT, actor_id=actor.id, since=now() - timedelta(days=days))
    found = {row["course_id"]: int(row["silent"]) for row in rows if row["silent"]}
    return Silent(found, is_all=sum(row["active"] for row in rows) < LOOKED_AT)


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
