"""The account: who one is, how one comes in, and where one is logged in."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query, Request
from starlette.responses import Response

from studium.access.actor import Actor, ClientAddress, CurrentUser, Newcomer
from studium.access.password_attempts import Guess, make_guess
from studium.kit.base import zones
from studium.kit.base.clock import now
from studium.kit.base.languages import spoken
from studium.kit.base.problems import FieldError, InvalidInput
from studium.kit.base.versions import ANY_VERSION
from studium.kit.http.dependencies import SessionDep, request_runtime
from studium.kit.http.pagination import MAX_LIMIT
from studium.kit.text.devices import device_name
from studium.models import User
from studium.modules.auth import actions, actions_mfa
from studium.modules.auth.browser import renew_cookie
from studium.modules.auth.routes import ClientDep, RuntimeDep
from studium.modules.auth.routes_mfa import own_guess
from studium.modules.auth.schemas import LogoutRequest, ReauthenticateRequest, SessionOut
from studium.modules.users import actions as users
from studium.modules.users import queries
from studium.modules.users.actions import PasswordChange
from studium.modules.users.passwords import hash_new
from studium.modules.users.schemas import MeUpdate, UserResponse
from studium.web import lists
from studium.web.again import actor_of
from studium.web.forms import FormDep, shown_form
from studium.web.kept import FIELD, Kept
from studium.web.render import Page
from studium.web.routing import Pages, own_path, see_and_say, shows_again
from studium.web.visitor import LANGUAGE, YEAR, drop_session, keep_session

router = Pages()
Next = Annotated[str, Query(max_length=500)]


@dataclass(frozen=True, slots=True)
class Device:
    """A session as its owner sees it."""

    session: SessionOut
    name: str

    @property
    def is_phone(self) -> bool:
        """Whether its name is that of a phone's system."""
        return self.name.endswith(("iPhone", "Android"))


@dataclass(frozen=True, slots=True)
class ProfileView:
    """Who somebody is, and the time zones to choose from."""

    me: UserResponse
    now: datetime
    zones: tuple[tuple[str, tuple[str, ...]], ...]

    def is_rare(self, name: str) -> bool:
        """Whether a time zone is known but not among those that are offered."""
        return name != zones.DEFAULT and zones.zone_of(name) is not None and all(name not in of for _, of in self.zones)


@dataclass(frozen=True, slots=True)
class SecurityView:
    """How somebody comes in, and where they are logged in."""

    me: UserResponse
    devices: list[Device]


async def _me(request: Request, actor: Actor) -> UserResponse:
    async with request_runtime(request).database.read_session() as session:
        return UserResponse.of(await queries.user_by_id(session, actor.id))


async def profile_again(request: Request) -> Page:
    """The profile with what was typed."""
    return await _profile(request, actor_of(request))


@router.get("/account")
async def profile(request: Request, actor: Newcomer) -> Page:
    """Who one is."""
    return await _profile(request, actor)


async def _profile(request: Request, actor: Actor) -> Page:
    view = ProfileView(await _me(request, actor), now(), zones.offered_zones())
    return Page("account/profile.html", view, form=shown_form(request))


@router.post("/account")
@shows_again(profile_again)
async def change_profile(request: Request, actor: CurrentUser, form: FormDep, session: SessionDep) -> Response:
    """Write one's name, language and time zone."""
    language = spoken(form["language"])
    if language is None:
        raise InvalidInput([FieldError("form", "/language", "missing", "Choose a language.")])
    user = await session.get_one(User, actor.id, with_for_update=True)
    metadata = {**(user.profile_metadata or {}), "language": language}
    patch = form.read(MeUpdate, "full_name", "timezone", metadata=metadata)
    await users.update_me(session, actor, patch, None, ANY_VERSION)
    response = see_and_say(request, "/account", "saved")
    response.set_cookie(LANGUAGE, language, max_age=YEAR, samesite="lax")
    return response


@router.get("/account/security")
async def security(request: Request, actor: CurrentUser) -> Page:
    """How one comes in, and where one is logged in."""
    return Page("account/security.html", await _security(request, actor))


