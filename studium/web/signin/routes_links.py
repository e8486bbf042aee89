"""The pages behind the links in mails. The token stays in the address and in the form that it opens."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Query, Request
from starlette.responses import Response

from studium.access.actor import ClientAddress
from studium.kit.http.dependencies import SessionDep, request_runtime
from studium.modules.auth import actions_links
from studium.modules.auth.address import actions as actions_address
from studium.modules.auth.links import CHOOSING, Link, find_link
from studium.modules.auth.routes import RuntimeDep
from studium.modules.auth.schemas import ConfirmEmailRequest, ResetPasswordRequest
from studium.modules.users.passwords import hash_new
from studium.web import flash
from studium.web.forms import FormDep, shown_form
from studium.web.render import Page
from studium.web.routing import Pages, see, shows_again
from studium.web.visitor import is_secure

router = Pages()
Token = Annotated[str, Query(max_length=200)]
_TEMPLATES = {"/confirm-email": "signin/confirm.html", "/confirm-address": "signin/address.html"}


@dataclass(frozen=True, slots=True)
class LinkView:
    """Which link it is, and its token."""

    path: str
    token: str


async def link_again(request: Request) -> Page:
    """The page of the link once more."""
    form = shown_form(request)
    template = _TEMPLATES.get(request.url.path, "signin/password.html")
    return Page(template, LinkView(request.url.path, form["token"]), form=form, private=True)


@router.get("/confirm-email")
async def confirm_page(token: Token = "") -> Page:
    """The page behind the link that confirms an address."""
    return Page("signin/confirm.html", LinkView("/confirm-email", token), private=True)


@router.post("/confirm-email")
@shows_again(link_again)
async def confirm(request: Request, form: FormDep, address: ClientAddress, session: SessionDep) -> Response:
    """Confirm the address."""
    await actions_links.confirm_email(session, form.read(ConfirmEmailRequest).token, address=address)
    return _to_login(request, "confirmed")


@router.get("/confirm-address")
async def confirm_address_page(token: Token = "") -> Page:
    """The page behind the links by which both mailboxes agree to a change of address."""
    return Page("signin/address.html", LinkView("/confirm-address", token), private=True)


@router.post("/confirm-address")
@shows_again(link_again)
async def confirm_address(request: Request, form: FormDep, address: ClientAddress, session: SessionDep) -> Response:
    """Agree to the change."""
    token = form.read(ConfirmEmailRequest).token
    is_changed = await actions_address.follow_link(session, token, address=address)
    return _to_login(request, "address-changed" if is_changed else "address-agreed")


@router.get("/reset-password")
async def reset_password_page(token: Token = "") -> Page:
    """The page behind the link that leads back into an account."""
    return Page("signin/password.html", LinkView("/reset-password", token), private=True)


@router.get("/set-password")
async def set_password_page(token: Token = "") -> Page:
    """The page behind the link of an invitation."""
    return Page("signin/password.html", LinkView("/set-password", token), private=True)


async def chosen_password(form: FormDep, runtime: RuntimeDep) -> tuple[Link, str]:
    """The link and the hash of the new password; InvalidToken before anything is hashed."""
    payload = form.read(ResetPasswordRequest)
    async with runtime.database.read_session() as session:
        link = await find_link(session, payload.token, *CHOOSING)
    hashed = await hash_new(payload.new_password, email=link.email, name=link.full_name, member="new_password")
    return link, hashed


ChosenPassword = Annotated[tuple[Link, str], Depends(chosen_password)]


@router.post("/reset-password")
@router.post("/set-password")
@shows_again(link_again)
async def set_password(
    request: Request, chosen: ChosenPassword, address: ClientAddress, session: SessionDep
) -> Response:
    """Choose a password with the link; every session ends."""
    link, hashed = chosen
    await actions_links.reset_password(session, link, hashed, address=address)
    return _to_login(request, "password")


def _to_login(request: Request, sentence: str) -> Response:
    response = see("/login")
    flash.say(response, sentence, secure=is_secure(request_runtime(request).settings))
    return response
