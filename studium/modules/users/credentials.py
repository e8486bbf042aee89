"""Sessions and one-time tokens: create and revoke."""

from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, delete, or_, select, true, update
from sqlalchemy.ext.asyncio import AsyncSession

from studium.events import AddressProven, EmailVerificationRequested, PasswordChanged, UserInvited
from studium.kit.base import languages
from studium.kit.base.clock import now
from studium.kit.base.config import Settings
from studium.kit.base.ids import new_id
from studium.kit.db.database import raise_on_conflict
from studium.kit.jobs.events import publish
from studium.kit.jobs.tables import JobRow
from studium.models import (
    AddressChange,
    CourseInvitation,
    OneTimeToken,
    Passkey,
    PeopleImportRow,
    RecoveryCode,
    RefreshToken,
    Role,
    Source,
    TokenPurpose,
    User,
    UserSession,
)
from studium.modules.users.errors import EmailTaken

LIFETIMES = {
    TokenPurpose.VERIFY_EMAIL: timedelta(hours=24),
    TokenPurpose.RESET_PASSWORD: timedelta(minutes=30),
    TokenPurpose.INVITATION: timedelta(days=7),
}
BROUGHT_IN = frozenset({Source.CSV, Source.SSO, Source.SCIM})
"""Accounts that came from the school's own system: they need not be proved within some days."""

_NEVER = datetime(1970, 1, 1, tzinfo=UTC)
_PLAIN = {"synchronize_session": False}


async def issue_token(session: AsyncSession, user: User, purpose: TokenPurpose) -> OneTimeToken:
    """Store a single-use token bound to the account's present address. Its text goes out by mail only."""
    at = now()
    token = OneTimeToken(id=new_id(), user_id=user.id, purpose=purpose, email=user.email, created_at=at)
    token.expires_at = at + LIFETIMES[purpose]
    session.add(token)
    await session.flush()
    return token


async def ask_to_verify(session: AsyncSession, user: User) -> None:
    """Mail the owner a link that proves the address."""
    token = await issue_token(session, user, TokenPurpose.VERIFY_EMAIL)
    await publish(session, EmailVerificationRequested(token_id=token.id))


async def invite(session: AsyncSession, user: User) -> None:
    """Mail the owner a link to choose a first password. Whoever was invited once is never invited by an import."""
    user.invited_at = now()
    token = await issue_token(session, user, TokenPurpose.INVITATION)
    await publish(session, UserInvited(token_id=token.id))


async def revoke_sessions(session: AsyncSession, user_id: UUID, *, keep: UUID | None = None) -> None:
    """End every session of a person, but for `keep`, from the next request on. Hold the person's row first."""
    await end_sessions(session, UserSession.user_id == user_id, UserSession.id != keep if keep else true())


async def end_sessions(session: AsyncSession, *which: ColumnElement[bool]) -> bool:
    """End the live sessions that `which` describes, and their tokens; say whether there was one.

    The session's row comes first, because a rotation takes it first too: no token can slip in between.
    """
    at = now()
    ending = update(UserSession).where(*which, UserSession.revoked_at.is_(None)).values(revoked_at=at)
    ended = (await session.execute(ending.returning(UserSession.id), execution_options=_PLAIN)).scalars().all()
    tokens = RefreshToken.session_id.in_(ended), RefreshToken.revoked_at.is_(None)
    await session.execute(update(RefreshToken).where(*tokens).values(revoked_at=at), execution_options=_PLAIN)
    return bool(ended)


async def set_password(session: AsyncSession, user: User, password_hash: str, *, keep: UUID | None = None) -> None:
    """Give a person another password: sessions but for `keep` end, mailed links are void, the owner is told by email.

    Hold the person's row. `user.version` rises.
    """
    user.password_hash = password_hash
    user.version += 1
    await session.flush()
    await revoke_sessions(session, user.id, keep=keep)
    await void_tokens(session, user.id, TokenPurpose.RESET_PASSWORD, TokenPurpose.INVITATION)
    await end_address_changes(session, AddressChange.user_id == user.id)
    await publish(session, PasswordChanged(user_id=user.id))


async def drop_second_factor(session: AsyncSession, user: User) -> None:
    """Forget a person's second factor, on or being set up, and its recovery codes. Hold the person's row."""
    user.mfa_enabled, user.mfa_method, user.mfa_secret, user.mfa_last_step = False, None, None, None
    user.version += 1
    await session.flush()
    await drop_recovery_codes(session, user)


async def drop_passkeys(session: AsyncSession, user: User) -> bool:
    """Forget a person's passkeys; say whether there was one. Hold the person's row."""
    gone = delete(Passkey).where(Passkey.user_id == user.id).returning(Passkey.id)
    return bool((await session.execute(gone, execution_options=_PLAIN)).scalars().all())


async def drop_recovery_codes(session: AsyncSession, user: User) -> None:
    """Forget a person's recovery codes."""
    await session.execute(delete(RecoveryCode).where(RecoveryCode.user_id == user.id))


