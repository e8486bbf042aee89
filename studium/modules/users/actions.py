"""What people do with accounts: register, look after their own, administer others'."""

from typing import Any

from sqlalchemy import exists, select
from sqlalchemy.ext.asyncio import AsyncSession

from studium.access.actor import Actor
from studium.access.audit import REFUSED, audit
from studium.access.guesses import Guess, settle
from studium.events import PasswordChanged, UserRegistered
from studium.kit.clock import now
from studium.kit.db import unique_or
from studium.kit.events import publish
from studium.kit.ids import new_id
from studium.kit.problems import Problem
from studium.kit.tables import assign
from studium.kit.versions import IfMatchHeader
from studium.models import Course, Role, User
from studium.modules.users.admins import lock_for_admin
from studium.modules.users.credentials import (
    ask_to_verify,
    invite,
    revoke_sessions,
)
from studium.modules.users.email import normalise_email
from studium.modules.users.errors import (
    AdminExists,
    EmailTaken,
    LastAdmin,
    OwnAccount,
    OwnsCourses,
    RoleNotAllowed,
    WrongPassword,
)
from studium.modules.users.passwords import hash_new
from studium.modules.users.schemas import MeUpdate, UserCreate, UserRegister, UserUpdate


async def register(session: AsyncSession, wish: UserRegister, password_hash: str, *, address: str | None) -> User:
    """Make an account of a student's own and mail the link that proves the address; raise EmailTaken."""
    user = await _add(session, wish, password_hash)
    audit(session, "users.registered", actor_id=user.id, target=("user", user.id), address=address)
    await publish(session, UserRegistered(user_id=user.id))
    await ask_to_verify(session, user)
    return user


async def refuse_role(session: AsyncSession, wish: UserRegister, *, address: str | None) -> None:
    """Raise RoleNotAllowed unless the wish is to be a student; the attempt is remembered."""
    if wish.role is not Role.STUDENT:
        audit(session, "users.registered", actor_id=None, outcome=REFUSED, address=address, role=wish.role.value)
        message = "People register as students; an admin gives other roles."
        raise RoleNotAllowed(message)


async def create_user(
    session: AsyncSession, actor: Actor, wish: UserCreate, password_hash: str, *, address: str | None
) -> User:
    """Make an account for somebody; raise EmailTaken. Without a password in `wish` its owner is invited by mail."""
    user = await _add(session, wish, password_hash)
    user.profile_metadata = wish.metadata
    await session.flush()
    role = wish.role.value
    audit(session, "users.created", actor_id=actor.id, target=("user", user.id), address=address, role=role)
    await (invite if wish.password is None else ask_to_verify)(session, user)
    return user


async def create_admin(session: AsyncSession, email: str, name: str, password: str, *, force: bool = False) -> User:
    """Make an admin from the command line, whose address counts as proven.

    Raises ValueError for what is no address, InvalidInput for a weak password, EmailTaken, and AdminExists without `force`.
    """
    if not force and await session.scalar(select(exists().where(User.role == Role.ADMIN, User.is_active))):
        raise AdminExists
    wish = UserCreate(email=normalise_email(email), full_name=name, role=Role.ADMIN, password=password)
    user = await _add(session, wish, await hash_new(password, email=wish.email, name=wish.full_name))
    user.email_verified_at = now()
    await session.flush()
    audit(session, "users.admin_created", actor_id=None, target=("user", user.id))
    return user


async def _add(session: AsyncSession, wish: UserRegister | UserCreate, password_hash: str) -> User:
    taken = EmailTaken("There is an account with this e-mail address already.")
    user = User(id=new_id(), email=wish.email, full_name=wish.full_name, role=wish.role, password_hash=password_hash)
    user.is_active, user.mfa_enabled, user.version = True, False, 1
    async with unique_or(session, taken):
        session.add(user)
    return user


async def update_me(
    session: AsyncSession,
    user: User,
    patch: MeUpdate,
    if_match: IfMatchHeader,
) -> User:
    """Write the fields that were sent about oneself; raises PreconditionFailed. The password has `change_password`."""
    await session.refresh(user, with_for_update=True)
    if_match.require(user.version)
    changes = patch.changes()
    if assign(user, {name: changes[name] for name in ("full_name", "metadata") if name in changes}):
        user.version += 1
        await session.flush()
    return user


async def change_password(session: AsyncSession, actor: Actor, guess: Guess | None, password_hash: str | None) -> User:
    """Set one's own password, given the present one, and end the other sessions; raises WrongPassword."""
    user = None if guess is None else await settle(session, guess)
    if user is None or password_hash is None:
        source = guess.source if guess else None
        _remember(session, "users.password_changed", actor, actor.id, outcome=REFUSED, address=source)
        message = "Send the present password as current_password to choose a new one."
        raise WrongPassword(message)
    await set_password(session, user, password_hash, keep=actor)
    _remember(session, "users.password_changed", actor, user.id, address=guess.source if guess else None)
    return user
