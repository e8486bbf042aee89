"""People: oneself, and for admins everybody."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query, Request, Response

from studium.access.actor import Admin, ClientAddress, CurrentUser, Newcomer, RecentAdmin, require_recent
from studium.access.downloads import PeopleTable, Taken, people_csv
from studium.access.password_attempts import make_guess
from studium.kit.http.dependencies import ReadsDep, ReplicaReadsDep, SessionDep, request_runtime
from studium.kit.http.pagination import Page, PageDep
from studium.kit.http.routing import IfMatch, Router
from studium.kit.http.streams import WantsCsv, csv_responses
from studium.models import Role, User
from studium.modules.users import actions, actions_help, queries
from studium.modules.users.actions import PasswordChange
from studium.modules.users.export import COLUMNS, export_people
from studium.modules.users.passwords import hash_new, hash_of_nobodys
from studium.modules.users.queries import UserFilter
from studium.modules.users.schemas import MeUpdate, UserCreate, UserResponse, UserUpdate

router = Router("/users", tag="users")

GUARDED = frozenset({"password", "role", "is_active", "legal_hold"})
"""What an admin changes of somebody only within ten minutes of the password."""


async def own_password_change(
    request: Request, actor: CurrentUser, address: ClientAddress, patch: MeUpdate
) -> PasswordChange | None:
    """The new password of the body, hashed, once the present one is judged; None where none was sent.

    Raises InvalidInput for a weak one, TooManyRequests, Overloaded. No transaction is open meanwhile.
    """
    if "password" not in patch.model_fields_set:
        return None
    if "current_password" not in patch.model_fields_set:
        return PasswordChange(None, None, address)
    async with request_runtime(request).database.read_session() as session:
        email, name = await queries.own_identity(session, actor)
    guess = await make_guess(request_runtime(request), email, address, patch.current_password)
    hashed = await hash_new(patch.password, email=email, name=name) if guess.right else None
    return PasswordChange(guess, hashed, address)


async def first_password(actor: Admin, payload: UserCreate) -> str:
    """The hash for a new account: of the password in the body, or of one that nobody knows.

    Whoever lets more than students in has given the password lately: raises ReauthenticationRequired.
    """
    if payload.role is not Role.STUDENT:
        require_recent(actor)
    if payload.password is None:
        return await hash_of_nobodys()
    return await hash_new(payload.password, email=payload.email, name=payload.full_name)


async def others_password(request: Request, user_id: UUID, actor: Admin, patch: UserUpdate) -> str | None:
    """The hash of the password that an admin gives somebody; None where the body has none. Raises NotFound.

    Password, role and activity decide who comes in as what, a legal hold who may be erased: these raise
    ReauthenticationRequired long after the log-in.
    """
    if patch.model_fields_set & GUARDED:
        require_recent(actor)
    if "password" not in patch.model_fields_set:
        return None
    async with request_runtime(request).database.read_session() as session:
        email, name = await queries.identity(session, user_id)
    return await hash_new(patch.password, email=email, name=name)


async def user_filter(
    role: Role | None = None,
    is_active: bool | None = None,  # noqa: FBT001 -- query parameters have names.
    q: Annotated[
        str | None,
        Query(
            max_length=200, description="Beginnings of words of the name, or parts of the e-mail address; all of them."
        ),
    ] = None,
) -> UserFilter:
    """The filters of the list."""
    return UserFilter(role, is_active, q)


async def some_user(user_id: UUID, _: Admin, session: SessionDep) -> User:
    """Any person, for an admin; raises NotFound."""
    return await queries.user_by_id(session, user_id)


SomeUser = Annotated[User, Depends(some_user)]


@router.get("/me")
async def read_me(actor: Newcomer, reads: ReadsDep) -> UserResponse:
    """Oneself."""
    return await queries.shown_self(reads, actor)


@router.patch("/me")
async def update_me(
    actor: CurrentUser,
    change: Annotated[PasswordChange | None, Depends(own_password_change)],
    session: SessionDep,
    if_match: IfMatch,
    patch: MeUpdate,
) -> UserResponse:
    """Change something about oneself; a new password needs the present one and ends the other sessions."""
    return UserResponse.of(await actions.update_me(session, actor, patch, change, if_match))


@router.get("", response_model=Page[UserResponse], responses=csv_responses("all of them, in the columns of an import"))
async def list_users(
    request: Request,
    actor: Admin,
    reads: ReplicaReadsDep,
    page: PageDep,
    wanted: Annotated[UserFilter, Depends(user_filter)],
    as_csv: WantsCsv,
) -> Page[UserResponse] | Response:
    """Everybody, newest first; as CSV all whom the filters leave, in the columns that an import takes."""
    if as_csv:
        taken = Taken(actor, PeopleTable.PEOPLE, narrowed=wanted.named())
        rows = export_people(reads, wanted)
        return people_csv(request_runtime(request), taken, "people.csv", COLUMNS, rows, as_csv)
    return await queries.user_page(reads, wanted, page)


@router.post("", status_code=201)
async def create_user(
    admin: Admin,
    address: ClientAddress,
    password_hash: Annotated[str, Depends(first_password)],
    session: SessionDep,
    payload: UserCreate,
) -> UserResponse:
    """Make an account for somebody; without a password its owner is invited by mail to choose one.

    An instructor or admin is made within ten minutes of the password.
    """
    return UserResponse.of(await actions.create_user(session, admin, payload, password_hash, address=address))


@router.get("/{user_id}")
async def read_user(user_id: UUID, _: Admin, reads: ReadsDep) -> UserResponse:
    """A person."""
    return await queries.shown_user(reads, user_id)


@router.patch("/{user_id}")
async def update_user(
    admin: Admin,
    address: ClientAddress,
    password_hash: Annotated[str | None, Depends(others_password)],
    user: SomeUser,
    session: SessionDep,
    if_match: IfMatch,
    patch: UserUpdate,
) -> UserResponse:
    """Change a person's name, or within ten minutes of the password role, password, activity or legal hold."""
    changed = await actions.update_user(session, admin, user, patch, password_hash, if_match, address=address)
    return UserResponse.of(changed)


@router.delete("/{user_id}", status_code=204)
async def deactivate_user(
    admin: RecentAdmin, address: ClientAddress, user: SomeUser, session: SessionDep, if_match: IfMatch
) -> None:
    """Deactivate a person; their sessions end at once."""
    await actions.deactivate_user(session, admin, user, if_match, address=address)


@router.delete("/{user_id}/sessions", status_code=204)
async def end_user_sessions(admin: RecentAdmin, address: ClientAddress, user: SomeUser, session: SessionDep) -> None:
    """End all sessions of a person, from the next request on."""
    await actions_help.end_all_sessions(session, admin, user, address=address)


@router.delete("/{user_id}/mfa", status_code=204)
async def reset_user_mfa(admin: RecentAdmin, address: ClientAddress, user: SomeUser, session: SessionDep) -> None:
    """Turn off the second factor of somebody who has lost it; their sessions end, and they are told by mail."""
    await actions_help.reset_mfa(session, admin, user, address=address)
