"""Holding a code against what a person has: the app's secret, a mailed code, recovery codes. Each code works once."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import delete, update
from sqlalchemy.ext.asyncio import AsyncSession

from studium.kit.clock import now
from studium.kit.ids import new_id
from studium.kit.runtime import runtime_of
from studium.kit.tokens import Keys, TokenInvalid
from studium.models import MfaMethod, RecoveryCode, User
from studium.modules.auth.challenges import SECONDS, is_mailed_code
from studium.modules.auth.sessions import keep_version
from studium.modules.auth.totp import matching_step, new_recovery_codes, plain_recovery_code

SECRET = "mfa-secret"  # noqa: S105 -- the name of a purpose, not a secret.
_WAITING = "mfa-waiting"
_DIGITS = 6


@dataclass(frozen=True, slots=True)
class Waiting:
    """What a person has yet to prove: a new app's secret, or the id of a mailed code."""

    value: str

    def seal(self, keys: Keys) -> str:
        """The text to keep in `User.mfa_secret`; good for ten minutes."""
        return keys.encrypt(_WAITING, f"{int(now().timestamp()) + SECONDS}:{self.value}")


def waiting_of(keys: Keys, user: User) -> Waiting | None:
    """What the person has yet to prove, unless nothing waits or its ten minutes are over."""
    try:
        ends, _, value = keys.decrypt(_WAITING, user.mfa_secret or "").partition(":")
    except TokenInvalid:
        return None
    return Waiting(value) if int(ends) > now().timestamp() else None


async def is_second_factor(session: AsyncSession, user: User, code: str, code_id: UUID | None) -> bool:
    """Whether `code` passes for a person with the second factor on, whose row is locked; using it up.

    `code_id` is the mailed code that is open for this occasion, if one is.
    """
    if not _is_digits(code):
        return await _use_recovery_code(session, user, code)
    if user.mfa_method is MfaMethod.TOTP:
        return await is_totp(session, user, runtime_of(session).keys.decrypt(SECRET, user.mfa_secret or ""), code)
    return code_id is not None and await is_mailed_code(runtime_of(session), code_id, code)


async def is_first_code(session: AsyncSession, user: User, waiting: Waiting, code: str) -> bool:
    """Whether `code` proves the factor that waits to be turned on."""
    if not _is_digits(code):
        return False
    if user.mfa_method is MfaMethod.TOTP:
        return await is_totp(session, user, waiting.value, code)
    return await is_mailed_code(runtime_of(session), UUID(waiting.value), code)


async def is_totp(session: AsyncSession, user: User, secret: str, code: str) -> bool:
    """Whether `code` belongs to a time step that was not used yet; it is used now."""
    step = matching_step(secret, code, now(), user.mfa_last_step)
    if step is not None:
        await keep_version(session, user, mfa_last_step=step)
    return step is not None


async def renew_recovery_codes(session: AsyncSession, user: User) -> list[str]:
    """Replace a person's recovery codes; only their HMACs stay."""
    await drop_recovery_codes(session, user)
    codes = new_recovery_codes()
    for code in codes:
        row = RecoveryCode(id=new_id(), user_id=user.id, code_hash=_digest(session, user, code), created_at=now())
        session.add(row)
    await session.flush()
    return codes


async def drop_recovery_codes(session: AsyncSession, user: User) -> None:
    """Forget a person's recovery codes."""
    await session.execute(delete(RecoveryCode).where(RecoveryCode.user_id == user.id))


async def _use_recovery_code(session: AsyncSession, user: User, code: str) -> bool:
    unused = (
        RecoveryCode.user_id == user.id,
        RecoveryCode.code_hash == _digest(session, user, code),
        RecoveryCode.used_at.is_(None),
    )
    use = update(RecoveryCode).where(*unused).values(used_at=now()).returning(RecoveryCode.id)
    result = await session.execute(use, execution_options={"synchronize_session": False})
    return result.scalar_one_or_none() is not None


def _digest(session: AsyncSession, user: User, code: str) -> str:
    return runtime_of(session).keys.mac("recovery-code", f"{user.id}:{plain_recovery_code(code)}")


def _is_digits(code: str) -> bool:
    return len(code) == _DIGITS and code.isascii() and code.isdigit()
