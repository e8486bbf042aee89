"""The second factor, and showing again who one is."""

from typing import Annotated

from fastapi import Depends
from sqlalchemy import select

from studium.access.actor import Actor, ClientAddress, CurrentUser, Newcomer
from studium.access.password_attempts import Guess, make_guess
from studium.kit.http.dependencies import SessionDep
from studium.kit.http.routing import Router
from studium.kit.runtime import Runtime
from studium.models import User
from studium.modules.auth import actions_mfa
from studium.modules.auth.routes import ClientDep, RuntimeDep
from studium.modules.auth.schemas import (
    MfaConfirmRequest,
    MfaDisableRequest,
    MfaEnabledResponse,
    MfaEnableRequest,
    MfaPendingResponse,
    MfaVerifyRequest,
    ReauthenticateRequest,
    TokenResponse,
)
from studium.modules.auth.sessions import issue_tokens

router = Router("/auth", tag="auth")


async def own_guess(runtime: Runtime, actor: Actor, address: str, password: str) -> Guess:
    """The caller's own password, judged while no transaction is open."""
    async with runtime.database.read_session() as session:
        email = (await session.execute(select(User.email).where(User.id == actor.id))).scalar_one()
    return await make_guess(runtime, email, address, password)


async def enabling_guess(
    runtime: RuntimeDep, actor: Newcomer, address: ClientAddress, payload: MfaEnableRequest
) -> Guess:
    """The caller's password, judged while no transaction is open."""
    return await own_guess(runtime, actor, address, payload.password)


async def disabling_guess(
    runtime: RuntimeDep, actor: CurrentUser, address: ClientAddress, payload: MfaDisableRequest
) -> Guess:
    """The caller's password, judged while no transaction is open."""
    return await own_guess(runtime, actor, address, payload.password)


async def repeated_guess(
    runtime: RuntimeDep, actor: Newcomer, address: ClientAddress, payload: ReauthenticateRequest
) -> Guess:
    """The caller's password, judged while no transaction is open."""
    return await own_guess(runtime, actor, address, payload.password)


@router.post("/mfa/enable")
async def enable_mfa(
    actor: Newcomer, guess: Annotated[Guess, Depends(enabling_guess)], session: SessionDep, payload: MfaEnableRequest
) -> MfaPendingResponse:
    """Prepare a second factor; it counts once `mfa/confirm` has seen its first code."""
    return await actions_mfa.begin_mfa(session, actor, guess, payload.method)


@router.post("/mfa/confirm")
async def confirm_mfa(
    actor: Newcomer, client: ClientDep, session: SessionDep, payload: MfaConfirmRequest
) -> MfaEnabledResponse:
    """Turn the second factor on that was prepared within ten minutes; the recovery codes are shown this once."""
    codes = await actions_mfa.confirm_mfa(session, actor, payload.code, client)
    return MfaEnabledResponse(recovery_codes=codes)


@router.post("/mfa/verify")
async def verify_mfa(client: ClientDep, session: SessionDep, payload: MfaVerifyRequest) -> TokenResponse:
    """Pass a log-in's challenge with a code of the app, a mailed code or a recovery code."""
    return await issue_tokens(session, await actions_mfa.pass_challenge(session, payload, client))


@router.post("/mfa/disable", status_code=204)
async def disable_mfa(
    actor: CurrentUser,
    guess: Annotated[Guess, Depends(disabling_guess)],
    client: ClientDep,
    session: SessionDep,
    payload: MfaDisableRequest,
) -> None:
    """Turn the second factor off; the other sessions end. Where codes are mailed, ask without `code` first."""
    await actions_mfa.disable_mfa(session, actor, guess, payload.code, client)


@router.post("/reauthenticate", status_code=204)
async def reauthenticate(
    actor: Newcomer,
    guess: Annotated[Guess, Depends(repeated_guess)],
    client: ClientDep,
    session: SessionDep,
    payload: ReauthenticateRequest,
) -> None:
    """Show again who one is, for what protects accounts. Where codes are mailed, ask without `code` first."""
    await actions_mfa.reauthenticate(session, actor, guess, payload.code, client)
