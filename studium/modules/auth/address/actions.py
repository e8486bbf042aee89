"""Changing one's address: the new mailbox proves itself, the old one agrees, in any order."""

from datetime import timedelta
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from studium.access.actor import Actor
from studium.access.audit import REFUSED, record_audit
from studium.access.codes import AddressLink, address_link_ids
from studium.access.throttle import Limit, longest_wait, note, require_room, take_turns
from studium.events import AddressChanged, AddressChangeRequested
from studium.kit.base.clock import now
from studium.kit.base.ids import new_id
from studium.kit.base.problems import FieldError, InvalidInput
from studium.kit.jobs.events import publish
from studium.kit.runtime import get_runtime
from studium.models import AddressChange, User
from studium.modules.auth.links import invalid_link
from studium.modules.users.actions import change_address, end_address_changes

LIFETIME = timedelta(days=1)
_MINUTE, _DAY = timedelta(minutes=1), timedelta(days=1)
PER_PERSON = Limit("address:person", 5, _DAY)
AGAIN = Limit("address:again", 1, _MINUTE)
"""One person's wishes for one address: an earlier one is void, and its mails should have arrived."""
PER_MAILBOX = (Limit("mail:address", 1, _MINUTE), Limit("mail:address", 5, _DAY))

_PLAIN = {"synchronize_session": False}
_STEPS = {AddressLink.NEW: AddressChange.proved_at, AddressLink.OLD: AddressChange.agreed_at}


async def request_change(session: AsyncSession, actor: Actor, email: str, *, address: str) -> AddressChange:
    """Mail a link to the new mailbox and one to the old; an earlier wish is void.

    Whether somebody has the address is not looked at, so that the answer is the same for any. A new mailbox that had
    enough links, whoever asked for them, gets none, and nobody is told. Raises TooManyRequests for what the person
    asked, and InvalidInput for the present address.
    """
    await take_turns(session, f"{PER_PERSON.scope} {actor.id}", f"{PER_MAILBOX[0].scope} {email}")
    await require_room(session, (PER_PERSON,), actor.id)
    await require_room(session, (AGAIN,), actor.id, email)
    user = await session.get_one(User, actor.id, with_for_update={"key_share": True}, populate_existing=True)
    if email == user.email:
        raise InvalidInput([FieldError("body", "/email", "unchanged", "This is your address already.")])
    await note(session, PER_PERSON.scope, actor.id)
    await note(session, AGAIN.scope, actor.id, email)
    await end_address_changes(session, AddressChange.user_id == user.id)
    change = AddressChange(id=new_id(), user_id=user.id, old_email=user.email, new_email=email, created_at=now())
    change.expires_at = change.created_at + LIFETIME
    session.add(change)
    await session.flush()
    await record_audit(
        session, "auth.address_change_requested", actor_id=user.id, target=("user", user.id), address=address
    )
    is_full = bool(await longest_wait(session, PER_MAILBOX, email))
    if not is_full:
        await note(session, PER_MAILBOX[0].scope, email)
    await publish(session, AddressChangeRequested(change_id=change.id, mail="no" if is_full else "yes"))
    return change


async def follow_link(session: AsyncSession, token: str, *, address: str) -> bool:
    """Use the link of either mailbox up; say whether the address is changed, which it is when both have agreed.

    Raises InvalidToken; and EmailTaken where another account has the address by now, which ends the wish.
    """
    found = address_link_ids(get_runtime(session).keys, token)
    if not found:
        raise invalid_link()
    ((link, change_id),) = found.items()
    user = await _locked_owner(session, change_id)
    step = _STEPS[link]
    unused = AddressChange.id == change_id, step.is_(None), AddressChange.expires_at > now()
    use = update(AddressChange).where(*unused, AddressChange.ended_at.is_(None)).values({step: now()})
    change = (await session.execute(use.returning(AddressChange), execution_options=_PLAIN)).scalar_one_or_none()
    if user is None or change is None:
        raise invalid_link()
    if change.proved_at is None or change.agreed_at is None:
        return False
    await end_address_changes(session, AddressChange.id == change.id)
    problem = await change_address(session, user, change.new_email)
    outcome = {} if problem is None else {"outcome": REFUSED}
    target = ("user", user.id)
    await record_audit(session, "auth.address_changed", actor_id=user.id, target=target, address=address, **outcome)
    if problem is not None:
        raise problem
    await publish(session, AddressChanged(change_id=change.id))
    return True


async def _locked_owner(session: AsyncSession, change_id: UUID) -> User | None:
    """The active person who wants it and has the old address still, locked for the change of a unique column."""
    change = select(AddressChange.id).where(AddressChange.id == change_id, AddressChange.old_email == User.email)
    theirs = select(AddressChange.user_id).where(AddressChange.id == change_id).scalar_subquery()
    whose = select(User).where(User.id == theirs, User.is_active, change.exists()).with_for_update()
    return (await session.execute(whose, execution_options={"populate_existing": True})).scalar_one_or_none()
