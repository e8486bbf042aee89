"""What people do with passkeys: add one, rename it, remove it, come in with it."""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from sqlalchemy import delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from studium.access.actor import Actor, require_recent
from studium.access.audit import REFUSED, record_audit
from studium.access.throttle import Limit, note_at, require_room_at, take_turns
from studium.events import PasskeyAdded
from studium.kit.base.clock import now
from studium.kit.base.executors import in_thread
from studium.kit.base.ids import new_id
from studium.kit.base.problems import NotFound
from studium.kit.db.database import raise_on_conflict
from studium.kit.jobs.events import publish
from studium.kit.runtime import Runtime, get_runtime
from studium.models import Passkey, User, UserSession
from studium.modules.auth.actions import enter, require_proven_address
from studium.modules.auth.errors import (
    AddressNotProven,
    InvalidChallenge,
    InvalidPasskey,
    PasskeyRefused,
    PasskeyTaken,
    TooManyPasskeys,
)
from studium.modules.auth.passkeys import (
    MOST,
    Challenge,
    Purpose,
    Site,
    decoded,
    judge_new,
    judge_use,
    opened_key,
    options_to_add,
    read_challenge,
    sealed_key,
    use_up,
)
from studium.modules.auth.schemas_passkeys import PasskeyAdd, PasskeyLogin, PasskeyOptions, PasskeyUpdate
from studium.modules.auth.sessions import Client

PER_SOURCE = Limit("passkey:source", 30, timedelta(minutes=5))


@dataclass(frozen=True, slots=True)
class NewPasskey:
    """A passkey that a browser made just now, found good."""

    challenge: Challenge
    credential_id: str
    public_key: bytes
    sign_count: int
    name: str


@dataclass(frozen=True, slots=True)
class PasskeyGuess:
    """An answer to a challenge, and what came of it a moment ago: the passkey and its new count, or neither."""

    challenge: Challenge
    passkey_id: UUID | None = None
    sign_count: int | None = None


# One's own


async def begin_passkey(session: AsyncSession, actor: Actor) -> PasskeyOptions:
    """What a browser is asked for a new passkey.

    Raises ReauthenticationRequired, PasskeysUnavailable, and AddressNotProven: whoever proves the address later must
    find nobody else's key in the account.
    """
    require_recent(actor)
    user = await session.get_one(User, actor.id)
    if user.email_verified_at is None:
        message = "Follow the link in the mail that we sent you, then add a passkey."
        raise AddressNotProven(message)
    known = select(Passkey.credential_id).where(Passkey.user_id == actor.id)
    runtime = get_runtime(session)
    return options_to_add(runtime.settings, runtime.keys, user, (await session.execute(known)).scalars().all())


async def judge_new_passkey(runtime: Runtime, actor: Actor, payload: PasskeyAdd) -> NewPasskey:
    """The passkey of a body, judged while no transaction is open.

    Raises ReauthenticationRequired, PasskeysUnavailable, InvalidPasskey.
    """
    require_recent(actor)
    site = Site.of(runtime.settings)
    try:
        challenge = read_challenge(runtime.keys, payload.challenge_token, Purpose.ADD)
    except InvalidChallenge:
        raise InvalidPasskey from None
    if challenge.subject != str(actor.id):
        raise InvalidPasskey
    credential_id, public_key, count = await in_thread(judge_new, site, challenge, payload.credential)
    return NewPasskey(challenge, credential_id, public_key, count, payload.name)


async def add_passkey(session: AsyncSession, actor: Actor, new: NewPasskey, client: Client) -> Passkey:
    """Keep a passkey, and tell its owner by mail.

    Raises InvalidPasskey for a challenge that was answered before, AddressNotProven, TooManyPasskeys, PasskeyTaken.
    """
    user = await _locked(session, actor.id)
    if not await use_up(session, new.challenge):
        raise InvalidPasskey
    if user.email_verified_at is None:
        raise AddressNotProven
    held = select(func.count()).select_from(Passkey).where(Passkey.user_id == user.id)
    if (await session.execute(held)).scalar_one() >= MOST:
        message = f"You have {MOST} passkeys; remove one first."
        raise TooManyPasskeys(message)
    key = sealed_key(get_runtime(session).keys, user.id, new.credential_id, new.public_key)
    row = Passkey(id=new_id(), user_id=user.id, credential_id=new.credential_id, public_key=key, name=new.name)
    row.sign_count, row.created_at = new.sign_count, now()
    async with raise_on_conflict(session, PasskeyTaken()):
        session.add(row)
    await _remember(session, "auth.passkey_added", actor, row.id, client)
    await publish(session, PasskeyAdded(user_id=user.id))
    return row


