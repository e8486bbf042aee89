"""What people do with the second factor: turn it on, pass it, turn it off."""

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from studium.access.actor import Actor
from studium.access.audit import DONE, REFUSED, record_audit
from studium.access.password_attempts import Guess, settle
from studium.events import MfaDisabled, MfaEnabled
from studium.kit.base.ids import new_id
from studium.kit.jobs.events import publish
from studium.kit.runtime import get_runtime
from studium.models import MfaMethod, User, UserSession
from studium.modules.auth.actions import enter
from studium.modules.auth.challenges import (
    SECONDS,
    close,
    is_password_mark,
    note_wrong_code,
    read_challenge,
    require_open,
    require_tries_left,
    send_code,
)
from studium.modules.auth.errors import (
    AddressNotProven,
    InvalidChallenge,
    InvalidMfaCode,
    MfaAlreadyEnabled,
    MfaCodeSent,
    MfaNotEnabled,
    WrongSecondFactor,
)
from studium.modules.auth.factors import (
    SECRET,
    Occasion,
    Waiting,
    is_first_code,
    is_second_factor,
    renew_recovery_codes,
    waiting_of,
)
from studium.modules.auth.schemas import MfaPendingResponse, MfaVerifyRequest
from studium.modules.auth.sessions import Client, note_password
from studium.modules.auth.totp import new_secret, provisioning_uri, qr_svg
from studium.modules.users.actions import WrongPassword, drop_second_factor, revoke_sessions

_ACTIONS = {
    Occasion.ENABLE: "auth.mfa_enabled",
    Occasion.DISABLE: "auth.mfa_disabled",
    Occasion.REAUTHENTICATE: "auth.reauthenticated",
}


async def begin_mfa(session: AsyncSession, actor: Actor, guess: Guess, method: MfaMethod) -> MfaPendingResponse:
    """Prepare a second factor, which counts once its first code came back.

    Raises WrongPassword, MfaAlreadyEnabled, and AddressNotProven: a second factor on somebody else's address would
    keep its owner out.
    """
    user = await _proven(session, actor, guess, "auth.mfa_enabled")
    if user.mfa_enabled:
        raise MfaAlreadyEnabled
    if user.email_verified_at is None:
        message = "Follow the link in the mail that we sent you, then set the second factor up."
        raise AddressNotProven(message)
    await note_password(session, actor)
    user.mfa_method, user.mfa_last_step = method, None
    keys = get_runtime(session).keys
    if method is MfaMethod.EMAIL:
        await _mail_fresh_code(session, user, Occasion.ENABLE)
        return MfaPendingResponse(method=method, expires_in_seconds=SECONDS)
    secret = new_secret()
    user.mfa_secret = Waiting(secret, Occasion.ENABLE).seal(keys)
    await session.flush()
    uri = provisioning_uri(secret, user.email)
    return MfaPendingResponse(
        method=method, secret=secret, otpauth_uri=uri, qr_svg=qr_svg(uri), expires_in_seconds=SECONDS
    )


async def _mail_fresh_code(session: AsyncSession, user: User, occasion: Occasion) -> None:
    """Mail a code outside any log-in; the person's row remembers which one is open, and for what."""
    code_id = new_id()
    user.mfa_secret = Waiting(str(code_id), occasion).seal(get_runtime(session).keys)
    await session.flush()
    await send_code(session, user, code_id)


async def confirm_mfa(session: AsyncSession, actor: Actor, code: str, client: Client) -> list[str]:
    """Turn the prepared factor on and return its recovery codes; raises InvalidMfaCode, MfaAlreadyEnabled."""
    user = await _locked(session, actor.id)
    if user.mfa_enabled:
        raise MfaAlreadyEnabled
    await require_tries_left(session, user)
    keys = get_runtime(session).keys
    waiting = waiting_of(keys, user, Occasion.ENABLE)
    if waiting is None or not await is_first_code(session, user, waiting, code):
        await _refuse_code(session, user, _ACTIONS[Occasion.ENABLE], client)
    elif user.mfa_method is MfaMethod.TOTP:
        user.mfa_secret = keys.encrypt(SECRET, waiting.value)
    else:
        user.mfa_secret = None
    user.mfa_enabled = True
    user.version += 1
    await session.flush()
    await record_audit(session, "auth.mfa_enabled", actor_id=user.id, target=("user", user.id), address=client.address)
    await publish(session, MfaEnabled(user_id=user.id))
    return await renew_recovery_codes(session, user)