async def prove_address(session: AsyncSession, user: User, *, is_invited: bool = False) -> bool:
    """The person has shown that the mailbox is theirs; say whether it was the first time. Hold the person's row.

    Whoever made the account may have been somebody else. So sessions, second factor and metadata from before the first
    proof are void. Of the metadata the language stays, because the mails are in it, and all of it where an admin, who
    wrote it, invited the person.
    """
    if user.email_verified_at is not None:
        return False
    user.email_verified_at = now()
    if not is_invited:
        language = languages.spoken((user.profile_metadata or {}).get("language"))
        user.profile_metadata = {"language": language} if language else None
    await drop_second_factor(session, user)
    await revoke_sessions(session, user.id)
    await publish(session, AddressProven(user_id=user.id))
    return True


async def change_address(session: AsyncSession, user: User, email: str) -> EmailTaken | None:
    """Give a person another address, which they have shown to be theirs; return why not where somebody has it.

    Sessions end, mailed links are void. The row is locked, its key too. `user.version` rises.
    """
    left = user.email
    try:
        async with raise_on_conflict(session, EmailTaken("There is an account with this e-mail address already.")):
            user.email = email
            user.version += 1
    except EmailTaken as taken:
        await session.refresh(user)
        return taken
    if not await prove_address(session, user):
        user.email_verified_at = now()
        await session.flush()
        await publish(session, AddressProven(user_id=user.id))
    await leave_addresses(session, {user.id: left})
    return None


async def leave_addresses(session: AsyncSession, left: Mapping[UUID, str]) -> None:
    """What follows for people who have another address than the one they left, whoever gave it to them.

    Sessions end, links that were mailed are void, and the address that was left is forgotten. Hold their rows.
    """
    if left:
        await end_sessions(session, UserSession.user_id.in_(left))
        await _void(session, OneTimeToken.user_id.in_(left), *TokenPurpose)
        await end_address_changes(session, AddressChange.user_id.in_(left))
        await forget_addresses(session, left)


async def forget_addresses(session: AsyncSession, left: Mapping[UUID, str]) -> None:
    """Forget where people's addresses stand in what is nobody's: lines of imports, invitations, mails that failed.

    An address that is left goes at once: an erasure later knows the present one alone.
    """
    emails = list(left.values())
    nobodys = or_(PeopleImportRow.user_id.is_(None), PeopleImportRow.user_id.not_in(left))
    says = or_(*(JobRow.error.contains(email, autoescape=True) for email in emails))
    for each in (
        delete(PeopleImportRow).where(PeopleImportRow.email.in_(emails), nobodys),
        delete(CourseInvitation).where(CourseInvitation.email.in_(emails)),
        update(JobRow).where(says).values(error=None),
    ):
        await session.execute(each, execution_options=_PLAIN)


async def open_links(session: AsyncSession, user_ids: Collection[UUID], purpose: TokenPurpose) -> set[UUID]:
    """Who of these people has a link for this purpose that was mailed and not used."""
    unused = OneTimeToken.user_id.in_(user_ids), OneTimeToken.purpose == purpose, OneTimeToken.used_at.is_(None)
    return set((await session.execute(select(OneTimeToken.user_id).where(*unused))).scalars())


async def end_address_changes(session: AsyncSession, *which: ColumnElement[bool]) -> None:
    """Make wishes for another address worthless, with their links."""
    ending = update(AddressChange).where(*which, AddressChange.ended_at.is_(None)).values(ended_at=now())
    await session.execute(ending, execution_options=_PLAIN)


def is_overdue(settings: Settings, user: User) -> bool:
    """Whether a student has not proved the address in time: such an account is closed until it is proved.

    An account that came from the school's own system has all the time.
    """
    is_open = user.role is not Role.STUDENT or user.email_verified_at is not None or user.source in BROUGHT_IN
    return not is_open and user.created_at <= overdue_before(settings)


def overdue_before(settings: Settings) -> datetime:
    """Accounts made before this moment have had their time to prove the address."""
    return now() - timedelta(days=settings.unconfirmed_days) if settings.unconfirmed_days else _NEVER


async def shut_out(session: AsyncSession, user: User) -> None:
    """End everything that lets a deactivated person in, so that nothing of it comes back when they do."""
    await revoke_sessions(session, user.id)
    await void_tokens(session, user.id, TokenPurpose.RESET_PASSWORD, TokenPurpose.INVITATION)
    await end_address_changes(session, AddressChange.user_id == user.id)


async def shut_out_all(session: AsyncSession, user_ids: Sequence[UUID]) -> None:
    """The same for many people at once. Hold their rows."""
    if user_ids:
        await end_sessions(session, UserSession.user_id.in_(user_ids))
        await _void(session, OneTimeToken.user_id.in_(user_ids), TokenPurpose.RESET_PASSWORD, TokenPurpose.INVITATION)
        await end_address_changes(session, AddressChange.user_id.in_(user_ids))


async def void_tokens(session: AsyncSession, user_id: UUID, *purposes: TokenPurpose) -> None:
    """Make the person's unused tokens for these purposes worthless."""
    await _void(session, OneTimeToken.user_id == user_id, *purposes)


async def _void(session: AsyncSession, whose: ColumnElement[bool], *purposes: TokenPurpose) -> None:
    unused = whose, OneTimeToken.purpose.in_(purposes), OneTimeToken.used_at.is_(None)
    await session.execute(update(OneTimeToken).where(*unused).values(used_at=now()), execution_options=_PLAIN)
