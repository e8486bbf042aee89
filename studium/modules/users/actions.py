"""What people do with accounts: register, look after their own, administer others'."""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import exists, select
from sqlalchemy.ext.asyncio import AsyncSession

from studium.access.actor import Actor
from studium.access.audit import DONE, REFUSED, audit
from studium.access.guesses import Guess, settle
from studium.events import UserRegistered
from studium.kit import languages
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
    end_sessions,
    invite,
    issue_token,
    revoke_sessions,
    set_password,
    shut_out,
    void_tokens,
)
from studium.modules.users.email import Email, normalise_email
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
from studium.modules.users.schemas import MeUpdate, Password, PresentPassword, UserCreate, UserRegister, UserUpdate

# What else the door (auth) needs of accounts comes from here too: it is the one module that it may know.
__all__ = [
    "Email",
    "Password",
    "PasswordChange",
    "PresentPassword",
    "WrongPassword",
    "ask_to_verify",
    "create_admin",
    "create_user",
    "deactivate_user",
    "end_sessions",
    "hash_new",
    "issue_token",
    "normalise_email",
    "register",
    "require_student",
    "revoke_sessions",
    "set_password",
    "update_me",
    "update_user",
    "void_tokens",
]

_TOLD = frozenset({"role", "is_active"})
"""What the record keeps the new value of: figures of power, never a text."""

_ABOUT_ONESELF = frozenset({"full_name", "metadata"})


@dataclass(frozen=True, slots=True)
class PasswordChange:
    """A wish for another password of one's own: the present one as guessed; if right, the new one's hash."""

    guess: Guess | None
    password_hash: str | None
    address: str


# Coming in


async def register(
    session: AsyncSession, wish: UserRegister, password_hash: str, *, address: str, language: str | None
) -> User:
    """Make a student's account of their own, and mail the link that proves the address; raise EmailTaken.

    A language other than everybody's is remembered, so that this first mail is in it too.
    """
    user = await _add(session, wish, password_hash)
    if language not in {None, languages.DEFAULT}:
        user.profile_metadata = {"language": language}
        await session.flush()
    _remember(session, "users.registered", user.id, user.id, address)
    await publish(session, UserRegistered(user_id=user.id))
    await ask_to_verify(session, user)
    return user


def require_student(session: AsyncSession, wish: UserRegister, *, address: str) -> None:
    """Raise RoleNotAllowed, remembered, for who would be more than a student."""
    if wish.role is not Role.STUDENT:
        _remember(session, "users.registered", None, None, address, outcome=REFUSED, role=wish.role.value)
        message = "People register as students; an admin gives other roles."
        raise RoleNotAllowed(message)


async def create_user(
    session: AsyncSession, actor: Actor, wish: UserCreate, password_hash: str, *, address: str
) -> User:
    """Make an account for somebody; raise EmailTaken. Without a password in `wish` its owner is invited by mail."""
    user = await _add(session, wish, password_hash)
    _remember(session, "users.created", actor.id, user.id, address, role=wish.role.value)
    await (invite if wish.password is None else ask_to_verify)(session, user)
    return user


async def create_admin(session: AsyncSession, email: str, name: str, password: str, *, force: bool = False) -> User:
    """Make an admin from the command line; the address counts as proven.

    Raises pydantic's ValidationError for a bad address or name, InvalidInput for a weak password, EmailTaken, and
    AdminExists without `force`.
    """
    if not force and await session.scalar(select(exists().where(User.role == Role.ADMIN, User.is_active))):
        message = "There is an admin already: --force makes another one."
        raise AdminExists(message)
    wish = UserCreate(email=email, full_name=name, role=Role.ADMIN, password=password)
    user = await _add(session, wish, await hash_new(password, email=wish.email, name=wish.full_name))
    user.email_verified_at = now()
    await session.flush()
    _remember(session, "users.created", None, user.id, None, role=Role.ADMIN.value)
    return user


async def _add(session: AsyncSession, wish: UserRegister | UserCreate, password_hash: str) -> User:
    user = User(id=new_id(), password_hash=password_hash, is_active=True, mfa_enabled=False, version=1)
    user.email, user.full_name, user.role = wish.email, wish.full_name, wish.role
    user.profile_metadata = getattr(wish, "metadata", None)
    user.created_at = user.updated_at = now()
    async with unique_or(session, EmailTaken("There is an account with this e-mail address already.")):
        session.add(user)
    return user


