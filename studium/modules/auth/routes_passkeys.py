"""Passkeys: one's own, and the log-in with them."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends

from studium.access.actor import CurrentUser
from studium.kit.http.dependencies import ReadsDep, SessionDep
from studium.kit.http.pagination import Page, PageDep
from studium.kit.http.routing import Router
from studium.modules.auth import actions_passkeys, queries
from studium.modules.auth.actions_passkeys import NewPasskey, PasskeyGuess
from studium.modules.auth.passkeys import options_to_enter
from studium.modules.auth.routes import ClientDep, RuntimeDep
from studium.modules.auth.schemas import TokenResponse
from studium.modules.auth.schemas_passkeys import PasskeyAdd, PasskeyLogin, PasskeyOptions, PasskeyOut, PasskeyUpdate
from studium.modules.auth.sessions import issue_tokens

router = Router("/auth/passkeys", tag="auth")


@router.get("")
async def list_passkeys(actor: CurrentUser, reads: ReadsDep, page: PageDep) -> Page[PasskeyOut]:
    """One's own passkeys, newest first."""
    return await queries.own_passkeys(reads, actor, page)


@router.post("/options")
async def begin_passkey(actor: CurrentUser, session: SessionDep) -> PasskeyOptions:
    """Ask for what a browser needs to make a passkey; within ten minutes of the password."""
    return await actions_passkeys.begin_passkey(session, actor)


async def new_passkey(runtime: RuntimeDep, actor: CurrentUser, payload: PasskeyAdd) -> NewPasskey:
    """The passkey of the body, judged while no transaction is open."""
    return await actions_passkeys.judge_new_passkey(runtime, actor, payload)


@router.post("", status_code=201)
async def add_passkey(
    actor: CurrentUser, new: Annotated[NewPasskey, Depends(new_passkey)], client: ClientDep, session: SessionDep
) -> PasskeyOut:
    """Add a passkey that the browser has made; within ten minutes of the password. Its owner is told by mail."""
    return PasskeyOut.model_validate(await actions_passkeys.add_passkey(session, actor, new, client))


@router.post("/login/options")
async def begin_passkey_login(runtime: RuntimeDep) -> PasskeyOptions:
    """Ask for what a browser needs to log in with a passkey."""
    return options_to_enter(runtime.settings, runtime.keys)


async def passkey_guess(runtime: RuntimeDep, payload: PasskeyLogin) -> PasskeyGuess:
    """The answer of the body, judged while no transaction is open."""
    return await actions_passkeys.judge_passkey(runtime, payload)


@router.post("/login")
async def log_in_with_passkey(
    guess: Annotated[PasskeyGuess, Depends(passkey_guess)], client: ClientDep, session: SessionDep
) -> TokenResponse:
    """Log in with a passkey, which counts as both factors."""
    return await issue_tokens(session, await actions_passkeys.log_in_with_passkey(session, guess, client))


@router.patch("/{passkey_id}")
async def rename_passkey(
    passkey_id: UUID, actor: CurrentUser, client: ClientDep, session: SessionDep, patch: PasskeyUpdate
) -> PasskeyOut:
    """Give one of one's own passkeys another name; within ten minutes of the password."""
    renamed = await actions_passkeys.rename_passkey(session, actor, passkey_id, patch, client)
    return PasskeyOut.model_validate(renamed)


@router.delete("/{passkey_id}", status_code=204)
async def remove_passkey(passkey_id: UUID, actor: CurrentUser, client: ClientDep, session: SessionDep) -> None:
    """Remove one of one's own passkeys; within ten minutes of the password."""
    await actions_passkeys.remove_passkey(session, actor, passkey_id, client)
