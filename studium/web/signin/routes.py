"""Signing in: log in, with a second factor where there is one; log out; register; ask for another password."""

from typing import Annotated

from fastapi import Depends, Query, Request
from starlette.responses import Response

from studium.access.actor import ClientAddress, Newcomer
from studium.access.password_attempts import Guess, make_guess
from studium.kit.base.languages import spoken
from studium.kit.http.dependencies import SessionDep, request_runtime
from studium.models import UserSession
from studium.modules.auth import actions, actions_links, actions_mfa, actions_passkeys
from studium.modules.auth.actions_passkeys import PasskeyGuess
from studium.modules.auth.browser import end_browser_session, make_browser_session
from studium.modules.auth.challenges import SECONDS
from studium.modules.auth.errors import InvalidChallenge, PasskeyRefused
from studium.modules.auth.routes import ClientDep, RuntimeDep
from studium.modules.auth.schemas import AddressRequest, LoginRequest, LogoutRequest, MfaVerifyRequest
from studium.modules.auth.schemas_passkeys import PasskeyLogin
from studium.modules.users import actions as users
from studium.modules.users import registrations
from studium.modules.users.passwords import hash_new
from studium.modules.users.queries import user_by_id
from studium.modules.users.schemas import UserRegister
from studium.web import flash
from studium.web.forms import Form, FormDep, read_form, shown_form
from studium.web.kept import FIELD, Kept
from studium.web.login import login_page
from studium.web.render import Page
from studium.web.routing import Pages, own_path, see, shows_again
from studium.web.signin.passkeys import read_credential
from studium.web.visitor import LANGUAGE, YEAR, VisitorDep, current_visitor, drop_session, is_secure, keep_session

router = Pages()
CHALLENGE = "studium-challenge"
Next = Annotated[str, Query(max_length=500)]


async def login_again(request: Request) -> Page:
    """The log-in with what was typed, or with nothing."""
    form = shown_form(request)
    return login_page(request, own_path(form["next"]), form)


@router.get("/login")
async def ask_to_log_in(request: Request, visitor: VisitorDep, next: Next = "/") -> Response:  # noqa: A002 -- the name of a parameter.
    """Where people come in."""
    if visitor.actor is not None:
        return see(own_path(next))
    return login_page(request, own_path(next))


async def login_guess(form: FormDep, runtime: RuntimeDep, address: ClientAddress) -> Guess:
    """The password that was typed, judged while no transaction is open."""
    payload = form.read(LoginRequest)
    return await make_guess(runtime, payload.email, address, payload.password)


@router.post("/login")
@shows_again(login_again)
async def log_in(
    request: Request,
    form: FormDep,
    guess: Annotated[Guess, Depends(login_guess)],
    client: ClientDep,
    session: SessionDep,
) -> Response:
    """Begin a session, or ask for the second factor."""
    entered = await actions.log_in(session, guess, client)
    settings, after = request_runtime(request).settings, own_path(form["next"])
    if isinstance(entered, UserSession):
        return await _enter(request, session, entered, after)
    kept = Form({FIELD: form[FIELD]}) if form[FIELD] else None
    response = see("/login/code") if kept is None else Page("signin/code.html", form=kept, private=True)
    secure = is_secure(settings)
    response.set_cookie(CHALLENGE, entered.challenge_token, max_age=SECONDS, secure=secure, httponly=True)
    response.set_cookie(f"{CHALLENGE}-next", after, max_age=SECONDS, secure=secure, httponly=True, samesite="lax")
    return response


async def passkey_guess(form: FormDep, runtime: RuntimeDep) -> PasskeyGuess:
    """What the browser made of the challenge, judged while no transaction is open."""
    payload = read_credential(form, PasskeyLogin, PasskeyRefused("Send what the browser made."), "challenge_token")
    return await actions_passkeys.judge_passkey(runtime, payload)


@router.post("/login/passkey")
@shows_again(login_again)
async def log_in_with_passkey(
    request: Request,
    form: FormDep,
    guess: Annotated[PasskeyGuess, Depends(passkey_guess)],
    client: ClientDep,
    session: SessionDep,
) -> Response:
    """Begin a session with a passkey, which is both factors."""
    entered = await actions_passkeys.log_in_with_passkey(session, guess, client)
    return await _enter(request, session, entered, own_path(form["next"]))


