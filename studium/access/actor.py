"""Who is asking: the bearer token is verified, then one indexed read says who stands behind it right now."""

from dataclasses import dataclass
from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, Request
from fastapi.security import OAuth2PasswordBearer
from sqlalchemy import Uuid, bindparam, select

from studium.access.errors import AdminsOnly, StudentsOnly, TeachersOnly
from studium.kit.clock import now
from studium.kit.db import runtime_behind
from studium.kit.languages import preferred
from studium.kit.problems import Unauthorized
from studium.kit.reads import Read, Reads
from studium.kit.routing import permission
from studium.kit.tokens import Keys, TokenInvalid
from studium.models import Role, User, UserSession

ACCESS = "access"
_scheme = OAuth2PasswordBearer("/api/v1/auth/token", scheme_name="Bearer", auto_error=False)
_Documented = Annotated[str | None, Depends(_scheme)]


@dataclass(frozen=True, slots=True)
class Actor:
    """The caller of this request. The role is read from the database each time, so that a demotion holds at once."""

    id: UUID
    role: Role
    session_id: UUID

    @property
    def is_admin(self) -> bool:
        """Whether everything is allowed that is allowed to anybody."""
        return self.role is Role.ADMIN


def stand_in(role: Role) -> Actor:
    """An actor of this role whose id is the parameter `actor_id`: rules about it make statements that are kept."""
    unknown: Any = bindparam("actor_id", type_=Uuid())
    return Actor(unknown, role, unknown)


_FIND = Read(
    select(User.role)
    .join(UserSession, UserSession.user_id == User.id)
    .where(
        UserSession.id == bindparam("session_id", type_=Uuid()),
        UserSession.user_id == bindparam("user_id", type_=Uuid()),
        UserSession.revoked_at.is_(None),
        UserSession.expires_at > bindparam("moment", type_=UserSession.expires_at.type),
        User.is_active,
    )
)


async def _actor_behind(request: Request) -> Actor | None:
    """The caller, or None where no token was presented; raise Unauthorized (401) where one is no good.

    Whoever asks is settled before the request's transaction begins: nobody unknown takes a writer's turn.
    """
    header = request.headers.get("authorization")
    if header is None:
        return None
    scheme, _, token = header.partition(" ")
    if scheme.lower() != "bearer":
        raise Unauthorized
    runtime = runtime_behind(request)
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


async def find_actor(reads: Reads, user_id: UUID, session_id: UUID) -> Actor | None:
    """The actor of a live session of an active user, else None. One indexed read."""
    found = await reads.one(_FIND, user_id=user_id, session_id=session_id, moment=now())
    return None if found is None else Actor(user_id, Role(found["role"]), session_id)


@permission("anyone, token checked")
async def optional_user(request: Request, _: _Documented = None) -> Actor | None:
    """The caller of a public route: None without a token; 401 with a bad one."""
    return await _actor_behind(request)


@permission("logged in")
async def current_user(request: Request, _: _Documented = None) -> Actor:
    """The caller of a route that needs one; 401 otherwise."""
    actor = await _actor_behind(request)
    if actor is None:
        raise Unauthorized
    return actor


OptionalUser = Annotated[Actor | None, Depends(optional_user)]
CurrentUser = Annotated[Actor, Depends(current_user)]


@permission("admin")
async def admin(actor: CurrentUser) -> Actor:
    """An admin, else 403."""
    if not actor.is_admin:
        raise AdminsOnly
    return actor


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
Teacher = Annotated[Actor, Depends(teacher)]
Student = Annotated[Actor, Depends(student)]


async def client_address(request: Request) -> str:
    """Where the request comes from, as the middleware worked it out behind trusted proxies."""
    return str(getattr(request.state, "client_address", "") or (request.client.host if request.client else ""))


ClientAddress = Annotated[str, Depends(client_address)]


async def accepted_language(request: Request) -> str | None:
    """The spoken language that the caller's browser asks for; None where it asks for none of them."""
    return preferred(request.headers.get("accept-language", ""))


AcceptedLanguage = Annotated[str | None, Depends(accepted_language)]
