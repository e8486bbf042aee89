"""What people do with links in mails: ask for one, prove an address, choose a password again."""

from datetime import timedelta

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from studium.access.audit import audit
from studium.access.guesses import forgive
from studium.access.throttle import Limit, longest_wait, note, take_turns
from studium.events import EmailConfirmed
from studium.kit.clock import now
from studium.kit.events import publish
from studium.kit.jobs import enqueue
from studium.kit.runtime import runtime_of
from studium.models import OneTimeToken, TokenPurpose, User
from studium.modules.auth.jobs import mail_reset_link, mail_verification_link
from studium.modules.auth.links import Link, find_link, invalid_link, seal_address
from studium.modules.users.actions import set_password

_MINUTE, _DAY = timedelta(minutes=1), timedelta(days=1)
RESET_MAILS = (Limit("mail:reset", 1, _MINUTE), Limit("mail:reset", 5, _DAY))
VERIFY_MAILS = (Limit("mail:verify", 1, _MINUTE), Limit("mail:verify", 5, _DAY))


async def request_reset(session: AsyncSession, email: str, *, address: str) -> None:
    """Have a link mailed to choose a new password, unless there were too many: nobody is told.

    Whether there is such an account is looked up later, in the job, so that the answer takes as long for any address.
    """
    if await _has_room(session, email, RESET_MAILS):
        sealed = seal_address(runtime_of(session).keys, email)
        await enqueue(session, mail_reset_link, sealed_address=sealed, source=address)


async def request_verification(session: AsyncSession, email: str, *, address: str) -> None:
    """Have a link mailed that proves the address, in the same way."""
    if await _has_room(session, email, VERIFY_MAILS):
        sealed = seal_address(runtime_of(session).keys, email)
        await enqueue(session, mail_verification_link, sealed_address=sealed, source=address)


async def _has_room(session: AsyncSession, email: str, limits: tuple[Limit, ...]) -> bool:
    """Whether this mail box may get another mail; it is counted, also where nobody has the address."""
    await take_turns(session, f"{limits[0].scope} {email}")
    if await longest_wait(session, limits, email):
        return False
    await note(session, limits[0].scope, email)
    return True


async def reset_password(session: AsyncSession, link: Link, password_hash: str, *, address: str) -> None:
    """Use a link to set a password; every session ends, the second factor stays; raises InvalidToken.

    Whoever reads the mail owns the address, so it counts as proven from now on.
    """
    user = await _use(session, link)
    await set_password(session, user, password_hash)
    if user.email_verified_at is None:
        user.email_verified_at = now()
        await session.flush()
    await forgive(session, user.email, address)
    audit(session, "auth.password_reset", actor_id=user.id, target=("user", user.id), address=address)


async def confirm_email(session: AsyncSession, token: str, *, address: str) -> None:
    """Use a link to prove an address; raises InvalidToken."""
    user = await _use(session, await find_link(session, token, TokenPurpose.VERIFY_EMAIL))
    if user.email_verified_at is not None:
        return
    user.email_verified_at = now()
    user.version += 1
    await session.flush()
    audit(session, "auth.email_confirmed", actor_id=user.id, target=("user", user.id), address=address)
    await publish(session, EmailConfirmed(user_id=user.id))


async def _use(session: AsyncSession, link: Link) -> User:
    """Lock the account, then use the token up; of many at once the database lets one through, InvalidToken the rest."""
    whose = User.id == link.user_id, User.email == link.email, User.is_active
    locked = select(User).where(*whose).with_for_update(key_share=True)
    user = (await session.execute(locked, execution_options={"populate_existing": True})).scalar_one_or_none()
    unused = OneTimeToken.id == link.token_id, OneTimeToken.used_at.is_(None), OneTimeToken.expires_at > now()
    use = update(OneTimeToken).where(*unused).values(used_at=now()).returning(OneTimeToken.id)
    used = (await session.execute(use, execution_options={"synchronize_session": False})).scalar_one_or_none()
    if user is None or used is None:
        raise invalid_link()
    return user