async def _enter(request: Request, session: SessionDep, entered: UserSession, after: str) -> Response:
    """The cookie of a session that was opened just now; one that the browser had before ends.

    A form that was sent when the session before was over is shown again.
    """
    settings = request_runtime(request).settings
    visitor = await current_visitor(request)
    if visitor.actor is not None:
        await end_browser_session(session, visitor.actor.session_id)
    user = await user_by_id(session, entered.user_id)
    kept = Kept.opened(request_runtime(request).keys, (await read_form(request))[FIELD])
    if kept is not None and not kept.is_for(entered.user_id):
        kept = None
    response = see(after) if kept is None else Page("signin/resume.html", kept, private=True)
    language = spoken((user.profile_metadata or {}).get("language"))
    if language is not None:
        response.set_cookie(LANGUAGE, language, max_age=YEAR, samesite="lax")
    keep_session(response, settings, make_browser_session(entered, user.role))
    return response


async def code_again(request: Request) -> Page:
    """The page for the code; the log-in where the challenge is over."""
    form = shown_form(request)
    if isinstance(form.problem, InvalidChallenge):
        return login_page(request, "/", form)
    return Page("signin/code.html", form=form, private=True)


@router.get("/login/code")
async def code_page(request: Request) -> Response:
    """The second step, for who has just given the right password."""
    return Page("signin/code.html", private=True) if CHALLENGE in request.cookies else see("/login")


@router.post("/login/code")
@shows_again(code_again)
async def give_code(request: Request, form: FormDep, client: ClientDep, session: SessionDep) -> Response:
    """Begin a session with a code of the app, a mailed code or a recovery code."""
    challenge = request.cookies.get(CHALLENGE, "")
    if not challenge:
        raise InvalidChallenge
    payload = form.read(MfaVerifyRequest, "code", challenge_token=challenge)
    entered = await actions_mfa.pass_challenge(session, payload, client)
    response = await _enter(request, session, entered, own_path(request.cookies.get(f"{CHALLENGE}-next", "/")))
    for name in (CHALLENGE, f"{CHALLENGE}-next"):
        response.delete_cookie(name, secure=is_secure(request_runtime(request).settings), httponly=True)
    return response


@router.post("/logout")
async def log_out(request: Request, actor: Newcomer, client: ClientDep, session: SessionDep) -> Response:
    """End this session, and have the browser forget what it kept."""
    await actions.log_out(session, actor, LogoutRequest(), client)
    settings = request_runtime(request).settings
    response = see("/login")
    drop_session(response, settings)
    flash.say(response, "logged-out", secure=is_secure(settings))
    return response


async def register_again(request: Request) -> Page:
    """The registration with what was typed."""
    return Page("signin/register.html", form=shown_form(request), private=True)


@router.get("/register")
async def register_page(visitor: VisitorDep) -> Response:
    """Where people make an account."""
    return Page("signin/register.html", private=True) if visitor.actor is None else see("/")


async def chosen(form: FormDep, runtime: RuntimeDep, address: ClientAddress) -> tuple[UserRegister, str]:
    """The account that is wanted and the hash of its password, made before anything is written."""
    payload = form.read(UserRegister, "email", "full_name", "password")
    async with runtime.database.read_session() as session:
        await registrations.require_room(session, address)
    return payload, await hash_new(payload.password, email=payload.email, name=payload.full_name)


@router.post("/register")
@shows_again(register_again)
async def register(
    request: Request,
    wanted: Annotated[tuple[UserRegister, str], Depends(chosen)],
    address: ClientAddress,
    visitor: VisitorDep,
    session: SessionDep,
) -> Response:
    """Make a student's account; a mail asks to confirm the address."""
    payload, password_hash = wanted
    await users.register(session, payload, password_hash, address=address, language=visitor.language)
    return _done(request, "/login", "registered")


async def reset_again(request: Request) -> Page:
    """The question for the address with what was typed."""
    return Page("signin/reset.html", form=shown_form(request), private=True)


@router.get("/reset")
async def reset_page() -> Response:
    """Where people ask for another password."""
    return Page("signin/reset.html", private=True)


@router.post("/reset")
@shows_again(reset_again)
async def ask_for_reset(request: Request, form: FormDep, address: ClientAddress, session: SessionDep) -> Response:
    """Have a link mailed; the answer is the same for unknown addresses."""
    await actions_links.request_reset(session, form.read(AddressRequest).email, address=address)
    return _done(request, "/login", "mailed")


def _done(request: Request, path: str, sentence: str) -> Response:
    response = see(path)
    flash.say(response, sentence, secure=is_secure(request_runtime(request).settings))
    return response
