"""Emails about a change of address, to the mailbox that is new and to the one that is left."""

from collections.abc import Callable
from uuid import UUID

from sqlalchemy import select

from studium.access.codes import AddressLink, address_link
from studium.events import AddressChanged, AddressChangeRequested
from studium.kit.base.clock import now
from studium.kit.jobs.events import on
from studium.kit.runtime import Runtime
from studium.models import AddressChange, User
from studium.modules.notifications.sending import Recipient, send_email


@on(
    AddressChangeRequested,
    "notifications.mail_new_address",
    has_external_effects=True,
    when=lambda event: event.mail == "yes",
)
async def mail_new_address(runtime: Runtime, event: AddressChangeRequested) -> None:
    """The link that proves the new mailbox. It names nobody: who typed the address may be anybody."""
    await _mail_link(runtime, event.change_id, "prove_new_address", AddressLink.NEW, lambda change: change.new_email)


@on(AddressChangeRequested, "notifications.mail_old_address", has_external_effects=True)
async def mail_old_address(runtime: Runtime, event: AddressChangeRequested) -> None:
    """The link by which the present mailbox agrees."""
    await _mail_link(runtime, event.change_id, "leave_old_address", AddressLink.OLD, lambda change: change.old_email)


@on(AddressChanged, "notifications.tell_new_address", has_external_effects=True)
async def tell_new_address(runtime: Runtime, event: AddressChanged) -> None:
    """Tell the new mailbox that it is the account's."""
    await _tell(runtime, event.change_id, lambda change: change.new_email)


@on(AddressChanged, "notifications.tell_old_address", has_external_effects=True)
async def tell_old_address(runtime: Runtime, event: AddressChanged) -> None:
    """Tell the old mailbox that it is the account's no more."""
    await _tell(runtime, event.change_id, lambda change: change.old_email)


async def _mail_link(
    runtime: Runtime, change_id: UUID, letter: str, link: AddressLink, to: Callable[[AddressChange], str]
) -> None:
    found = await _change(runtime, change_id)
    if found is None or found[0].ended_at is not None or found[0].expires_at <= now():
        return
    change, user = found
    page = f"/confirm-address?token={address_link(runtime.keys, link, change_id)}"
    await send_email(runtime, letter, _recipient(user, to(change)), page=page, new_address=change.new_email)


async def _tell(runtime: Runtime, change_id: UUID, to: Callable[[AddressChange], str]) -> None:
    found = await _change(runtime, change_id)
    if found is not None:
        change, user = found
        to_whom, address = _recipient(user, to(change)), change.new_email
        await send_email(runtime, "address_changed", to_whom, page="/login", new_address=address)


async def _change(runtime: Runtime, change_id: UUID) -> tuple[AddressChange, User] | None:
    """The change and its active owner; None where either is gone."""
    both = select(AddressChange, User).join(User, User.id == AddressChange.user_id)
    async with runtime.database.read_session() as session:
        row = (await session.execute(both.where(AddressChange.id == change_id, User.is_active))).one_or_none()
    return None if row is None else (row[0], row[1])


def _recipient(user: User, email: str) -> Recipient:
    return Recipient.reading(email, user.full_name, user.profile_metadata)
