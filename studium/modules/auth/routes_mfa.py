"""The second factor."""

from typing import Annotated

from fastapi import Depends
from sqlalchemy import select

from studium.access.actor import ClientAddress, CurrentUser
from studium.access.guesses import Guess, make_guess
from studium.kit.db import SessionDep
from studium.kit.routing import Router
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
    TokenResponse,
)

router = Router("/auth/mfa", tag="auth")


async def _guess(runtime: Runtime, actor: CurrentUser, address: str, password: str) -> Guess:
    async with runtime.database.reading() as session:
        email = (await session.execute(select(User.email).where(User.id == actor.id))).scalar_one()
    return await make_guess(runtime, email, address, password)


async def enabling_guess(
    runtime: RuntimeDep, actor: CurrentUser, address: ClientAddress, wish: MfaEnableRequest
) -> Guess:
    """The caller's password, judged while no transaction is open."""
    return await _guess(runtime, actor, address, wish.password)


async def disabling_guess(
    runtime: RuntimeDep, actor: CurrentUser, address: ClientAddress, wish: MfaDisableRequest
) -> Guess:
    """The caller's password, judged while no transaction is open."""
    return await _guess(runtime, actor, address, wish.password)


@router.post("/enable")
async def begin(
    actor: CurrentUser, guess: Annotated[Guess, Depends(enabling_guess)], session: SessionDep, wish: MfaEnableRequest
) -> MfaPendingResponse:
    """Prepare a second factor; it counts once `mfa/confirm` has seen its first code."""
    return await actions_mfa.begin_mfa(session, actor, guess, wish.method)


@router.post("/confirm")
async def confirm(
    actor: CurrentUser, client: ClientDep, session: SessionDep, wish: MfaConfirmRequest
) -> MfaEnabledResponse:
    """Turn the prepared second factor on; the recovery codes are shown this once."""
    codes = await actions_mfa.confirm_mfa(session, actor, wish.code, client)
    return MfaEnabledResponse(recovery_codes=codes)


@router.post("/verify")
async def verify(client: ClientDep, session: SessionDep, wish: MfaVerifyRequest) -> TokenResponse:
    """Pass a log-in's challenge with a code of the app, a mailed code or a recovery code."""
    return await actions_mfa.pass_challenge(session, wish, client)


@router.post("/disable", status_code=204)
async def disable(
    actor: CurrentUser,
    guess: Annotated[Guess, Depends(disabling_guess)],
    client: ClientDep,
    session: SessionDep,
    wish: MfaDisableRequest,
) -> None:
    """Turn the second factor off; the other sessions end. Where codes are mailed, ask without `code` first."""
    await actions_mfa.disable_mfa(session, actor, guess, wish.code, client)