async def pass_challenge(session: AsyncSession, payload: MfaVerifyRequest, client: Client) -> UserSession:
    """Log in with the second factor; raises InvalidChallenge, WrongSecondFactor, TooManyRequests."""
    keys = get_runtime(session).keys
    claims = read_challenge(keys, payload.challenge_token)
    user = await _locked(session, claims.user_id)
    if not user.is_active or not user.mfa_enabled or not is_password_mark(keys, user, claims.mark):
        raise InvalidChallenge
    await require_open(session, claims.id)
    await require_tries_left(session, user)
    if not await is_second_factor(session, user, payload.code, claims.id):
        await note_wrong_code(session, user, claims.id)
        await _remember(session, "auth.mfa_passed", user.id, client.address, outcome=REFUSED)
        message = "The code is wrong, used or too old."
        raise WrongSecondFactor(message)
    await close(session, claims.id)
    return await enter(session, user, client)


async def disable_mfa(session: AsyncSession, actor: Actor, guess: Guess, code: str | None, client: Client) -> None:
    """Turn the second factor off and end the other sessions.

    Raises WrongPassword, MfaNotEnabled, InvalidMfaCode; and MfaCodeSent where codes are mailed and none is open.
    """
    user = await _proven(session, actor, guess, "auth.mfa_disabled")
    if not user.mfa_enabled:
        raise MfaNotEnabled
    await _require_factor(session, user, code, Occasion.DISABLE, client)
    await drop_second_factor(session, user)
    await revoke_sessions(session, user.id, keep=actor.session_id)
    await record_audit(session, "auth.mfa_disabled", actor_id=user.id, target=("user", user.id), address=client.address)
    await publish(session, MfaDisabled(user_id=user.id))


async def reauthenticate(session: AsyncSession, actor: Actor, guess: Guess, code: str | None, client: Client) -> None:
    """Show again who one is, for the next ten minutes of this session.

    Raises WrongPassword, InvalidMfaCode; and MfaCodeSent where codes are mailed and none is open.
    """
    user = await _proven(session, actor, guess, "auth.reauthenticated")
    if user.mfa_enabled:
        await _require_factor(session, user, code, Occasion.REAUTHENTICATE, client)
    await note_password(session, actor)
    await record_audit(
        session, "auth.reauthenticated", actor_id=user.id, target=("user", user.id), address=client.address
    )


async def _require_factor(
    session: AsyncSession, user: User, code: str | None, occasion: Occasion, client: Client
) -> None:
    """Raise InvalidMfaCode unless `code` passes; where codes are mailed and none came along, mail one: MfaCodeSent."""
    await require_tries_left(session, user)
    mails = user.mfa_method is MfaMethod.EMAIL
    waiting = waiting_of(get_runtime(session).keys, user, occasion) if mails else None
    if code is None and mails:
        await _mail_fresh_code(session, user, occasion)
        message = "A code was mailed to you; send this request again with it."
        raise MfaCodeSent(message)
    if not await is_second_factor(session, user, code or "", UUID(waiting.value) if waiting else None):
        await _refuse_code(session, user, _ACTIONS[occasion], client)
    if waiting is not None:
        # A mailed code works once.
        user.mfa_secret = None
        await session.flush()


async def _proven(session: AsyncSession, actor: Actor, guess: Guess, action: str) -> User:
    """The caller, locked, whose password was right; raise WrongPassword otherwise."""
    user = await settle(session, guess)
    if user is None:
        await _remember(session, action, actor.id, guess.source, outcome=REFUSED)
        message = "The password is wrong."
        raise WrongPassword(message)
    return user


async def _refuse_code(session: AsyncSession, user: User, action: str, client: Client) -> None:
    await note_wrong_code(session, user)
    await record_audit(
        session, action, actor_id=user.id, target=("user", user.id), outcome=REFUSED, address=client.address
    )
    message = "The code is wrong, used or too old."
    raise InvalidMfaCode(message)


async def _locked(session: AsyncSession, user_id: UUID) -> User:
    """The person's row, locked: the mutex of everything about their second factor."""
    statement = select(User).where(User.id == user_id).with_for_update(key_share=True)
    return (await session.execute(statement, execution_options={"populate_existing": True})).scalar_one()


async def _remember(session: AsyncSession, action: str, user_id: UUID, address: str, *, outcome: str = DONE) -> None:
    await record_audit(session, action, actor_id=user_id, target=("user", user_id), outcome=outcome, address=address)
