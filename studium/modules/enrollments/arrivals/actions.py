"""Staff bring people into a course: at once, or by invitation where somebody must first agree or has no account."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from sqlalchemy import func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from studium.access.actor import Actor
from studium.access.audit import record_audit
from studium.access.rules import LEARNING
from studium.access.throttle import take_turns
from studium.events import CourseInvitationSent
from studium.kit.base.clock import now
from studium.kit.base.ids import new_id
from studium.kit.base.problems import FieldNotAllowed, NotFound
from studium.kit.db.database import dialect_insert
from studium.kit.jobs.events import publish_all
from studium.kit.text.email_addresses import normalise_email
from studium.models import Course, CourseInvitation, Enrollment, Role, Source, User
from studium.modules.enrollments.actions import IS_OPEN
from studium.modules.enrollments.arrivals.admission import Admission, Admitted, Came, admit
from studium.modules.enrollments.arrivals.schemas import (
    EnrolledPeopleOut,
    EnrolledPersonOut,
    EnrollPeopleIn,
    EnrolmentOutcome,
    PersonRef,
    Why,
)
from studium.modules.enrollments.counters import AT

INVITED_FOR = timedelta(days=30)
MAIL_EVERY = timedelta(days=1)
BY_THE_SCHOOL = frozenset({Source.STAFF, Source.CSV, Source.SSO, Source.SCIM})
"""Accounts that the school made itself: it vouches for their addresses, and they need not agree."""

_DETAILS = {
    Why.NO_ACCOUNT: "There is no account with this address yet.",
    Why.NOT_CONFIRMED: "The account has yet to confirm its address.",
    Why.INVALID_EMAIL: "This is no e-mail address.",
    Why.NAMED_TWICE: "Somebody before in the list is the same person.",
    Why.NO_SUCH_PERSON: "There is no such person.",
    Why.DEACTIVATED: "The account is deactivated.",
    Why.STUDENTS_ONLY: "Only students are enrolled.",
}


@dataclass(slots=True)
class _Wanted:
    """One of the people: what they were named by, and what is found out about them."""

    ref: PersonRef
    address: str | None = None
    user: User | None = None
    outcome: EnrolmentOutcome | None = None
    why: Why | None = None
    enrollment_id: UUID | None = None
    invitation_id: UUID | None = None

    def refuse(self, why: Why) -> None:
        self.outcome, self.why = EnrolmentOutcome.REFUSED, why

    def invite(self, why: Why | None) -> None:
        self.outcome, self.why = EnrolmentOutcome.INVITED, why


async def enroll_people(
    session: AsyncSession, actor: Actor, course: Course, payload: EnrollPeopleIn
) -> EnrolledPeopleOut:
    """Enrol people, or invite them; a row for each says what became of it. A completed enrollment is never touched.

    Raises FieldNotAllowed for an instructor who names somebody by an id: what an instructor is told must not depend on
    who has an account.
    """
    if not actor.is_admin:
        _require_addresses(payload.people)
    wanted = [_Wanted(ref, _stored(ref.email)) for ref in payload.people]
    if payload.dry_run:
        await _decide(session, actor, course, wanted)
        await _foresee(session, course, wanted)
        return _told(actor, wanted)
    # Whoever confirms one of these addresses meanwhile finds the invitation, or is found confirmed here.
    await take_turns(session, *(address_turn(one) for one in sorted({each.address or "" for each in wanted} - {""})))
    await _decide(session, actor, course, wanted)
    await _admit(session, course, wanted, is_told=payload.notify)
    await _invite(session, actor, course, wanted, is_told=payload.notify)
    told = _told(actor, wanted)
    counts = {outcome.value: count for outcome, count in told.summary.items()}
    await record_audit(session, "enrollments.people", actor_id=actor.id, target=("course", course.id), counts=counts)
    return told


async def _decide(session: AsyncSession, actor: Actor, course: Course, wanted: Sequence[_Wanted]) -> None:
    """Find everybody, and settle who is refused and who is invited."""
    await _find(session, wanted)
    known = set() if actor.is_admin else await _learners_of(session, course, wanted)
    seen: set[object] = set()
    for one in wanted:
        _settle(one, seen, known if not actor.is_admin else None)


async def _foresee(session: AsyncSession, course: Course, wanted: Sequence[_Wanted]) -> None:
    """What `admit` would say of those who are to be enrolled at once."""
    direct = {one.user.id: one for one in wanted if one.outcome is None and one.user is not None}
    there = select(Enrollment.student_id, Enrollment.status, Enrollment.id).where(
        Enrollment.course_id == course.id, Enrollment.student_id.in_(direct)
    )
    found = {row.student_id: row for row in (await session.execute(there)).all()}
    for user_id, one in direct.items():
        row = found.get(user_id)
        if row is None:
            one.outcome = EnrolmentOutcome.ENROLLED
            continue
        is_there = row.status in LEARNING
        one.outcome = EnrolmentOutcome.ALREADY_ENROLLED if is_there else EnrolmentOutcome.RESTORED
        one.enrollment_id = row.id


def _told(actor: Actor, wanted: Sequence[_Wanted]) -> EnrolledPeopleOut:
    counts = Counter(one.outcome for one in wanted)
    items = [_shown(one, is_admin=actor.is_admin) for one in wanted]
    return EnrolledPeopleOut(items=items, summary={outcome: counts[outcome] for outcome in EnrolmentOutcome})


def address_turn(address: str) -> str:
    """The name of the turn in which an address is invited, or its invitations are accepted."""
    return f"invitation {address}"


def _stored(typed: str | None) -> str | None:
    """An address as it is stored; None for what is none."""
    try:
        return None if typed is None else normalise_email(typed)
    except ValueError:
        return None


def _require_addresses(people: Sequence[PersonRef]) -> None:
    for ref in people:
        if ref.email is None:
            raise FieldNotAllowed("user_id" if ref.user_id is not None else "external_id")


async def _find(session: AsyncSession, wanted: Sequence[_Wanted]) -> None:
    """Find the accounts; three lookups by unique columns."""
    addresses = {one.address for one in wanted if one.address}
    ids = {one.ref.user_id for one in wanted if one.ref.user_id}
    external_ids = {one.ref.external_id for one in wanted if one.ref.external_id}
    named = or_(User.email.in_(addresses), User.id.in_(ids), User.external_id.in_(external_ids))
    users = (await session.execute(select(User).where(named), execution_options={"populate_existing": True})).scalars()
    by_name: dict[object, User] = {}
    for user in users:
        by_name |= {user.email: user, user.id: user}
        if user.external_id is not None:
            by_name["external", user.external_id] = user
    for one in wanted:
        external = ("external", one.ref.external_id)
        one.user = by_name.get(one.address or one.ref.user_id or external)


async def _learners_of(session: AsyncSession, course: Course, wanted: Sequence[_Wanted]) -> set[UUID]:
    """Which of them have an enrollment in a course of this one's instructor: those know each other."""
    ids = [one.user.id for one in wanted if one.user is not None]
    theirs = select(Course.id).where(Course.instructor_id == course.instructor_id)
    found = select(Enrollment.student_id).where(Enrollment.student_id.in_(ids), Enrollment.course_id.in_(theirs))
    return set((await session.execute(found.distinct())).scalars())


