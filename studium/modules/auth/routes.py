"""The door: log-in, tokens, sessions, and links in mails."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Form, Request

from studium.access.actor import ClientAddress, CurrentUser, Newcomer
from studium.access.password_attempts import Guess, make_guess
from studium.kit.http.dependencies import ReadsDep, SessionDep, request_runtime
from studium.kit.http.pagination import Page, PageDep
from studium.kit.http.routing import Router
from studium.kit.runtime import Runtime
from studium.modules.auth import actions, actions_links, queries
from studium.modules.auth.links import CHOOSING, Link, find_link
from studium.modules.auth.schemas import (
    AddressRequest,
    ConfirmEmailRequest,
    LoginRequest,
    LogoutRequest,
    MessageResponse,
    MfaChallengeResponse,
    RefreshRequest,
    ResetPasswordRequest,
    SessionOut,
    TokenForm,
    TokenResponse,
)
from studium.modules.auth.sessions import Client
from studium.modules.users.actions import hash_new, normalise_email

router = Router("/auth", tag="auth")

_IF_KNOWN = "If there is an account with this address, a mail is on its way."
_USER_AGENT_MAX = 255


async def client_of(request: Request, address: ClientAddress) -> Client:
    """Where the request comes from, and what its program calls itself."""
    agent = "".join(char for char in request.headers.get("user-agent", "") if char.isprintable())
    return Client(address, agent[:_USER_AGENT_MAX] or None)


ClientDep = Annotated[Client, Depends(client_of)]


async def own_runtime(request: Request) -> Runtime:
    """The runtime, for what is read before the writing transaction begins."""
    return request_runtime(request)


RuntimeDep = Annotated[Runtime, Depends(own_runtime)]


async def login_guess(runtime: RuntimeDep, address: ClientAddress, payload: LoginRequest) -> Guess:
    """The password of the body, judged while no transaction is open."""
    return await make_guess(runtime, payload.email, address, payload.password)


async def form_guess(runtime: RuntimeDep, address: ClientAddress, form: Annotated[TokenForm, Form()]) -> Guess:
    """The password of the form, judged likewise; what is no address at all is an unknown one."""
    try:
        account = normalise_email(form.username)
    except ValueError:
        account = ""
    return await make_guess(runtime, account, address, form.password)


@router.post("/login")
async def log_in(
    guess: Annotated[Guess, Depends(login_guess)], client: ClientDep, session: SessionDep
) -> TokenResponse | MfaChallengeResponse:
    """Log in with address and password; with a second factor, the answer is a challenge for `mfa/verify`."""
    return await actions.with_tokens(session, await actions.log_in(session, guess, client))


@router.post("/token")
async def log_in_by_form(
    guess: Annotated[Guess, Depends(form_guess)], client: ClientDep, session: SessionDep
) -> TokenResponse | MfaChallengeResponse:
    """Log in with the password form of OAuth2, for the interactive reference; otherwise as `login`."""
    return await actions.with_tokens(session, await actions.log_in(session, guess, client))


@router.post("/refresh")
async def refresh_tokens(client: ClientDep, session: SessionDep, payload: RefreshRequest) -> TokenResponse:
    """Exchange a refresh token for new tokens. A token that comes a second time ends its session."""
    return await actions.refresh(session, payload.refresh_token, client)


@router.post("/logout", status_code=204)
async def log_out(
    actor: Newcomer, client: ClientDep, session: SessionDep, payload: LogoutRequest | None = None
) -> None:
    """End this session, or all of one's own (within ten minutes of the password), from the next request on."""
    await actions.log_out(session, actor, payload or LogoutRequest(), client)


@router.get("/sessions")
async def list_sessions(actor: CurrentUser, reads: ReadsDep, page: PageDep) -> Page[SessionOut]:
    """One's own live sessions, newest first."""
    return await queries.own_sessions(reads, actor, page)


@router.delete("/sessions/{session_id}", status_code=204)
async def revoke_session(session_id: UUID, actor: CurrentUser, client: ClientDep, session: SessionDep) -> None:
    """End one of one's own sessions; another one than this within ten minutes of the password."""
    await actions.revoke_own_session(session, actor, session_id, client)


@router.post("/forgot-password")
async def request_password_reset(
    address: ClientAddress, session: SessionDep, payload: AddressRequest
) -> MessageResponse:
    """Ask for a link to choose a new password. The answer is the same for unknown addresses."""
    await actions_links.request_reset(session, payload.email, address=address)
    return MessageResponse(message=_IF_KNOWN)


async def link_of(runtime: RuntimeDep, payload: ResetPasswordRequest) -> Link:
    """The token of the body, if it is good; InvalidToken (400) before anything is hashed."""
    async with runtime.database.read_session() as session:
        return await find_link(session, payload.token, *CHOOSING)


LinkDep = Annotated[Link, Depends(link_of)]


async def password_by_link(link: LinkDep, payload: ResetPasswordRequest) -> str:
    """The hash of the new password; InvalidInput (422) for a weak one, which leaves the link good."""
    return await hash_new(payload.new_password, email=link.email, name=link.full_name, member="new_password")


@router.post("/reset-password")
async def reset_password(
    link: LinkDep,
    password_hash: Annotated[str, Depends(password_by_link)],
    address: ClientAddress,
    session: SessionDep,
) -> MessageResponse:
    """Choose a password with the token of a mailed link; every session ends."""
    await actions_links.reset_password(session, link, password_hash, address=address)
    return MessageResponse(message="The password is changed. Log in with it.")


@router.post("/verify-email")
async def request_email_confirmation(
    address: ClientAddress, session: SessionDep, payload: AddressRequest
) -> MessageResponse:
    """Ask for a link that confirms the address. The answer is the same for unknown addresses."""
    await actions_links.request_verification(session, payload.email, address=address)
    return MessageResponse(message=_IF_KNOWN)


@router.post("/confirm-email")
async def confirm_email(address: ClientAddress, session: SessionDep, payload: ConfirmEmailRequest) -> MessageResponse:
    """Confirm an address with the token of a mailed link."""
    await actions_links.confirm_email(session, payload.token, address=address)
    return MessageResponse(message="The e-mail address is confirmed.")
