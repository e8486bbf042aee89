"""Emails about accounts: links, codes, and security notices to the owner."""

from uuid import UUID

from sqlalchemy import select

from studium.access.codes import mailed_code, mailed_token
from studium.events import (
    EmailConfirmed,
    EmailVerificationRequested,
    ErasureCancelled,
    ErasureRequested,
    MfaCodeRequested,
    MfaDisabled,
    MfaEnabled,
    MfaReset,
    NewDeviceSeen,
    PasskeyAdded,
    PasswordChanged,
    PasswordResetRequested,
    SessionReuseDetected,
    UserInvited,
)
from studium.kit.base.clock import now
from studium.kit.base.languages import day_in, time_in
from studium.kit.jobs.events import on
from studium.kit.runtime import Runtime
from studium.kit.text.devices import device_name
from studium.models import Erasure, OneTimeToken, User, UserSession
from studium.modules.notifications.email_templates import Fact
from studium.modules.notifications.sending import Recipient, active_person, send_email

_SECURITY = "/account/security"
_WAY_BACK = "/reset"
"""Where a password is asked for: whoever did not do what the mail tells may not be able to log in any more."""


@on(EmailVerificationRequested, "notifications.mail_verification", has_external_effects=True)
async def mail_verification(runtime: Runtime, event: EmailVerificationRequested) -> None:
    """The link that proves an address. It names nobody: who typed the address may be anybody."""
    await _mail_link(runtime, event.token_id, "verify_email", "/confirm-email")


@on(UserInvited, "notifications.mail_invitation", has_external_effects=True)
async def mail_invitation(runtime: Runtime, event: UserInvited) -> None:
    """The link to choose a first password."""
    await _mail_link(runtime, event.token_id, "invitation", "/set-password")


@on(PasswordResetRequested, "notifications.mail_reset", has_external_effects=True)
async def mail_reset(runtime: Runtime, event: PasswordResetRequested) -> None:
    """The link to choose a new password."""
    await _mail_link(runtime, event.token_id, "reset_password", "/reset-password")


async def _mail_link(runtime: Runtime, token_id: UUID, letter: str, path: str) -> None:
    """Mail a token to the address that it is bound to, while it is good."""
    good = (
        OneTimeToken.id == token_id,
        OneTimeToken.used_at.is_(None),
        OneTimeToken.expires_at > now(),
        OneTimeToken.email == User.email,
        User.is_active,
    )
    async with runtime.database.read_session() as session:
        statement = select(OneTimeToken, User).join(User, User.id == OneTimeToken.user_id).where(*good)
        row = (await session.execute(statement)).one_or_none()
        if row is None:
            return
        to, token = Recipient.of(row[1]), mailed_token(runtime.keys, row[0])
    await send_email(runtime, letter, to, page=f"{path}?token={token}")


@on(EmailConfirmed, "notifications.mail_welcome", has_external_effects=True)
async def mail_welcome(runtime: Runtime, event: EmailConfirmed) -> None:
    """A welcome, once the address is proven."""
    await _mail_news(runtime, event.user_id, "welcome", "/courses")


@on(PasswordChanged, "notifications.mail_password_changed", has_external_effects=True)
async def mail_password_changed(runtime: Runtime, event: PasswordChanged) -> None:
    """Tell the owner that the password was changed."""
    await _mail_news(runtime, event.user_id, "password_changed", _WAY_BACK)


@on(MfaCodeRequested, "notifications.mail_mfa_code", has_external_effects=True)
async def mail_mfa_code(runtime: Runtime, event: MfaCodeRequested) -> None:
    """The six digits, which follow from the code's id. No link: they are typed where they were asked for."""
    await _mail_news(runtime, event.user_id, "mfa_code", None, code=mailed_code(runtime.keys, event.code_id))


@on(MfaEnabled, "notifications.mail_mfa_enabled", has_external_effects=True)
async def mail_mfa_enabled(runtime: Runtime, event: MfaEnabled) -> None:
    """Tell the owner that the second factor was turned on."""
    await _mail_news(runtime, event.user_id, "mfa_enabled", _WAY_BACK)