def _settle(one: _Wanted, seen: set[object], known: set[UUID] | None) -> None:
    """Decide about one of them: refused, invited, or (still without an outcome) to be enrolled at once.

    `known` are the learners of an instructor; None for an admin.
    """
    user = one.user
    identity: object = one.address or ((one.ref.user_id, one.ref.external_id) if user is None else user.id)
    if one.ref.email is not None and one.address is None:
        one.refuse(Why.INVALID_EMAIL)
    elif identity in seen or (user is not None and user.id in seen):
        one.refuse(Why.NAMED_TWICE)
    elif known is not None:
        # One answer for no account and for any account that the instructor need not know of.
        may = user is not None and user.is_active and user.role is Role.STUDENT
        if not (may and user is not None and (user.id in known or user.source in BY_THE_SCHOOL)):
            one.invite(None)
    else:
        _settle_for_admin(one)
    seen.add(identity)
    if user is not None and known is None:
        seen.add(user.id)


def _settle_for_admin(one: _Wanted) -> None:
    user = one.user
    if user is None:
        if one.address is None:
            one.refuse(Why.NO_SUCH_PERSON)
        else:
            one.invite(Why.NO_ACCOUNT)
    elif not user.is_active:
        one.refuse(Why.DEACTIVATED)
    elif user.role is not Role.STUDENT:
        one.refuse(Why.STUDENTS_ONLY)
    elif one.address is not None and user.email_verified_at is None and user.source not in BY_THE_SCHOOL:
        # Whoever made this account may not be the owner of the address.
        one.invite(Why.NOT_CONFIRMED)