async def rename_passkey(
    session: AsyncSession, actor: Actor, passkey_id: UUID, patch: PasskeyUpdate, client: Client
) -> Passkey:
    """Give one of one's own passkeys another name; raises NotFound, ReauthenticationRequired."""
    require_recent(actor)
    own = Passkey.id == passkey_id, Passkey.user_id == actor.id
    row = (await session.execute(select(Passkey).where(*own).with_for_update())).scalar_one_or_none()
    if row is None:
        raise _none_such()
    name = patch.changes().get("name", row.name)
    if name != row.name:
        row.name = name
        await session.flush()
        await _remember(session, "auth.passkey_renamed", actor, row.id, client)
    return row


async def remove_passkey(session: AsyncSession, actor: Actor, passkey_id: UUID, client: Client) -> None:
    """Let nobody in with one of one's own passkeys any more; raises NotFound, ReauthenticationRequired."""
    require_recent(actor)
    own = delete(Passkey).where(Passkey.id == passkey_id, Passkey.user_id == actor.id).returning(Passkey.id)
    found = await session.execute(own, execution_options={"synchronize_session": False})
    if found.scalar_one_or_none() is None:
        raise _none_such()
    await _remember(session, "auth.passkey_removed", actor, passkey_id, client)


# Coming in


async def judge_passkey(runtime: Runtime, payload: PasskeyLogin) -> PasskeyGuess:
    """The answer to a challenge, judged while no transaction is open; raises PasskeysUnavailable, InvalidChallenge."""
    site = Site.of(runtime.settings)
    challenge = read_challenge(runtime.keys, payload.challenge_token, Purpose.ENTER)
    async with runtime.database.read_session() as session:
        row = await session.scalar(select(Passkey).where(Passkey.credential_id == payload.credential.id))
    key = None if row is None else opened_key(runtime.keys, row)
    if row is None or key is None or not _is_owner(row, payload.credential.response.user_handle):
        return PasskeyGuess(challenge)
    count = await in_thread(judge_use, site, challenge, payload.credential, key, row.sign_count)
    return PasskeyGuess(challenge, row.id, count)


def _is_owner(row: Passkey, user_handle: str | None) -> bool:
    """Whether the device names the owner of the passkey, or nobody."""
    try:
        return not user_handle or decoded(user_handle) == row.user_id.bytes
    except ValueError:
        return False


async def log_in_with_passkey(session: AsyncSession, guess: PasskeyGuess, client: Client) -> UserSession:
    """Open a session for whoever has the passkey: both factors at once, because the device has asked for the second.

    Raises PasskeyRefused, InvalidChallenge for one that was answered before, EmailNotVerified, TooManyRequests.
    """
    await take_turns(session, f"passkey {guess.challenge.id}")
    await require_room_at(session, PER_SOURCE, client.address)
    if not await use_up(session, guess.challenge):
        raise InvalidChallenge
    row = await _settled(session, guess)
    if row is None:
        await note_at(session, PER_SOURCE, client.address)
        target = None if guess.passkey_id is None else ("passkey", guess.passkey_id)
        await record_audit(session, "auth.login", actor_id=None, target=target, outcome=REFUSED, address=client.address)
        message = "This passkey is not known here, or did not sign the challenge."
        raise PasskeyRefused(message)
    user = await session.get_one(User, row.user_id)
    await require_proven_address(session, user, client)
    row.last_used_at = now()
    await session.flush()
    return await enter(session, user, client, passkey_id=str(row.id))


async def _settled(session: AsyncSession, guess: PasskeyGuess) -> Passkey | None:
    """The passkey, its owner locked, if the answer was right, still is, and the owner is active; its count rises."""
    if guess.passkey_id is None or guess.sign_count is None:
        return None
    owner = await session.scalar(select(Passkey.user_id).where(Passkey.id == guess.passkey_id))
    user = None if owner is None else await _locked(session, owner)
    found = select(Passkey).where(Passkey.id == guess.passkey_id)
    row = await session.scalar(found, execution_options={"populate_existing": True})
    if user is None or row is None or not user.is_active:
        return None
    if guess.sign_count <= row.sign_count and (guess.sign_count or row.sign_count):
        # Another device has counted so far meanwhile: one of the two is a copy.
        return None
    row.sign_count = guess.sign_count
    return row


async def _locked(session: AsyncSession, user_id: UUID) -> User:
    """The person's row, locked: the mutex of their passkeys, as of all that lets them in."""
    statement = select(User).where(User.id == user_id).with_for_update(key_share=True)
    return (await session.execute(statement, execution_options={"populate_existing": True})).scalar_one()


def _none_such() -> NotFound:
    return NotFound("You have no such passkey.")


async def _remember(session: AsyncSession, action: str, actor: Actor, passkey_id: UUID, client: Client) -> None:
    await record_audit(session, action, actor_id=actor.id, target=("passkey", passkey_id), address=client.address)
