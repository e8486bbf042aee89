"""People: oneself, and for admins everybody."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query, Request

from studium.access.actor import Admin, ClientAddress, CurrentUser
from studium.access.guesses import make_guess
from studium.kit.db import SessionDep, runtime_behind
from studium.kit.pages import Page, PageDep
from studium.kit.routing import IfMatch, Router
from studium.models import Role, User
from studium.modules.users import actions, queries
from studium.modules.users.actions import PasswordChange
from studium.modules.users.passwords import hash_new, hash_of_nobodys
from studium.modules.users.queries import UserFilter
from studium.modules.users.schemas import MeUpdate, UserCreate, UserResponse, UserUpdate

router = Router("/users", tag="users")


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
    async with runtime_behind(request).database.reading() as session:
        email, name = await queries.identity(session, actor.id)
    guess = await make_guess(runtime_behind(request), email, address, patch.current_password)
    hashed = await hash_new(patch.password, email=email, name=name) if guess.right else None
    return PasswordChange(guess, hashed, address)


async def first_password(_: Admin, wish: UserCreate) -> str:
    """The hash for a new account: of the password in the body, or of one that nobody knows."""
    if wish.password is None:
        return await hash_of_nobodys()
    return await hash_new(wish.password, email=wish.email, name=wish.full_name)


async def others_password(request: Request, user_id: UUID, _: Admin, patch: UserUpdate) -> str | None:
    """The hash of the password that an admin gives somebody; None where the body has none. Raises NotFound."""
    if "password" not in patch.model_fields_set:
        return None
    async with runtime_behind(request).database.reading() as session:
        email, name = await queries.identity(session, user_id)
    return await hash_new(patch.password, email=email, name=name)


async def user_filter(
    role: Role | None = None,
    is_active: bool | None = None,  # noqa: FBT001 -- query parameters have names.
    q: Annotated[str | None, Query(max_length=200, description="Words of the name or the e-mail address.")] = None,
) -> UserFilter:
    """The filters of the list."""
    return UserFilter(role, is_active, q)


async def some_user(user_id: UUID, _: Admin, session: SessionDep) -> User:
    """Any person, for an admin; raises NotFound."""
    return await queries.user_by_id(session, user_id)


SomeUser = Annotated[User, Depends(some_user)]


@router.get("/me")
async def read_me(actor: CurrentUser, session: SessionDep) -> UserResponse:
    """Oneself."""
    return UserResponse.of(await queries.user_by_id(session, actor.id))


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


@router.get("")
async def list_users(
    _: Admin, session: SessionDep, page: PageDep, wanted: Annotated[UserFilter, Depends(user_filter)]
) -> Page[UserResponse]:
    """Everybody, newest first."""
    return await queries.user_page(session, wanted, page)


@router.post("", status_code=201)
async def create_user(
    admin: Admin,
    address: ClientAddress,
    password_hash: Annotated[str, Depends(first_password)],
    session: SessionDep,
    wish: UserCreate,
) -> UserResponse:
    """Make an account for somebody; without a password its owner is invited by mail to choose one."""
    return UserResponse.of(await actions.create_user(session, admin, wish, password_hash, address=address))


@router.get("/{user_id}")
async def read_user(user: SomeUser) -> UserResponse:
    """A person."""
    return UserResponse.of(user)


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
    """Change a person's name, role, password or activity."""
    changed = await actions.update_user(session, admin, user, patch, password_hash, if_match, address=address)
    return UserResponse.of(changed)


@router.delete("/{user_id}", status_code=204)
async def deactivate_user(
    admin: Admin, address: ClientAddress, user: SomeUser, session: SessionDep, if_match: IfMatch
) -> None:
    """Deactivate a person; their sessions end at once."""
    await actions.deactivate_user(session, admin, user, if_match, address=address)