async def _admit(session: AsyncSession, course: Course, wanted: Sequence[_Wanted], *, is_told: bool) -> None:
    direct = {one.user.id: one for one in wanted if one.outcome is None and one.user is not None}
    how = Admission(Source.STAFF, is_told=is_told, restores_expired=True)
    found: dict[UUID, Admitted] = await admit(session, course.id, list(direct), how) if direct else {}
    outcomes = {
        Came.ENROLLED: EnrolmentOutcome.ENROLLED,
        Came.ALREADY_ENROLLED: EnrolmentOutcome.ALREADY_ENROLLED,
        Came.RESTORED: EnrolmentOutcome.RESTORED,
    }
    for user_id, one in direct.items():
        one.outcome, one.enrollment_id = outcomes[found[user_id].came], found[user_id].enrollment_id


async def _invite(
    session: AsyncSession, actor: Actor, course: Course, wanted: Sequence[_Wanted], *, is_told: bool
) -> None:
    """Make or renew the invitations, and have those mailed that were not mailed within a day."""
    invited = {
        one.address: one for one in wanted if one.outcome is EnrolmentOutcome.INVITED and one.address is not None
    }
    if not invited:
        return
    at = now()
    common = {"course_id": course.id, "invited_by": actor.id, "created_at": at, "expires_at": at + INVITED_FOR}
    insert = dialect_insert(session)(CourseInvitation.__table__)
    renewed = {"invited_by": actor.id, "expires_at": at + INVITED_FOR, "withdrawn_at": None}
    upsert = insert.on_conflict_do_update(index_elements=("course_id", "email"), set_=renewed)
    await session.execute(upsert, [{"id": new_id(), "email": address, **common} for address in sorted(invited)])
    columns = CourseInvitation.id, CourseInvitation.email, CourseInvitation.mailed_at
    made = select(*columns).where(CourseInvitation.course_id == course.id, CourseInvitation.email.in_(invited))
    rows = (await session.execute(made)).all()
    for row in rows:
        invited[row.email].invitation_id = row.id
    due = [row.id for row in rows if is_told and (row.mailed_at is None or row.mailed_at <= at - MAIL_EVERY)]
    if due:
        mailed = update(CourseInvitation).where(CourseInvitation.id.in_(due)).values(mailed_at=at)
        await session.execute(mailed.execution_options(synchronize_session=False))
        await publish_all(session, [CourseInvitationSent(invitation_id) for invitation_id in due])


def _shown(one: _Wanted, *, is_admin: bool) -> EnrolledPersonOut:
    assert one.outcome is not None  # noqa: S101 -- everybody has one by now.
    found = None if one.user is None or not is_admin else one.user.id
    return EnrolledPersonOut(
        email=one.ref.email,
        user_id=one.ref.user_id or found,
        external_id=one.ref.external_id,
        outcome=one.outcome,
        code=one.why,
        detail=None if one.why is None else _DETAILS[one.why],
        enrollment_id=one.enrollment_id,
        invitation_id=one.invitation_id,
    )


async def withdraw_invitation(session: AsyncSession, course: Course, invitation_id: UUID) -> None:
    """Take an invitation back; again: no change. Raises NotFound for one that this course does not have."""
    own = CourseInvitation.id == invitation_id, CourseInvitation.course_id == course.id
    at = func.coalesce(CourseInvitation.withdrawn_at, now())
    withdraw = update(CourseInvitation).where(*own).values(withdrawn_at=at).returning(CourseInvitation.id)
    found = await session.execute(withdraw.execution_options(synchronize_session=False))
    if found.scalar_one_or_none() is None:
        message = "There is no such invitation to this course."
        raise NotFound(message)


async def accept_invitations(session: AsyncSession, user_id: UUID) -> None:
    """Put somebody who has proved an address into the courses that it is invited to; again: no change."""
    student = User.id == user_id, User.is_active, User.role == Role.STUDENT, User.email_verified_at.is_not(None)
    address = await session.scalar(select(User.email).where(*student))
    if address is None:
        return
    await take_turns(session, address_turn(address))
    mine = CourseInvitation.email == address
    courses = select(CourseInvitation.course_id).where(mine, *IS_OPEN).order_by(CourseInvitation.course_id)
    for course_id in (await session.execute(courses, {AT.key: now()})).scalars().all():
        await admit(session, course_id, [user_id], Admission(Source.INVITATION))