async def _security(request: Request, actor: Actor) -> SecurityView:
    found = await lists.own_sessions(request, actor, MAX_LIMIT)
    return SecurityView(await _me(request, actor), [Device(one, device_name(one.device)) for one in found.items])


async def security_again(request: Request) -> Page:
    """The same, with why something was refused."""
    view = await _security(request, actor_of(request))
    return Page("account/security.html", view, form=shown_form(request))


async def own_password_change(
    actor: CurrentUser, form: FormDep, runtime: RuntimeDep, address: ClientAddress
) -> tuple[MeUpdate, PasswordChange]:
    """The new password, hashed once the present one is judged. No transaction is open meanwhile."""
    patch = form.read(MeUpdate, "password", "current_password")
    missing = [name for name in ("current_password", "password") if name not in patch.model_fields_set]
    if missing:
        raise InvalidInput([FieldError("form", f"/{name}", "missing", "Field required") for name in missing])
    async with runtime.database.read_session() as session:
        email, name = await queries.own_identity(session, actor)
    guess = await make_guess(runtime, email, address, patch.current_password)
    hashed = await hash_new(patch.password, email=email, name=name) if guess.right else None
    return patch, PasswordChange(guess, hashed, address)


@router.post("/account/password")
@shows_again(security_again)
async def change_password(
    request: Request,
    actor: CurrentUser,
    wanted: Annotated[tuple[MeUpdate, PasswordChange], Depends(own_password_change)],
    session: SessionDep,
) -> Response:
    """Choose another password, which ends the other sessions and gives this one a new cookie."""
    patch, change = wanted
    await users.update_me(session, actor, patch, change, ANY_VERSION)
    response = see_and_say(request, "/account/security", "own-password")
    keep_session(response, request_runtime(request).settings, await renew_cookie(session, actor))
    return response


@router.post("/account/sessions/{session_id}/end")
async def end_session(
    request: Request, session_id: UUID, actor: CurrentUser, client: ClientDep, session: SessionDep
) -> Response:
    """End one of one's own sessions."""
    await actions.revoke_own_session(session, actor, session_id, client)
    return see_and_say(request, "/account/security", "ended")


@router.post("/account/sessions/end")
async def end_all_sessions(request: Request, actor: CurrentUser, client: ClientDep, session: SessionDep) -> Response:
    """Log out everywhere, here too."""
    await actions.log_out(session, actor, LogoutRequest(all=True), client)
    response = see_and_say(request, "/login", "logged-out")
    drop_session(response, request_runtime(request).settings)
    return response


async def proof_again(request: Request) -> Page:
    """The question for the password, with why it was refused."""
    form = shown_form(request)
    return Page("account/prove.html", own_path(form["next"]), form=form, private=True)


@router.get("/account/prove")
async def prove_page(_: Newcomer, next: Next = "/account/security") -> Page:  # noqa: A002 -- the name of a parameter.
    """Where the password is asked for once more, before what protects an account."""
    return Page("account/prove.html", own_path(next), private=True)


async def repeated_guess(
    actor: Newcomer, form: FormDep, runtime: RuntimeDep, address: ClientAddress
) -> tuple[ReauthenticateRequest, Guess]:
    """The password that was typed, judged while no transaction is open."""
    payload = form.read(ReauthenticateRequest)
    return payload, await own_guess(runtime, actor, address, payload.password)


@router.post("/account/prove")
@shows_again(proof_again)
async def prove(
    request: Request,
    actor: Newcomer,
    form: FormDep,
    wanted: Annotated[tuple[ReauthenticateRequest, Guess], Depends(repeated_guess)],
    client: ClientDep,
    session: SessionDep,
) -> Response:
    """Show again who one is, for ten minutes; the session gets a new cookie.

    A form that was refused because of that is shown again.
    """
    payload, guess = wanted
    runtime = request_runtime(request)
    await actions_mfa.reauthenticate(session, actor, guess, payload.code, client)
    kept = Kept.opened(runtime.keys, form[FIELD])
    if kept is not None and kept.is_for(actor.id):
        response: Response = Page("signin/resume.html", kept, private=True)
    else:
        response = see_and_say(request, own_path(form["next"]), "proved")
    keep_session(response, runtime.settings, await renew_cookie(session, actor))
    return response
