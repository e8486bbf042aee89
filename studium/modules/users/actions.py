"""Accounts: registration, changes by the owner, and administration."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import exists, select
from sqlalchemy.ext.asyncio import AsyncSession

from studium.access.actor import Actor
from studium.access.audit import DONE, REFUSED, record_audit
from studium.access.password_attempts import Guess, settle
from studium.events import UserRegistered
from studium.kit.base import languages
from studium.kit.base.clock import now
from studium.kit.base.ids import new_id
from studium.kit.base.problems import Problem
from studium.kit.base.versions import IfMatchHeader
from studium.kit.db.database import Database, raise_on_conflict
from studium.kit.db.errors import violation_of
from studium.kit.db.tables import apply_changes
from studium.kit.jobs.events import publish
from studium.models import Course, Role, Source, User
from studium.modules.users.admins import lock_for_admin
from studium.modules.users.credentials import (
    ask_to_verify,
    change_address,
    drop_recovery_codes,
    drop_second_factor,
    end_address_changes,
    end_sessions,
    invite,
    is_overdue,
    issue_token,
    prove_address,
    revoke_sessions,
    set_password,
    shut_out,
    void_tokens,
)
from studium.modules.users.email import Email, normalise_email
from studium.modules.users.errors import (
    AdminExists,
    EmailTaken,
    ExternalIdTaken,
    LastAdmin,
    OwnAccount,
    OwnsCourses,
    PersonErased,
    RoleNotAllowed,
    WrongPassword,
)
from studium.modules.users.passwords import hash_new
from studium.modules.users.registrations import count
from studium.modules.users.schemas import MeUpdate, Password, PresentPassword, UserCreate, UserRegister, UserUpdate

# What else the door (auth) needs of accounts comes from here too: it is the one module that it may know.
__all__ = [
    "Email",
    "Password",
    "PasswordChange",
    "PresentPassword",
    "WrongPassword",
    "ask_to_verify",
    "change_address",
    "create_admin",
    "create_user",
    "deactivate_user",
    "drop_recovery_codes",
    "drop_second_factor",
    "end_address_changes",
    "end_sessions",
    "hash_new",
    "is_overdue",
    "issue_token",
    "normalise_email",
    "owners_among",
    "prove_address",
    "register",
    "require_student",
    "revoke_sessions",
    "set_password",
    "update_me",
    "update_user",
    "void_tokens",
]

_TOLD = frozenset({"role", "is_active", "legal_hold"})
"""What the record keeps the new value of: figures of power, never a text."""

_EXTERNAL_ID = "There is an account with this external id already."
_ABOUT_ONESELF = frozenset({"full_name", "metadata"})


@dataclass(frozen=True, slots=True)
class PasswordChange:
    """A wish for another password of one's own: the present one as guessed; if right, the new one's hash."""

    guess: Guess | None
    password_hash: str | None
    address: str


# Coming in


async def register(
    session: AsyncSession, payload: UserRegister, password_hash: str, *, address: str, language: str | None
) -> User:
    """Make a student's account of their own, and mail the link that proves the address.

    Raises TooManyRequests; and EmailTaken, which counts like an account.

    A language other than everybody's is remembered, so that this first mail is in it too.
    """
    await count(session, address)
    user = await _add(session, payload, password_hash, Source.SELF)
    if language not in {None, languages.DEFAULT}:
        user.profile_metadata = {"language": language}
        await session.flush()
    await _remember(session, "users.registered", user.id, user.id, address)
    await publish(session, UserRegistered(user_id=user.id))
    await ask_to_verify(session, user)
    return user


async def require_student(session: AsyncSession, payload: UserRegister, *, address: str) -> None:
    """Raise RoleNotAllowed, remembered, for who would be more than a student."""
    if payload.role is not Role.STUDENT:
        await _remember(session, "users.registered", None, None, address, outcome=REFUSED, role=payload.role.value)
        message = "People register as students; an admin gives other roles."
        raise RoleNotAllowed(message)


async def create_user(
    session: AsyncSession, actor: Actor, payload: UserCreate, password_hash: str, *, address: str
) -> User:
    """Make an account for somebody; raise EmailTaken, ExternalIdTaken.

    Without a password in `payload` its owner is invited by mail.
    """
    try:
        user = await _add(session, payload, password_hash, Source.STAFF)
    except EmailTaken as taken:
        violation = None if taken.__cause__ is None else violation_of(taken.__cause__)
        if violation is not None and "external_id" in violation.constraint:
            raise ExternalIdTaken(_EXTERNAL_ID) from taken
        raise
    await _remember(session, "users.created", actor.id, user.id, address, role=payload.role.value)
    await (invite if payload.password is None else ask_to_verify)(session, user)
    return user


async def create_admin(database: Database, email: str, name: str, password: str, *, force: bool = False) -> User:
    """Make an admin from the command line; the address counts as proven.

    Raises pydantic's ValidationError for a bad address or name, InvalidInput for a weak password, EmailTaken, and
    AdminExists without `force`.
    """
    payload = UserCreate(email=email, full_name=name, role=Role.ADMIN, password=password)
    password_hash = await hash_new(password, email=payload.email, name=payload.full_name)
    async with database.write_session() as session:
        return await _create_admin(session, payload, password_hash, force=force)


async def _create_admin(session: AsyncSession, payload: UserCreate, password_hash: str, *, force: bool) -> User:
    if not force and await session.scalar(select(exists().where(User.role == Role.ADMIN, User.is_active))):
        message = "There is an admin already: --force makes another one."
        raise AdminExists(message)
    user = await _add(session, payload, password_hash, Source.STAFF)
    user.email_verified_at = now()
    await session.flush()
    await _remember(session, "users.created", None, user.id, None, role=Role.ADMIN.value)
    return user


async def _add(session: AsyncSession, payload: UserRegister | UserCreate, password_hash: str, source: Source) -> User:
    user = User(id=new_id(), password_hash=password_hash, is_active=True, mfa_enabled=False, version=1)
    user.email, user.full_name, user.role = payload.email, payload.full_name, payload.role
    user.profile_metadata = getattr(payload, "metadata", None)
    user.external_id, user.source = getattr(payload, "external_id", None), source
    user.created_at = user.updated_at = now()
    async with raise_on_conflict(session, EmailTaken("There is an account with this e-mail address already.")):
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
    await _write(session, user, _about_oneself(user, changes))
    if change is not None and change.password_hash is not None:
        await set_password(session, user, change.password_hash, keep=actor.session_id)
        await _remember(session, "users.password_changed", user.id, user.id, change.address)
    return user


def _about_oneself(user: User, changes: Mapping[str, Any]) -> dict[str, object]:
    """What is written of the changes, by column: the time zone is a member of the metadata, as the language is."""
    found = {name: changes[name] for name in _ABOUT_ONESELF & changes.keys()}
    if "timezone" in changes:
        others = {**(found.get("metadata", user.profile_metadata) or {})}
        others.pop("timezone", None)
        chosen = {} if changes["timezone"] is None else {"timezone": changes["timezone"]}
        found["metadata"] = {**others, **chosen} or None
    return found


async def _require_present(session: AsyncSession, actor: Actor, change: PasswordChange) -> None:
    """Raise WrongPassword, remembered, unless the present password came along and was right."""
    if change.guess is None or await settle(session, change.guess) is None:
        await _remember(session, "users.password_changed", actor.id, actor.id, change.address, outcome=REFUSED)
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
    """Write what an admin changes about somebody.

    Raises PreconditionFailed, OwnAccount, LastAdmin, OwnsCourses, ExternalIdTaken.

    Deactivation and a new password end the person's sessions and mailed links in the same transaction.
    """
    admins = await lock_for_admin(session, actor, user)
    if_match.require(user.version)
    changes = patch.changes()
    refusal = _refusal(actor, user, changes, admins) or await _refusal_of_role(session, user, changes)
    await _change(session, actor, user, changes, refusal, address)
    if password_hash is not None:
        await set_password(session, user, password_hash)
    if not user.is_active:
        await shut_out(session, user)
    return user


async def deactivate_user(
    session: AsyncSession, actor: Actor, user: User, if_match: IfMatchHeader, *, address: str
) -> None:
    """Deactivate a person from the next request on; again: no change.

    Raises PreconditionFailed, OwnAccount, LastAdmin.
    """
    admins = await lock_for_admin(session, actor, user)
    if_match.require(user.version)
    no_more = {"is_active": False}
    await _change(session, actor, user, no_more, _refusal(actor, user, no_more, admins), address)
    await shut_out(session, user)


async def _change(
    session: AsyncSession,
    actor: Actor,
    user: User,
    changes: Mapping[str, object],
    refusal: Problem | None,
    address: str,
) -> None:
    """Write and remember what an admin changes about somebody, or remember the refusal and raise it."""
    fields, became = sorted(changes), {name: changes[name] for name in _TOLD & changes.keys()}
    outcome = DONE if refusal is None else REFUSED
    if refusal is None:
        async with raise_on_conflict(session, ExternalIdTaken(_EXTERNAL_ID)):
            await _write(session, user, {name: value for name, value in changes.items() if name != "password"})
    if fields:
        await _remember(
            session, "users.changed", actor.id, user.id, address, outcome=outcome, fields=fields, became=became
        )
    if refusal is not None:
        raise refusal


def _refusal(actor: Actor, user: User, changes: Mapping[str, object], admins: set[UUID]) -> Problem | None:
    """Why an admin may not change this person's power or password like this, or None."""
    if user.erased_at is not None and changes:
        return PersonErased("This person was erased, which is final.")
    demoted = user.role is Role.ADMIN and changes.get("role", user.role) is not Role.ADMIN
    shut_out = user.is_active and not changes.get("is_active", user.is_active)
    if user.id == actor.id and "password" in changes:
        return OwnAccount("Change your own password at /api/v1/users/me, with the present one.")
    if user.id == actor.id and (demoted or shut_out):
        return OwnAccount("Another admin has to do this for you.")
    if (demoted or shut_out) and admins == {user.id}:
        return LastAdmin("This is the last active admin.")
    return None


async def _refusal_of_role(session: AsyncSession, user: User, changes: Mapping[str, object]) -> Problem | None:
    becomes_student = changes.get("role", user.role) is Role.STUDENT and user.role is not Role.STUDENT
    if becomes_student and await _owns_courses(session, user.id):
        return OwnsCourses("Give the courses to somebody else first.")
    return None


async def _owns_courses(session: AsyncSession, user_id: UUID) -> bool:
    return bool(await owners_among(session, [user_id]))


async def owners_among(session: AsyncSession, user_ids: Sequence[UUID]) -> set[UUID]:
    """Which of these people own courses: they cannot become students."""
    owned = select(Course.instructor_id).where(Course.instructor_id.in_(user_ids)).distinct()
    return set((await session.execute(owned)).scalars())


async def _write(session: AsyncSession, user: User, changes: Mapping[str, object]) -> None:
    if apply_changes(user, changes):
        user.version += 1
        await session.flush()


async def _remember(
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
    await record_audit(session, action, actor_id=actor_id, target=target, outcome=outcome, address=address, **details)
