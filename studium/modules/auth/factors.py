"""Holding a code against what a person has: the app's secret, a mailed code, recovery codes. Each code works once."""

import hmac
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from studium.kit.base.clock import now
from studium.kit.base.ids import new_id
from studium.kit.runtime import get_runtime
from studium.kit.security.tokens import Keys, TokenInvalid
from studium.models import MfaMethod, RecoveryCode, User
from studium.modules.auth.challenges import SECONDS, is_mailed_code
from studium.modules.auth.sessions import keep_version
from studium.modules.auth.totp import matching_step, new_recovery_codes, plain_recovery_code
from studium.modules.users.actions import drop_recovery_codes

SECRET = "mfa-secret"  # noqa: S105 -- the name of a purpose, not a secret.
WAITING = "mfa-waiting"
RECOVERY = "recovery-code"
_DIGITS = 6


class Occasion(StrEnum):
    """What a code is wanted for outside a log-in. One that was mailed for another occasion does not count."""

    ENABLE = "enable"
    DISABLE = "disable"
    REAUTHENTICATE = "reauthenticate"


@dataclass(frozen=True, slots=True)
class Waiting:
    """What a person has yet to prove: a new app's secret, or the id of a mailed code."""

    value: str
    occasion: Occasion

    def seal(self, keys: Keys) -> str:
        """The text to keep in `User.mfa_secret`; good for ten minutes."""
        return keys.encrypt(WAITING, f"{int(now().timestamp()) + SECONDS}:{self.occasion}:{self.value}")


def waiting_of(keys: Keys, user: User, occasion: Occasion) -> Waiting | None:
    """What the person has yet to prove on this occasion, unless nothing waits or its ten minutes are over."""
    try:
        ends, meant, value = keys.decrypt(WAITING, user.mfa_secret or "").split(":")
    except (TokenInvalid, ValueError):
        return None
    return Waiting(value, occasion) if meant == occasion and int(ends) > now().timestamp() else None


async def is_second_factor(session: AsyncSession, user: User, code: str, code_id: UUID | None) -> bool:
    """Whether `code` passes for a person with the second factor on, whose row is locked; using it up.

    `code_id` is the mailed code that is open for this occasion, if one is.
    """
    if not _is_digits(code):
        return await _use_recovery_code(session, user, code)
    if user.mfa_method is MfaMethod.TOTP:
        return await is_totp(session, user, get_runtime(session).keys.decrypt(SECRET, user.mfa_secret or ""), code)
    return code_id is not None and await is_mailed_code(get_runtime(session), code_id, code)


async def is_first_code(session: AsyncSession, user: User, waiting: Waiting, code: str) -> bool:
    """Whether `code` proves the factor that waits to be turned on."""
    if not _is_digits(code):
        return False
    if user.mfa_method is MfaMethod.TOTP:
        return await is_totp(session, user, waiting.value, code)
    return await is_mailed_code(get_runtime(session), UUID(waiting.value), code)


async def is_totp(session: AsyncSession, user: User, secret: str, code: str) -> bool:
    """Whether `code` belongs to a time step that was not used yet; it is used now."""
    step = matching_step(secret, code, now(), user.mfa_last_step)
    if step is not None:
        await keep_version(session, user, mfa_last_step=step)
    return step is not None


async def renew_recovery_codes(session: AsyncSession, user: User) -> list[str]:
    """Replace a person's recovery codes; only their sealed digests stay."""
    await drop_recovery_codes(session, user)
    codes, keys = new_recovery_codes(), get_runtime(session).keys
    for code in codes:
        kept = keys.encrypt(RECOVERY, _digest(_said(user, code)))
        session.add(RecoveryCode(id=new_id(), user_id=user.id, code_hash=kept, created_at=now()))
    await session.flush()
    return codes


async def _use_recovery_code(session: AsyncSession, user: User, code: str) -> bool:
    """Whether it is one of the person's unused codes; it is used now. The person's row is the mutex."""
    keys, said = get_runtime(session).keys, _said(user, code)
    unused = RecoveryCode.user_id == user.id, RecoveryCode.used_at.is_(None)
    rows = (await session.execute(select(RecoveryCode.id, RecoveryCode.code_hash).where(*unused))).all()
    found = next((row.id for row in rows if _is_kept(keys, row.code_hash, said)), None)
    if found is None:
        return False
    use = update(RecoveryCode).where(RecoveryCode.id == found, *unused).values(used_at=now()).returning(RecoveryCode.id)
    result = await session.execute(use, execution_options={"synchronize_session": False})
    return result.scalar_one_or_none() is not None


def _is_kept(keys: Keys, kept: str, said: str) -> bool:
    """Whether this is what was kept of a code: its sealed digest, or a MAC as older versions made it."""
    try:
        return hmac.compare_digest(keys.decrypt(RECOVERY, kept), _digest(said))
    except TokenInvalid:
        return keys.is_mac(RECOVERY, said, kept)


def _said(user: User, code: str) -> str:
    return f"{user.id}:{plain_recovery_code(code)}"


def _digest(said: str) -> str:
    return sha256(said.encode()).hexdigest()


def _is_digits(code: str) -> bool:
    return len(code) == _DIGITS and code.isascii() and code.isdigit()