# Oneself


async def update_me(
    session: AsyncSession, actor: Actor, patch: MeUpdate, change: PasswordChange | None, if_match: IfMatchHeader
) -> User:
    """Write the fields that were sent about oneself; raises PreconditionFailed, WrongPassword.

    A new password ends the other sessions.
    """
    if change is not None:
        await _require_present(session, actor, change)
    user = await session.get_one(User, actor.id, with_for_update=True, populate_existing=True)
    if_match.require(user.version)
    changes = patch.changes()
    await _write(session, user, {name: changes[name] for name in _ABOUT_ONESELF & changes.keys()})
    if change is not None and change.password_hash is not None:
        await set_password(session, user, change.password_hash, keep=actor.session_id)
        _remember(session, "users.password_changed", user.id, user.id, change.address)
    return user


async def _require_present(session: AsyncSession, actor: Actor, change: PasswordChange) -> None:
    """Raise WrongPassword, remembered, unless the present password came along and was right."""
    if change.guess is None or await settle(session, change.guess) is None:
        _remember(session, "users.password_changed", actor.id, actor.id, change.address, outcome=REFUSED)
        message = "Send your present password as current_password to choose a new one."
        raise WrongPassword(message)


# Others


async def update_user(
    session: AsyncSession,
    actor: Actor,
    user: User,
    patch: UserUpdate,
    password_hash: str | None,
    if_match: IfMatchHeader,
    *,
    address: str,
) -> User:
    """Write what an admin changes about somebody; raises PreconditionFailed, OwnAccount, LastAdmin, OwnsCourses.

    Deactivation and a new password end the person's sessions and mailed links in the same transaction.
    """
    admins = await lock_for_admin(session, actor, user)
    if_match.require(user.version)
    changes = patch.changes()
    refusal = await _refusal(session, actor, user, changes, admins)
    fields, became = sorted(changes), {name: changes[name] for name in _TOLD & changes.keys()}
    if refusal is not None:
        _remember(session, "users.changed", actor.id, user.id, address, outcome=REFUSED, fields=fields, became=became)
        raise refusal
    changes.pop("password", None)
    await _write(session, user, changes)
    if password_hash is not None:
        await set_password(session, user, password_hash)
    if not user.is_active:
        await shut_out(session, user)
    if fields:
        _remember(session, "users.changed", actor.id, user.id, address, fields=fields, became=became)
    return user


async def deactivate_user(
    session: AsyncSession, actor: Actor, user: User, if_match: IfMatchHeader, *, address: str
) -> None:
    """Shut a person out from the next request on; again: no change. Raises as `update_user` does."""
    no_more = UserUpdate(is_active=False)
    await update_user(session, actor, user, no_more, None, if_match, address=address)


async def _refusal(
    session: AsyncSession, actor: Actor, user: User, changes: Mapping[str, object], admins: set[UUID]
) -> Problem | None:
    """Why an admin may not change this person like this, or None."""
    role = changes.get("role", user.role)
    active = changes.get("is_active", user.is_active)
    demoted = user.role is Role.ADMIN and role is not Role.ADMIN
    shut_out = user.is_active and not active
    if user.id == actor.id and "password" in changes:
        return OwnAccount("Change your own password at /api/v1/users/me, with the present one.")
    if user.id == actor.id and (demoted or shut_out):
        return OwnAccount("Another admin has to do this for you.")
    if (demoted or shut_out) and admins == {user.id}:
        return LastAdmin("This is the last active admin.")
    if role is Role.STUDENT and user.role is not Role.STUDENT and await _owns_courses(session, user.id):
        return OwnsCourses("Give the courses to somebody else first.")
    return None


async def _owns_courses(session: AsyncSession, user_id: UUID) -> bool:
    return bool(await session.scalar(select(exists().where(Course.instructor_id == user_id))))


async def _write(session: AsyncSession, user: User, changes: Mapping[str, object]) -> None:
    if assign(user, changes):
        user.version += 1
        await session.flush()


def _remember(
    session: AsyncSession,
    action: str,
    actor_id: UUID | None,
    user_id: UUID | None,
    address: str | None,
    *,
    outcome: str = DONE,
    **details: object,
) -> None:
    target = None if user_id is None else ("user", user_id)
    audit(session, action, actor_id=actor_id, target=target, outcome=outcome, address=address, **details)
