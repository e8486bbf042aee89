"""Open invitations and join codes of a course, as its staff see them."""

from functools import cache, partial
from uuid import UUID

from sqlalchemy import exists, select

from studium.access.actor import Actor, parameter_actor
from studium.access.reading import EDITABLE_COURSE
from studium.kit.base.clock import now
from studium.kit.db.prepared import QueryExecutor
from studium.kit.http.pagination import Order, Page, PagedRead, PageQuery
from studium.models import Course, CourseInvitation, Enrollment, JoinCode, Role, User
from studium.modules.enrollments.actions import IS_OPEN
from studium.modules.enrollments.arrivals.schemas import InvitationOut, JoinCodeOut


@cache
def _invitations(role: Role) -> PagedRead[InvitationOut]:
    course = select(Course.id).where(*EDITABLE_COURSE.rule(parameter_actor(role))).scalar_subquery()
    is_in = (
        exists()
        .where(User.email == CourseInvitation.email, Enrollment.student_id == User.id)
        .where(Enrollment.course_id == CourseInvitation.course_id)
    )
    columns = [CourseInvitation.__table__.c[name] for name in InvitationOut.model_fields]
    statement = select(*columns).where(CourseInvitation.course_id == course, *IS_OPEN, ~is_in)
    order = Order(CourseInvitation.created_at), Order(CourseInvitation.id)
    return PagedRead(statement, order=order, name="invitations", of=InvitationOut)


async def invitation_page(reads: QueryExecutor, actor: Actor, course_id: UUID, page: PageQuery) -> Page[InvitationOut]:
    """The open invitations to a course, newest first. Whoever is in it is on the roster instead."""
    otherwise = partial(EDITABLE_COURSE.require, reads, actor, course_id)
    kept, who = _invitations(actor.role), actor.id
    return await kept.page(reads, page, if_empty=otherwise, course_id=course_id, actor_id=who, p_at=now())


@cache
def _codes(role: Role) -> PagedRead[JoinCodeOut]:
    course = select(Course.id).where(*EDITABLE_COURSE.rule(parameter_actor(role))).scalar_subquery()
    columns = [JoinCode.__table__.c[name] for name in JoinCodeOut.model_fields]
    statement = select(*columns).where(JoinCode.course_id == course)
    return PagedRead(
        statement, order=(Order(JoinCode.created_at), Order(JoinCode.id)), name="join-codes", of=JoinCodeOut
    )


async def code_page(reads: QueryExecutor, actor: Actor, course_id: UUID, page: PageQuery) -> Page[JoinCodeOut]:
    """The join codes of a course, newest first, with those that are not good any more."""
    otherwise = partial(EDITABLE_COURSE.require, reads, actor, course_id)
    return await _codes(actor.role).page(reads, page, if_empty=otherwise, course_id=course_id, actor_id=actor.id)
