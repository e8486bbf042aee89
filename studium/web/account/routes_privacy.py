"""What the school knows of oneself: a copy of it, to be forgotten, and another address."""

from dataclasses import dataclass

from fastapi import Request
from starlette.responses import Response

from studium.access.actor import Actor, ClientAddress, CurrentUser, RecentUser
from studium.kit.http.dependencies import SessionDep, request_runtime
from studium.modules.auth.address import actions as address_actions
from studium.modules.auth.schemas import AddressRequest
from studium.modules.privacy import actions
from studium.modules.privacy.exports import actions as exports
from studium.modules.privacy.exports import queries
from studium.modules.privacy.routes import Oneself
from studium.modules.privacy.schemas import ErasureOut, OwnExportOut
from studium.modules.users.queries import own_identity
from studium.web.account.routes import security_again
from studium.web.again import actor_of
from studium.web.forms import FormDep, shown_form
from studium.web.render import Page
from studium.web.routing import Pages, see_and_say, shows_again
from studium.web.visitor import drop_session

router = Pages()
PATH = "/account/privacy"


@dataclass(frozen=True, slots=True)
class PrivacyView:
    """What somebody has asked for about their data."""

    email: str
    export: OwnExportOut | None
    erasure: ErasureOut | None


async def _view(request: Request, actor: Actor) -> PrivacyView:
    async with request_runtime(request).database.read_session() as session:
        email, _ = await own_identity(session, actor)
        export = await queries.own_export(session, actor)
        erasure = await actions.standing_erasure(session, actor.id)
        return PrivacyView(email, export, None if erasure is None else ErasureOut.of(erasure))


async def privacy_again(request: Request) -> Page:
    """The page with why something was refused."""
    view = await _view(request, actor_of(request))
    return Page("account/privacy.html", view, form=shown_form(request))


@router.get(PATH)
async def privacy_page(request: Request, actor: CurrentUser) -> Page:
    """A copy of one's data, and the way out of the school."""
    return Page("account/privacy.html", await _view(request, actor), form=shown_form(request))


@router.post(f"{PATH}/export")
@shows_again(privacy_again)
async def ask_for_export(request: Request, actor: RecentUser, address: ClientAddress, session: SessionDep) -> Response:
    """Have the copy made; the link comes by mail."""
    await exports.request_export(session, actor, actor.id, None, address=address)
    return see_and_say(request, PATH, "export-asked")


@router.get(f"{PATH}/erasure")
async def erasure_question(request: Request, actor: CurrentUser) -> Page:
    """What it means to be forgotten."""
    return Page("account/erasure.html", await _view(request, actor), form=shown_form(request))


async def erasure_again(request: Request) -> Page:
    """The question with why it was refused."""
    return Page("account/erasure.html", await _view(request, actor_of(request)), form=shown_form(request))


@router.post(f"{PATH}/erasure")
@shows_again(erasure_again)
async def ask_for_erasure(request: Request, actor: RecentUser, address: ClientAddress, session: SessionDep) -> Response:
    """Ask to be forgotten in 14 days; every session ends, this one too."""
    await actions.request_own_erasure(session, actor, address=address)
    response = see_and_say(request, "/login", "own-erasure-asked")
    drop_session(response, request_runtime(request).settings)
    return response


@router.post(f"{PATH}/erasure/cancel")
@shows_again(privacy_again)
async def cancel_erasure(
    request: Request, actor: RecentUser, user: Oneself, address: ClientAddress, session: SessionDep
) -> Response:
    """Stay after all."""
    await actions.cancel_erasure(session, actor, user, address=address)
    return see_and_say(request, PATH, "erasure-cancelled")


@router.post("/account/address")
@shows_again(security_again)
async def ask_for_address(
    request: Request, actor: RecentUser, address: ClientAddress, form: FormDep, session: SessionDep
) -> Response:
    """Ask for another address: a link goes to it, another one to the present one."""
    payload = form.read(AddressRequest)
    await address_actions.request_change(session, actor, payload.email, address=address)
    return see_and_say(request, "/account/security", "address-asked")
