"""Asking for an erasure, and taking it back: nothing is lost before its time."""

from datetime import timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from studium.access.actor import Actor
from studium.access.audit import DONE, REFUSED, record_audit
from studium.events import ErasureCancelled, ErasureRequested
from studium.kit.base.clock import now
from studium.kit.base.ids import new_id
from studium.kit.base.problems import NotFound
from studium.kit.jobs.events import publish
from studium.kit.runtime import get_runtime
from studium.models import ErasedCertificates, Erasure, User
from studium.modules.privacy.refusals import refusal_of
from studium.modules.privacy.schemas import AnonymizeIn
from studium.modules.users.admins import lock_for_admin, lock_with_admins
from studium.modules.users.credentials import revoke_sessions

PENDING = timedelta(days=14)
"""How long a person may change their mind."""

_NOTHING = "No erasure of this person is pending."


async def request_own_erasure(session: AsyncSession, actor: Actor, *, address: str) -> Erasure:
    """Ask to be forgotten; every session ends. Asked again, the first one stands.

    Raises LegalHold, LastAdmin, OwnsCourses, which are remembered.
    """
    user = await session.get_one(User, actor.id)
    admins = await lock_with_admins(session, user)
    return await _request(session, actor, user, admins, None, address)


async def request_erasure(
    session: AsyncSession, actor: Actor, user: User, payload: AnonymizeIn, *, address: str
) -> Erasure:
    """The same by an admin, for a reason. Raises PersonErased too."""
    admins = await lock_for_admin(session, actor, user)
    return await _request(session, actor, user, admins, payload, address)


async def request_for_retention(session: AsyncSession, user_id: UUID) -> None:
    """The same by the school's rules of retention, of somebody who is deactivated still and whom nothing keeps."""
    user = (await session.execute(select(User).where(User.id == user_id))).scalar_one()
    admins = await lock_with_admins(session, user)
    is_kept = user.is_active or await refusal_of(session, user, admins) is not None
    if not is_kept and await standing_erasure(session, user_id) is None:
        await _add(session, None, user, None)
        await record_audit(session, "users.erasure_requested", actor_id=None, target=("user", user_id))


async def _request(
    session: AsyncSession, actor: Actor, user: User, admins: set[UUID], payload: AnonymizeIn | None, address: str
) -> Erasure:
    refusal = await refusal_of(session, user, admins)
    outcome = DONE if refusal is None else REFUSED
    await _remember(session, "users.erasure_requested", actor, user, address, outcome=outcome)
    if refusal is not None:
        raise refusal
    standing = await standing_erasure(session, user.id)
    if standing is None:
        standing = await _add(session, actor.id, user, payload)
    await revoke_sessions(session, user.id)
    return standing


async def _add(session: AsyncSession, by: UUID | None, user: User, payload: AnonymizeIn | None) -> Erasure:
    wanted = None if payload is None else payload.certificates
    row = Erasure(id=new_id(), user_id=user.id, requested_by=by, requested_at=now(), due_at=now() + PENDING)
    row.reason = None if payload is None else payload.reason
    row.certificates = wanted or default_certificates(session)
    session.add(row)
    await session.flush()
    await publish(session, ErasureRequested(erasure_id=row.id))
    return row


def default_certificates(session: AsyncSession) -> ErasedCertificates:
    """What the school's settings say about the certificates of erased people."""
    return ErasedCertificates(get_runtime(session).settings.erasure_certificates)


async def standing_erasure(session: AsyncSession, user_id: UUID) -> Erasure | None:
    """The erasure of a person that was not cancelled, pending or done."""
    wanted = select(Erasure).where(Erasure.user_id == user_id, Erasure.cancelled_at.is_(None))
    return (await session.execute(wanted)).scalar_one_or_none()


async def shown_erasure(session: AsyncSession, user_id: UUID) -> Erasure:
    """The same; raise NotFound without one."""
    found = await standing_erasure(session, user_id)
    if found is None:
        raise NotFound(_NOTHING)
    return found


async def cancel_erasure(session: AsyncSession, actor: Actor, user: User, *, address: str) -> None:
    """Keep a person after all; an account that was closed meanwhile stays so. Raises NotFound where none is pending."""
    await session.refresh(user, with_for_update=True)
    row = await shown_erasure(session, user.id)
    await session.refresh(row, with_for_update=True)
    if row.done_at is not None:
        raise NotFound(_NOTHING)
    row.cancelled_at, row.cancelled_by, row.reason = now(), actor.id, None
    await session.flush()
    await _remember(session, "users.erasure_cancelled", actor, user, address)
    await publish(session, ErasureCancelled(erasure_id=row.id))


async def _remember(
    session: AsyncSession, action: str, actor: Actor, user: User, address: str, *, outcome: str = DONE
) -> None:
    await record_audit(session, action, actor_id=actor.id, target=("user", user.id), outcome=outcome, address=address)
