"""Join codes: staff make and revoke them, students join by them. Misses are throttled as log-ins are."""

import secrets
from datetime import timedelta
from uuid import UUID

from sqlalchemy import func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from studium.access.actor import Actor
from studium.access.audit import record_audit
from studium.access.throttle import Limit, note, note_at, require_room, require_room_at, take_turns
from studium.kit.base.clock import now
from studium.kit.base.ids import new_id
from studium.kit.base.problems import NotFound
from studium.kit.base.sources import site_of
from studium.kit.db.database import dialect_insert
from studium.models import Course, JoinCode, Source
from studium.modules.enrollments.arrivals.admission import Admission, Came, admit
from studium.modules.enrollments.arrivals.errors import ExpiryInThePast, InvalidJoinCode, JoinCodeUsedUp
from studium.modules.enrollments.arrivals.schemas import JoinCodeCreate
from studium.modules.enrollments.errors import AlreadyEnrolled, EnrollmentExpired
from studium.modules.enrollments.queries import enrollment_out
from studium.modules.enrollments.schemas import EnrollmentOut

ALPHABET = "ABCDEFGHJKMNPQRSTUVWXYZ"
"""Without I, L and O, which look like digits and each other."""
LENGTH = 8
PER_PERSON = Limit("join:person", 10, timedelta(minutes=5))
PER_SOURCE = Limit("join:source", 30, timedelta(minutes=5))
_MISSED = "There is no such code, or it is not good any more."


async def create_code(session: AsyncSession, actor: Actor, course: Course, payload: JoinCodeCreate) -> JoinCode:
    """Make a code for a course; raise ExpiryInThePast."""
    at = now()
    if payload.expires_at is not None and payload.expires_at <= at:
        message = "Choose a time that is still to come."
        raise ExpiryInThePast(message)
    row = {"course_id": course.id, "created_by": actor.id, "created_at": at, "uses_count": 0}
    row |= {"expires_at": payload.expires_at, "max_uses": payload.max_uses}
    found: JoinCode | None = None
    while found is None:
        # There are 78 thousand million: one that is taken is made anew.
        fresh = {"id": new_id(), "code": "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))}
        statement = dialect_insert(session)(JoinCode).values(**fresh, **row).on_conflict_do_nothing()
        found = (await session.execute(statement.returning(JoinCode))).scalar_one_or_none()
    await record_audit(session, "join_codes.created", actor_id=actor.id, target=("course", course.id))
    return found


async def revoke_code(session: AsyncSession, actor: Actor, course: Course, code_id: UUID) -> None:
    """End a code; again: no change. Raises NotFound for one that this course does not have."""
    own = JoinCode.id == code_id, JoinCode.course_id == course.id
    at = func.coalesce(JoinCode.revoked_at, now())
    revoke = update(JoinCode).where(*own).values(revoked_at=at).returning(JoinCode.id)
    found = await session.execute(revoke.execution_options(synchronize_session=False))
    if found.scalar_one_or_none() is None:
        message = "There is no such code of this course."
        raise NotFound(message)
    await record_audit(session, "join_codes.revoked", actor_id=actor.id, target=("course", course.id))


async def join(session: AsyncSession, actor: Actor, typed: str, *, address: str) -> tuple[EnrollmentOut, bool]:
    """Enrol by a code, also in a draft; return the enrollment and whether it is new. Only a new one takes a place.

    Raises InvalidJoinCode, JoinCodeUsedUp, AlreadyEnrolled, EnrollmentExpired, TooManyRequests.
    """
    await _require_room(session, actor, address)
    good = JoinCode.revoked_at.is_(None), or_(JoinCode.expires_at.is_(None), JoinCode.expires_at > now())
    wanted = select(JoinCode.id, JoinCode.course_id).where(JoinCode.code == normalize_code(typed), *good)
    code = (await session.execute(wanted)).one_or_none()
    if code is None:
        await _count_miss(session, actor, address)
        raise InvalidJoinCode(_MISSED)
    admitted = (await admit(session, code.course_id, [actor.id], Admission(Source.CODE)))[actor.id]
    if admitted.came is Came.ALREADY_ENROLLED:
        message = "You are in this course already."
        raise AlreadyEnrolled(message, enrollment_id=str(admitted.enrollment_id))
    if admitted.came is Came.EXPIRED:
        message = "The enrollment has expired; ask the course's instructor."
        raise EnrollmentExpired(message, enrollment_id=str(admitted.enrollment_id))
    is_new = admitted.came is Came.ENROLLED
    if is_new:
        await _use(session, code.id)
    return await enrollment_out(session, admitted.enrollment_id), is_new


async def _use(session: AsyncSession, code_id: UUID) -> None:
    """Take one of the places: of many at once the database lets so many through. Raises JoinCodeUsedUp."""
    good = JoinCode.id == code_id, JoinCode.revoked_at.is_(None)
    has_room = or_(JoinCode.max_uses.is_(None), JoinCode.uses_count < JoinCode.max_uses)
    use = update(JoinCode).where(*good, has_room).values(uses_count=JoinCode.uses_count + 1).returning(JoinCode.id)
    used = await session.execute(use.execution_options(synchronize_session=False))
    if used.scalar_one_or_none() is None:
        message = "As many students have joined by this code as may; ask for another one."
        raise JoinCodeUsedUp(message)


def normalize_code(typed: str) -> str:
    """The code as it is stored, from what somebody typed."""
    return "".join(char for char in typed.upper() if char not in " -\t\u00a0")


async def _require_room(session: AsyncSession, actor: Actor, address: str) -> None:
    await require_room(session, (PER_PERSON,), actor.id)
    await require_room_at(session, PER_SOURCE, address)


async def _count_miss(session: AsyncSession, actor: Actor, address: str) -> None:
    """Count a miss, in turn with others, so that guesses made all at once are worth no more than guesses in turn."""
    await take_turns(session, f"join {site_of(address) or address}", f"join {actor.id}")
    await _require_room(session, actor, address)
    await note(session, PER_PERSON.scope, actor.id)
    await note_at(session, PER_SOURCE, address)
