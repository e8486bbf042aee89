"""Passkeys of an account: those that there are, another name, one less, one more. To add one takes a script."""

from dataclasses import dataclass
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Request
from starlette.responses import Response

from studium.access.actor import Actor, CurrentUser
from studium.access.errors import ReauthenticationRequired
from studium.kit.http.dependencies import SessionDep, request_runtime
from studium.kit.text.devices import device_name
from studium.modules.auth import actions_passkeys, queries
from studium.modules.auth.actions_passkeys import NewPasskey
from studium.modules.auth.errors import AddressNotProven, InvalidPasskey, PasskeysUnavailable
from studium.modules.auth.passkeys import MOST
from studium.modules.auth.routes import ClientDep, RuntimeDep
from studium.modules.auth.schemas_passkeys import PasskeyAdd, PasskeyOptions, PasskeyOut, PasskeyUpdate
from studium.web import lists
from studium.web.again import actor_of
from studium.web.forms import FormDep, shown_form
from studium.web.render import Page
from studium.web.routing import Pages, see_and_say, shows_again
from studium.web.signin.passkeys import read_credential

router = Pages()
PATH = "/account/passkeys"
_REASONS = {
    ReauthenticationRequired: "password",
    AddressNotProven: "address",
    PasskeysUnavailable: "place",
}


@dataclass(frozen=True, slots=True)
class PasskeysView:
    """One's passkeys, and what a browser is asked for another; `reason` is why there is no other now."""

    passkeys: list[PasskeyOut]
    device: str
    options: PasskeyOptions | None = None
    reason: str = ""


async def _page(request: Request, actor: Actor) -> Page:
    runtime = request_runtime(request)
    found = await queries.own_passkeys(runtime.database.reads, actor, lists.listing(request, MOST))
    device, options, reason = device_name(request.headers.get("user-agent")), None, ""
    try:
        async with runtime.database.read_session() as session:
            options = await actions_passkeys.begin_passkey(session, actor)
    except tuple(_REASONS) as problem:
        reason = _REASONS[type(problem)]
    view = PasskeysView(found.items, device, options, reason)
    return Page("account/passkeys.html", view, form=shown_form(request), private=True)


async def passkeys_again(request: Request) -> Page:
    """The same, with why something was refused."""
    return await _page(request, actor_of(request))


@router.get(PATH)
async def passkeys_page(request: Request, actor: CurrentUser) -> Page:
    """One's passkeys, and the way to another."""
    return await _page(request, actor)


async def new_passkey(actor: CurrentUser, form: FormDep, runtime: RuntimeDep) -> NewPasskey:
    """The passkey that the browser has made, judged while no transaction is open."""
    payload = read_credential(form, PasskeyAdd, InvalidPasskey(), "challenge_token", "name")
    return await actions_passkeys.judge_new_passkey(runtime, actor, payload)


@router.post(PATH)
@shows_again(passkeys_again)
async def add_passkey(
    request: Request,
    actor: CurrentUser,
    new: Annotated[NewPasskey, Depends(new_passkey)],
    client: ClientDep,
    session: SessionDep,
) -> Response:
    """Add a passkey."""
    await actions_passkeys.add_passkey(session, actor, new, client)
    return see_and_say(request, PATH, "passkey-added")


@router.post(f"{PATH}/{{passkey_id}}/rename")
@shows_again(passkeys_again)
async def rename_passkey(
    request: Request, passkey_id: UUID, actor: CurrentUser, form: FormDep, client: ClientDep, session: SessionDep
) -> Response:
    """Give a passkey another name."""
    await actions_passkeys.rename_passkey(session, actor, passkey_id, form.read(PasskeyUpdate), client)
    return see_and_say(request, PATH, "saved")


@router.post(f"{PATH}/{{passkey_id}}/remove")
@shows_again(passkeys_again)
async def remove_passkey(
    request: Request, passkey_id: UUID, actor: CurrentUser, client: ClientDep, session: SessionDep
) -> Response:
    """Let nobody in with it any more."""
    await actions_passkeys.remove_passkey(session, actor, passkey_id, client)
    return see_and_say(request, PATH, "passkey-removed")
