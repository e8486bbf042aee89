"""What people do with links in mails: prove an address, choose a password again."""

from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from studium.access.audit import audit
from studium.access.guesses import forgive
from studium.access.throttle import Limit, longest_wait, note
from studium.events import EmailConfirmed, PasswordResetRequested
from studium.kit.clock import now
from studium.kit.events import publish
from studium.models import OneTimeToken, TokenPurpose, User
from studium.modules.auth.errors import InvalidToken
from studium.modules.users.actions import ask_to_verify, issue_token, set_password, void_tokens

_MINUTE, _DAY = timedelta(minutes=1), timedelta(days=1)
RESET_MAILS = (Limit("mail:reset", 1, _MINUTE), Limit("mail:reset", 5, _DAY))
VERIFY_MAILS = (Limit("mail:verify", 1, _MINUTE), Limit("mail:verify", 5, _DAY))
CHOOSING = (TokenPurpose.RESET_PASSWORD, TokenPurpose.INVITATION)


@dataclass(frozen=True, slots=True)
class Link:
    """A mailed token that is good at this moment, and whose it is."""

    token_id: UUID
    user_id: UUID
    email: str
    full_name: str


async def find_link(session: AsyncSession, token: str, *purposes: TokenPurpose) -> Link:
    """The unused token behind this text, for an active account that still has the address; raise InvalidToken."""
    statement = (
        select(OneTimeToken.id, User.id, User.email, User.full_name)
        .join(User, User.id == OneTimeToken.user_id)
        .where(
            OneTimeToken.token_hash == sha256(token.encode()).hexdigest(),
            OneTimeToken.purpose.in_(purposes),
            OneTimeToken.used_at.is_(None),
            OneTimeToken.expires_at > now(),
            OneTimeToken.email == User.email,
            User.is_active,
        )
    )
    row = (await session.execute(statement)).one_or_none()
    if row is None:
        raise _invalid()
    return Link(*row)


def _invalid() -> InvalidToken:
    return InvalidToken("The link is not valid any more; ask for a new one.")


async def request_reset(session: AsyncSession, email: str, *, address: str) -> None:
    """Mail a link to choose a new password, if there is such an account; silently nothing otherwise, or too often.

    A newer link voids the older ones.
    """
    user = await _addressee(session, email, RESET_MAILS)
    if user is not None:
        await void_tokens(session, user.id, TokenPurpose.RESET_PASSWORD)
        token = await issue_token(session, user, TokenPurpose.RESET_PASSWORD)
        audit(session, "auth.reset_requested", actor_id=None, target=("user", user.id), address=address)
        await publish(session, PasswordResetRequested(token_id=token.id))


async def request_verification(session: AsyncSession, email: str, *, address: str) -> None:
    """Mail a link that proves the address, if there is an account to prove it for; silently nothing otherwise."""
    user = await _addressee(session, email, VERIFY_MAILS)
    if user is not None and user.email_verified_at is None:
        audit(session, "auth.verification_requested", actor_id=None, target=("user", user.id), address=address)
        await ask_to_verify(session, user)


async def _addressee(session: AsyncSession, email: str, limits: tuple[Limit, ...]) -> User | None:
    """The active account of this address, locked, while its mail box has room. Unknown addresses are counted alike."""
    known = select(User).where(User.email == email, User.is_active).with_for_update(key_share=True)
    user = (await session.execute(known)).scalar_one_or_none()
    if await longest_wait(session, limits, email):
        return None
    await note(session, limits[0].scope, email)
    return user


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
        raise _invalid()
    return user
