"""The second factor of an account: set it up, keep the recovery codes, turn it off."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request
from markupsafe import Markup
from starlette.responses import Response

from studium.access.actor import ClientAddress, CurrentUser, Newcomer
from studium.access.password_attempts import Guess
from studium.kit.http.dependencies import SessionDep, request_runtime
from studium.modules.auth import actions_mfa
from studium.modules.auth.browser import renew_cookie
from studium.modules.auth.routes import ClientDep, RuntimeDep
from studium.modules.auth.routes_mfa import own_guess
from studium.modules.auth.schemas import MfaConfirmRequest, MfaDisableRequest, MfaEnableRequest
from studium.web import flash
from studium.web.again import actor_of
from studium.web.forms import FormDep, shown_form
from studium.web.render import Page
from studium.web.routing import Pages, see, shows_again
from studium.web.visitor import is_secure, keep_session

router = Pages()
PATH = "/account/second-factor"
_TEMPLATE = "account/second-factor.html"


@dataclass(frozen=True, slots=True)
class FactorView:
    """Where somebody is on the way to a second factor: `off`, `pending`, `codes` (shown this once) or `on`."""

    state: str
    method: str = "totp"
    secret: str = ""
    picture: str = ""
    codes: tuple[str, ...] = ()


def _page(request: Request, state: str, **values: object) -> Page:
    return Page(_TEMPLATE, FactorView(state, **values), form=shown_form(request), private=True)  # type: ignore[arg-type]  # the fields of a view.


async def factor_again(request: Request) -> Page:
    """The page as it was, with why something was refused."""
    return _page(request, "on" if actor_of(request).has_factor else "off")


async def pending_again(request: Request) -> Page:
    """The question for the first code. The secret is not shown a second time: the app has it."""
    return _page(request, "pending", method=shown_form(request)["method"])


@router.get(PATH)
async def factor_page(request: Request, actor: Newcomer) -> Page:
    """Whether there is a second factor, and how to get one."""
    return _page(request, "on" if actor.has_factor else "off")


async def enabling_guess(
    actor: Newcomer, form: FormDep, runtime: RuntimeDep, address: ClientAddress
) -> tuple[MfaEnableRequest, Guess]:
    """The password that was typed, judged while no transaction is open."""
    payload = form.read(MfaEnableRequest)
    return payload, await own_guess(runtime, actor, address, payload.password)


@router.post(PATH)
@shows_again(factor_again)
async def begin_factor(
    actor: Newcomer,
    wanted: Annotated[tuple[MfaEnableRequest, Guess], Depends(enabling_guess)],
    session: SessionDep,
) -> Response:
    """Prepare a second factor and show its secret. A page of its own, not to be come back to."""
    payload, guess = wanted
    pending = await actions_mfa.begin_mfa(session, actor, guess, payload.method)
    picture = Markup(pending.qr_svg or "")  # noqa: S704 -- drawn by our own module.
    return Page(_TEMPLATE, FactorView("pending", pending.method.value, pending.secret or "", picture), private=True)


@router.post(f"{PATH}/confirm")
@shows_again(pending_again)
async def confirm_factor(
    request: Request, actor: Newcomer, form: FormDep, client: ClientDep, session: SessionDep
) -> Response:
    """Turn the second factor on with its first code; the recovery codes are shown this once."""
    code = form.read(MfaConfirmRequest, "code").code
    codes = await actions_mfa.confirm_mfa(session, actor, code, client)
    page = Page(_TEMPLATE, FactorView("codes", codes=tuple(codes)), private=True)
    keep_session(page, request_runtime(request).settings, await renew_cookie(session, actor))
    return page


async def disabling_guess(
    actor: CurrentUser, form: FormDep, runtime: RuntimeDep, address: ClientAddress
) -> tuple[MfaDisableRequest, Guess]:
    """The password that was typed, judged while no transaction is open."""
    payload = form.read(MfaDisableRequest)
    return payload, await own_guess(runtime, actor, address, payload.password)


@router.post(f"{PATH}/off")
@shows_again(factor_again)
async def disable_factor(
    request: Request,
    actor: CurrentUser,
    wanted: Annotated[tuple[MfaDisableRequest, Guess], Depends(disabling_guess)],
    client: ClientDep,
    session: SessionDep,
) -> Response:
    """Turn the second factor off, which ends the other sessions."""
    payload, guess = wanted
    await actions_mfa.disable_mfa(session, actor, guess, payload.code, client)
    response = see("/account/security")
    settings = request_runtime(request).settings
    keep_session(response, settings, await renew_cookie(session, actor))
    flash.say(response, "second-factor-off", secure=is_secure(settings))
    return response
