"""Mailed links: issuing them in a job, and telling whether one is good."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from studium.access.audit import record_audit
from studium.access.codes import mailed_token_ids
from studium.events import PasswordResetRequested
from studium.kit.base.clock import now
from studium.kit.jobs.events import publish
from studium.kit.runtime import get_runtime
from studium.kit.security.tokens import Keys
from studium.models import OneTimeToken, TokenPurpose, User
from studium.modules.auth.errors import InvalidToken
from studium.modules.users.actions import ask_to_verify, issue_token, void_tokens

CHOOSING = (TokenPurpose.RESET_PASSWORD, TokenPurpose.INVITATION)
_ADDRESS = "job-address"


@dataclass(frozen=True, slots=True)
class Link:
    """A mailed token that is good at this moment, and whose it is."""

    token_id: UUID
    user_id: UUID
    email: str
    full_name: str
    purpose: TokenPurpose


async def find_link(session: AsyncSession, token: str, *purposes: TokenPurpose) -> Link:
    """The unused token behind this text, for an active account that still has the address; raise InvalidToken."""
    statement = (
        select(OneTimeToken.id, User.id, User.email, User.full_name, OneTimeToken.purpose)
        .join(User, User.id == OneTimeToken.user_id)
        .where(
            OneTimeToken.id.in_(mailed_token_ids(get_runtime(session).keys, token, *purposes)),
            OneTimeToken.purpose.in_(purposes),
            OneTimeToken.used_at.is_(None),
            OneTimeToken.expires_at > now(),
            OneTimeToken.email == User.email,
            User.is_active,
        )
    )
    row = (await session.execute(statement)).one_or_none()
    if row is None:
        raise invalid_link()
    return Link(*row)


def invalid_link() -> InvalidToken:
    """The one answer to every link that is not good."""
    return InvalidToken("The link is not valid any more; ask for a new one.")


def seal_address(keys: Keys, email: str) -> str:
    """An address for a job's row, which holds no addresses in clear."""
    return keys.encrypt(_ADDRESS, email)


async def issue_reset_link(session: AsyncSession, sealed_address: str, source: str) -> None:
    """Make the newest link of this account, if there is one; older links are void."""
    user = await _addressee(session, sealed_address)
    if user is not None:
        await void_tokens(session, user.id, TokenPurpose.RESET_PASSWORD)
        token = await issue_token(session, user, TokenPurpose.RESET_PASSWORD)
        await record_audit(session, "auth.reset_requested", actor_id=None, target=("user", user.id), address=source)
        await publish(session, PasswordResetRequested(token_id=token.id))


async def issue_verification_link(session: AsyncSession, sealed_address: str, source: str) -> None:
    """Make a link that proves the address, if there is an account to prove it for."""
    user = await _addressee(session, sealed_address)
    if user is not None and user.email_verified_at is None:
        await record_audit(
            session, "auth.verification_requested", actor_id=None, target=("user", user.id), address=source
        )
        await ask_to_verify(session, user)


async def _addressee(session: AsyncSession, sealed_address: str) -> User | None:
    """The active account of this address, locked."""
    email = get_runtime(session).keys.decrypt(_ADDRESS, sealed_address)
    known = select(User).where(User.email == email, User.is_active).with_for_update(key_share=True)
    return (await session.execute(known)).scalar_one_or_none()
