"""Letters about accounts: links, codes, and news that an owner must hear."""

from uuid import UUID

from sqlalchemy import select

from studium.access.codes import mailed_code, mailed_token
from studium.events import (
    EmailConfirmed,
    EmailVerificationRequested,
    MfaCodeRequested,
    MfaDisabled,
    MfaEnabled,
    NewDeviceSeen,
    PasswordChanged,
    PasswordResetRequested,
    SessionReuseDetected,
    UserInvited,
)
from studium.kit.clock import now
from studium.kit.events import on
from studium.kit.languages import day_in
from studium.kit.runtime import Runtime
from studium.models import OneTimeToken, User, UserSession
from studium.modules.notifications.devices import device_name
from studium.modules.notifications.letters import Fact
from studium.modules.notifications.posting import Recipient, active_person, post


@on(EmailVerificationRequested, outside=True)
async def mail_verification(runtime: Runtime, event: EmailVerificationRequested) -> None:
    """The link that proves an address. It names nobody: who typed the address may be anybody."""
    await _mail_link(runtime, event.token_id, "verify_email", "/confirm-email")


@on(UserInvited, outside=True)
async def mail_invitation(runtime: Runtime, event: UserInvited) -> None:
    """The link to choose a first password."""
    await _mail_link(runtime, event.token_id, "invitation", "/set-password")


@on(PasswordResetRequested, outside=True)
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
    async with runtime.database.reading() as session:
        statement = select(OneTimeToken, User).join(User, User.id == OneTimeToken.user_id).where(*good)
        row = (await session.execute(statement)).one_or_none()
        if row is None:
            return
        to, token = Recipient.of(row[1]), mailed_token(runtime.keys, row[0])
    await post(runtime, letter, to, link=f"{runtime.settings.public_base_url}{path}?token={token}")


@on(EmailConfirmed, outside=True)
async def mail_welcome(runtime: Runtime, event: EmailConfirmed) -> None:
    """A welcome, once the address is proven."""
    await _mail_news(runtime, event.user_id, "welcome")


@on(PasswordChanged, outside=True)
async def mail_password_changed(runtime: Runtime, event: PasswordChanged) -> None:
    """Owners hear of every change of their password."""
    await _mail_news(runtime, event.user_id, "password_changed")


@on(MfaCodeRequested, outside=True)
async def mail_mfa_code(runtime: Runtime, event: MfaCodeRequested) -> None:
    """The six digits, which follow from the code's id."""
    await _mail_news(runtime, event.user_id, "mfa_code", code=mailed_code(runtime.keys, event.code_id))


@on(MfaEnabled, outside=True)
async def mail_mfa_enabled(runtime: Runtime, event: MfaEnabled) -> None:
    """Owners hear that log-ins take a second factor now."""
    await _mail_news(runtime, event.user_id, "mfa_enabled")


@on(MfaDisabled, outside=True)
async def mail_mfa_disabled(runtime: Runtime, event: MfaDisabled) -> None:
    """Owners hear that log-ins take a password alone now."""
    await _mail_news(runtime, event.user_id, "mfa_disabled")


async def _mail_news(runtime: Runtime, user_id: UUID, letter: str, **facts: Fact) -> None:
    async with runtime.database.reading() as session:
        to = await active_person(session, user_id)
    await post(runtime, letter, to, **facts)


@on(NewDeviceSeen, outside=True)
async def mail_new_device(runtime: Runtime, event: NewDeviceSeen) -> None:
    """Owners hear of a log-in that is like none before."""
    async with runtime.database.reading() as session:
        found = await session.get(UserSession, event.session_id)
        to = None if found is None else await active_person(session, found.user_id)
    if found is None or to is None:
        return
    day, time = day_in(to.language, found.created_at), f"{found.created_at:%H:%M}"
    device = device_name(found.user_agent)
    await post(runtime, "new_device", to, device=device, address=found.address or "", day=day, time=time)


@on(SessionReuseDetected, outside=True)
async def mail_session_reused(runtime: Runtime, event: SessionReuseDetected) -> None:
    """Owners hear that a copy of their token was about."""
    async with runtime.database.reading() as session:
        statement = select(UserSession.user_id, UserSession.user_agent).where(UserSession.id == event.session_id)
        row = (await session.execute(statement)).one_or_none()
        to = None if row is None else await active_person(session, row.user_id)
    if row is not None:
        await post(runtime, "session_reused", to, device=device_name(row.user_agent))
