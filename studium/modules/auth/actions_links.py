"""What people do with links in mails: ask for one, prove an address, choose a password again."""

from datetime import timedelta

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from studium.access.audit import record_audit
from studium.access.password_attempts import forgive
from studium.access.throttle import Limit, longest_wait, note, note_at, take_turns, wait_at
from studium.events import EmailConfirmed
from studium.kit.base.clock import now
from studium.kit.base.problems import TooManyRequests
from studium.kit.base.sources import site_of
from studium.kit.jobs.events import publish
from studium.kit.jobs.registry import enqueue
from studium.kit.runtime import get_runtime
from studium.models import OneTimeToken, TokenPurpose, User
from studium.modules.auth.jobs import mail_reset_link, mail_verification_link
from studium.modules.auth.links import Link, find_link, invalid_link, seal_address
from studium.modules.users.actions import prove_address, set_password

_MINUTE, _HOUR, _DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
RESET_MAILS = (Limit("mail:reset", 1, _MINUTE), Limit("mail:reset", 5, _DAY))
VERIFY_MAILS = (Limit("mail:verify", 1, _MINUTE), Limit("mail:verify", 5, _DAY))
PER_SOURCE = Limit("mail:source", 300, _HOUR)
"""Links of both kinds that one source may ask for: behind it there may be a whole school."""


async def request_reset(session: AsyncSession, email: str, *, address: str) -> None:
    """Have a link mailed to choose a new password, unless there were too many: nobody is told.

    Whether there is such an account is looked up later, in the job, so that the answer takes as long for any address.
    A source that asks for very many is told, whosever they are: raises TooManyRequests.
    """
    if await _has_room(session, email, RESET_MAILS, address):
        sealed = seal_address(get_runtime(session).keys, email)
        await enqueue(session, mail_reset_link, sealed_address=sealed, source=address)


async def request_verification(session: AsyncSession, email: str, *, address: str) -> None:
    """Have a link mailed that proves the address, in the same way."""
    if await _has_room(session, email, VERIFY_MAILS, address):
        sealed = seal_address(get_runtime(session).keys, email)
        await enqueue(session, mail_verification_link, sealed_address=sealed, source=address)


async def _has_room(session: AsyncSession, email: str, limits: tuple[Limit, ...], source: str) -> bool:
    """Whether this mail box may get another mail; it is counted, also where nobody has the address."""
    await take_turns(session, f"{PER_SOURCE.scope} {site_of(source) or source}", f"{limits[0].scope} {email}")
    seconds = await wait_at(session, PER_SOURCE, source)
    if seconds:
        message = "Too many links were asked for from here. Wait a little, then try again."
        raise TooManyRequests(seconds, message)
    if await longest_wait(session, limits, email):
        return False
    await note_at(session, PER_SOURCE, source)
    await note(session, limits[0].scope, email)
    return True


async def reset_password(session: AsyncSession, link: Link, password_hash: str, *, address: str) -> None:
    """Use a link to set a password; every session ends, a second factor of the owner's stays; raises InvalidToken.

    Whoever reads the mail owns the address, so it counts as proven from now on.
    """
    user = await _use(session, link)
    await set_password(session, user, password_hash)
    await prove_address(session, user, is_invited=link.purpose is TokenPurpose.INVITATION)
    await forgive(session, user.email, address)
    await record_audit(session, "auth.password_reset", actor_id=user.id, target=("user", user.id), address=address)


async def confirm_email(session: AsyncSession, token: str, *, address: str) -> None:
    """Use a link to prove an address, which the first time voids what was there before; raises InvalidToken."""
    user = await _use(session, await find_link(session, token, TokenPurpose.VERIFY_EMAIL))
    if not await prove_address(session, user):
        return
    await record_audit(session, "auth.email_confirmed", actor_id=user.id, target=("user", user.id), address=address)
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