@on(MfaDisabled, "notifications.mail_mfa_disabled", has_external_effects=True)
async def mail_mfa_disabled(runtime: Runtime, event: MfaDisabled) -> None:
    """Tell the owner that the second factor was turned off."""
    await _mail_news(runtime, event.user_id, "mfa_disabled", _WAY_BACK)


@on(MfaReset, "notifications.mail_mfa_reset", has_external_effects=True)
async def mail_mfa_reset(runtime: Runtime, event: MfaReset) -> None:
    """Tell the owner that an admin removed the second factor, which they may not have asked for."""
    await _mail_news(runtime, event.user_id, "mfa_reset", "/account/second-factor")


@on(PasskeyAdded, "notifications.mail_passkey_added", has_external_effects=True)
async def mail_passkey_added(runtime: Runtime, event: PasskeyAdded) -> None:
    """Tell the owner that there is another way in."""
    await _mail_news(runtime, event.user_id, "passkey_added", "/account/passkeys")


async def _mail_news(runtime: Runtime, user_id: UUID, letter: str, page: str | None, **facts: Fact) -> None:
    async with runtime.database.read_session() as session:
        to = await active_person(session, user_id)
    await send_email(runtime, letter, to, page=page, **facts)


@on(ErasureRequested, "notifications.mail_erasure_requested", has_external_effects=True)
async def mail_erasure_requested(runtime: Runtime, event: ErasureRequested) -> None:
    """Tell the owner until when they can stay; nothing where it was cancelled meanwhile."""
    pending = Erasure.id == event.erasure_id, Erasure.cancelled_at.is_(None), Erasure.done_at.is_(None)
    async with runtime.database.read_session() as session:
        row = (await session.execute(select(Erasure).where(*pending))).scalar_one_or_none()
        to = None if row is None else await active_person(session, row.user_id)
    if row is not None and to is not None:
        day = day_in(to.language, row.due_at)
        await send_email(runtime, "erasure_requested", to, page="/account/privacy", day=day)


@on(ErasureCancelled, "notifications.mail_erasure_cancelled", has_external_effects=True)
async def mail_erasure_cancelled(runtime: Runtime, event: ErasureCancelled) -> None:
    """Tell the owner that they stay."""
    async with runtime.database.read_session() as session:
        row = await session.get_one(Erasure, event.erasure_id)
        to = await active_person(session, row.user_id)
    await send_email(runtime, "erasure_cancelled", to, page=_SECURITY)


@on(NewDeviceSeen, "notifications.mail_new_device", has_external_effects=True)
async def mail_new_device(runtime: Runtime, event: NewDeviceSeen) -> None:
    """Tell the owner of a log-in from an unknown device."""
    async with runtime.database.read_session() as session:
        found = await session.get(UserSession, event.session_id)
        to = None if found is None else await active_person(session, found.user_id)
    if found is None or to is None:
        return
    day, time = day_in(to.language, found.created_at, to.zone), time_in(found.created_at, to.zone)
    facts = {"device": device_name(found.user_agent), "address": found.address or "", "zone": to.timezone}
    await send_email(runtime, "new_device", to, page=_SECURITY, day=day, time=time, **facts)


@on(SessionReuseDetected, "notifications.mail_session_reused", has_external_effects=True)
async def mail_session_reused(runtime: Runtime, event: SessionReuseDetected) -> None:
    """Tell the owner that a refresh token was used twice."""
    async with runtime.database.read_session() as session:
        statement = select(UserSession.user_id, UserSession.user_agent).where(UserSession.id == event.session_id)
        row = (await session.execute(statement)).one_or_none()
        to = None if row is None else await active_person(session, row.user_id)
    if row is not None:
        await send_email(runtime, "session_reused", to, page=_SECURITY, device=device_name(row.user_agent))
