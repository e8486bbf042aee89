"""Authentication: the bearer token is verified, then one indexed read gives the user and session behind it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, Request
from fastapi.security import OAuth2PasswordBearer
from sqlalchemy import Uuid, bindparam, func, select

from studium.access.errors import (
    AdminsOnly,
    MfaSetupRequired,
    ReauthenticationRequired,
    StudentsOnly,
    TeachersOnly,
)
from studium.kit.base.clock import now
from studium.kit.base.languages import preferred
from studium.kit.base.problems import Unauthorized
from studium.kit.db.prepared import KeyedRead, QueryExecutor
from studium.kit.http.dependencies import request_runtime
from studium.kit.http.routing import permission
from studium.kit.security.tokens import Keys, TokenInvalid
from studium.models import Role, User, UserSession

ACCESS = "access"
BROWSER = "browser_actor"
"""Where a page notes in the request's state who asks, by the cookie; routes of the API never have it."""
RECENTLY = timedelta(minutes=10)
_scheme = OAuth2PasswordBearer("/api/v1/auth/token", scheme_name="Bearer", auto_error=False)
_Documented = Annotated[str | None, Depends(_scheme)]


@dataclass(frozen=True, slots=True)
class Actor:
    """The caller of this request. The role is read from the database each time, so that a demotion holds at once."""

    id: UUID
    role: Role
    session_id: UUID
    proved_at: datetime | None = None
    """When this session last saw the password."""
    has_factor: bool = False

    @property
    def is_admin(self) -> bool:
        """Whether everything is allowed that is allowed to anybody."""
        return self.role is Role.ADMIN


def parameter_actor(role: Role) -> Actor:
    """An actor of this role whose id is the parameter `actor_id`: rules about it make statements that are kept."""
    unknown: Any = bindparam("actor_id", type_=Uuid())
    return Actor(unknown, role, unknown)


_FIND = KeyedRead(
    select(
        User.id,
        User.role,
        User.mfa_enabled,
        func.coalesce(UserSession.authenticated_at, UserSession.created_at).label("proved_at"),
    )
    .join(UserSession, UserSession.user_id == User.id)
    .where(
        UserSession.revoked_at.is_(None),
        UserSession.expires_at > bindparam("moment", type_=UserSession.expires_at.type),
        User.is_active,
    ),
    UserSession.__table__.c.id,
)


async def _actor_behind(request: Request) -> Actor | None:
    """The caller, or None where no token was presented; raise Unauthorized (401) where it is invalid.

    Whoever asks is settled before the request's transaction begins: nobody unknown takes a writer's turn.
    """
    if hasattr(request.state, BROWSER):
        found: Actor | None = getattr(request.state, BROWSER)
        return found
    header = request.headers.get("authorization")
    if header is None:
        return None
    scheme, _, token = header.partition(" ")
    if scheme.lower() != "bearer":
        raise Unauthorized
    runtime = request_runtime(request)
    actor = await find_actor(runtime.database.reads, *_subject_of(runtime.keys, token.strip()))
    if actor is None:
        raise Unauthorized
    request.state.actor_id = actor.id
    return actor


def _subject_of(keys: Keys, token: str) -> tuple[UUID, UUID]:
    """User and session named by an access token."""
    try:
        claims = keys.verify(ACCESS, token)
        return UUID(str(claims["sub"])), UUID(str(claims["sid"]))
    except (TokenInvalid, KeyError, ValueError):
        raise Unauthorized from None


async def find_actor(reads: QueryExecutor, user_id: UUID, session_id: UUID) -> Actor | None:
    """The actor of a live session of an active user, else None. One indexed read."""
    found = await reads.keyed(_FIND, session_id, moment=now())
    if found is None or found["id"] != user_id:
        return None
    return Actor(user_id, Role(found["role"]), session_id, found["proved_at"], bool(found["mfa_enabled"]))


def _require_factor(request: Request, actor: Actor) -> None:
    """Raise MfaSetupRequired where the school wants a second factor of this role, and the actor has none."""
    if not actor.has_factor and actor.role in request_runtime(request).settings.require_mfa:
        message = "Set up a second factor (POST /auth/mfa/enable, then confirm it) before you do anything else."
        raise MfaSetupRequired(message)


@permission("anyone, token checked")
async def optional_user(request: Request, _: _Documented = None) -> Actor | None:
    """The caller of a public route: None without a token; 401 with a bad one."""
    actor = await _actor_behind(request)
    if actor is not None:
        _require_factor(request, actor)
    return actor


@permission("logged in, second factor or not")
async def newcomer(request: Request, _: _Documented = None) -> Actor:
    """The caller of a route that needs one, also where a second factor has yet to be set up; 401 otherwise."""
    actor = await _actor_behind(request)
    if actor is None:
        raise Unauthorized
    return actor


Newcomer = Annotated[Actor, Depends(newcomer)]


@permission("logged in")
async def current_user(request: Request, actor: Newcomer) -> Actor:
    """The caller of a route that needs one; 401 otherwise."""
    _require_factor(request, actor)
    return actor


OptionalUser = Annotated[Actor | None, Depends(optional_user)]
CurrentUser = Annotated[Actor, Depends(current_user)]


def require_recent(actor: Actor) -> None:
    """Raise ReauthenticationRequired unless the actor logged in or gave the password within the last ten minutes."""
    if actor.proved_at is None or actor.proved_at <= now() - RECENTLY:
        message = "Give your password again at POST /auth/reauthenticate, then repeat this."
        raise ReauthenticationRequired(message)


@permission("admin")
async def admin(actor: CurrentUser) -> Actor:
    """An admin, else 403."""
    if not actor.is_admin:
        raise AdminsOnly
    return actor


@permission("logged in within ten minutes")
async def recent_user(actor: CurrentUser) -> Actor:
    """A caller who gave the password within ten minutes, else 403."""
    require_recent(actor)
    return actor


RecentUser = Annotated[Actor, Depends(recent_user)]


@permission("instructor or admin")
async def teacher(actor: CurrentUser) -> Actor:
    """An instructor or admin, else 403."""
    if actor.role is Role.STUDENT:
        raise TeachersOnly
    return actor


@permission("student")
async def student(actor: CurrentUser) -> Actor:
    """A student, else 403: only students enrol."""
    if actor.role is not Role.STUDENT:
        raise StudentsOnly
    return actor


Admin = Annotated[Actor, Depends(admin)]


@permission("admin within ten minutes of the log-in")
async def recent_admin(actor: Admin) -> Actor:
    """An admin who gave the password within ten minutes, else 403."""
    require_recent(actor)
    return actor


RecentAdmin = Annotated[Actor, Depends(recent_admin)]
Teacher = Annotated[Actor, Depends(teacher)]
Student = Annotated[Actor, Depends(student)]


async def client_address(request: Request) -> str:
    """The source of the request (`kit/base/sources.py`), as the middleware worked it out behind trusted proxies."""
    return str(request.state.client_address)


ClientAddress = Annotated[str, Depends(client_address)]


async def accepted_language(request: Request) -> str | None:
    """The spoken language that the caller's browser asks for; None where it asks for none of them."""
    return preferred(request.headers.get("accept-language", ""))


AcceptedLanguage = Annotated[str | None, Depends(accepted_language)]
