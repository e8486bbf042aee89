"""Who is asking: the bearer token is verified, then one indexed read says who stands behind it right now."""

from dataclasses import dataclass
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Request
from fastapi.security import OAuth2PasswordBearer
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from studium.access.errors import AdminsOnly, StudentsOnly, TeachersOnly
from studium.kit.clock import now
from studium.kit.db import SessionDep
from studium.kit.problems import Unauthorized
from studium.kit.routing import permission
from studium.kit.runtime import runtime_of
from studium.kit.tokens import TokenInvalid
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


async def _actor_behind(request: Request, session: AsyncSession) -> Actor | None:
    """The caller, or None where no token was presented; raise Unauthorized (401) where one is no good."""
    header = request.headers.get("authorization")
    if header is None:
        return None
    scheme, _, token = header.partition(" ")
    if scheme.lower() != "bearer":
        raise Unauthorized
    user_id, session_id = _subject_of(session, token.strip())
    actor = await find_actor(session, user_id, session_id)
    if actor is None:
        raise Unauthorized
    request.state.actor_id = actor.id
    return actor


def _subject_of(session: AsyncSession, token: str) -> tuple[UUID, UUID]:
    """User and session named by an access token."""
    try:
        claims = runtime_of(session).keys.verify(ACCESS, token)
        return UUID(str(claims["sub"])), UUID(str(claims["sid"]))
    except (TokenInvalid, KeyError, ValueError):
        raise Unauthorized from None


async def find_actor(session: AsyncSession, user_id: UUID, session_id: UUID) -> Actor | None:
    """The actor of a live session of an active user, else None. One indexed read."""
    statement = (
        select(User.role)
        .join(UserSession, UserSession.user_id == User.id)
        .where(
            UserSession.id == session_id,
            UserSession.user_id == user_id,
            UserSession.revoked_at.is_(None),
            UserSession.expires_at > now(),
            User.is_active,
        )
    )
    role = (await session.execute(statement)).scalar_one_or_none()
    return None if role is None else Actor(user_id, role, session_id)


@permission("anyone, token checked")
async def optional_user(request: Request, session: SessionDep, _: _Documented = None) -> Actor | None:
    """The caller of a public route: None without a token; 401 with a bad one."""
    return await _actor_behind(request, session)


@permission("logged in")
async def current_user(request: Request, session: SessionDep, _: _Documented = None) -> Actor:
    """The caller of a route that needs one; 401 otherwise."""
    actor = await _actor_behind(request, session)
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


def client_address(request: Request) -> str:
    """Where the request comes from, as the middleware worked it out behind trusted proxies."""
    return str(getattr(request.state, "client_address", "") or (request.client.host if request.client else ""))


ClientAddress = Annotated[str, Depends(client_address)]


@permission("logged in")
async def known_user(request: Request, _: _Documented = None) -> Actor:
    """The caller, read in a short transaction of its own; 401 otherwise.

    For routes that hash a password before they begin to write.
    """
    async with request.app.state.runtime.database.reading() as session:
        return await current_user(request, session)


@permission("admin")
async def known_admin(actor: Annotated[Actor, Depends(known_user)]) -> Actor:
    """An admin as `known_user` reads one, else 403."""
    return await admin(actor)


KnownUser = Annotated[Actor, Depends(known_user)]
KnownAdmin = Annotated[Actor, Depends(known_admin)]
