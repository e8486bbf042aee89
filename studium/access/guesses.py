"""Passwords that people present: held against the account outside the transaction, counted inside it.

argon2 takes some hundredths of a second on purpose, and SQLite has one write lock. So a guess is judged before the
writing transaction begins, and settled in it: under the account's lock, against the throttles and the hash as they are
by then.
Throttles count failures only, and look the same whether the account exists or not.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, exists, select
from sqlalchemy.ext.asyncio import AsyncSession

from studium.access.throttle import Limit, closing_hit, forget, hits_of, note, seconds_left, take_turns
from studium.kit.db import Database
from studium.kit.passwords import verify_nothing, verify_password
from studium.kit.problems import TooManyRequests
from studium.models import User, UserSession

PER_ACCOUNT_AND_SOURCE = Limit("password:account+source", 10, timedelta(minutes=5))
PER_SOURCE = Limit("password:source", 30, timedelta(minutes=5))
PER_ACCOUNT = Limit("password:account", 100, timedelta(hours=1))


@dataclass(frozen=True, slots=True)
class Guess:
    """A password presented for `account` (a normalised address) from `source`, and what came of it a moment ago."""

    account: str
    source: str
    right: bool
    user_id: UUID | None = None
    held_against: str = ""


async def make_guess(database: Database, account: str, source: str, password: str) -> Guess:
    """Judge a password, at the same cost whether the account exists or not; raise TooManyRequests, Overloaded."""
    user_id = select(User.id).where(User.email == account).scalar_subquery()
    password_hash = select(User.password_hash).where(User.email == account).scalar_subquery()
    async with database.reading() as session:
        _, found_id, found_hash = await _require_room(session, account, source, user_id, password_hash)
    if found_id is None:
        await verify_nothing(password)
        return Guess(account, source, right=False)
    return Guess(account, source, await verify_password(found_hash, password), found_id, found_hash)


async def settle(session: AsyncSession, guess: Guess) -> User | None:
    """The account, locked, if the guess was right, still is, and the account is active; else None, and it counts.

    The caller answers None with a problem that keeps the writes. Raises TooManyRequests when others have used up the
    room meanwhile, so that guesses made all at once are worth no more than guesses made in turn.
    """
    await take_turns(session, f"source {guess.source}", f"account {guess.account}")
    failed_before, *_ = await _require_room(session, guess.account, guess.source)
    user = await _locked(session, guess) if guess.right else None
    if user is None:
        await note(session, PER_ACCOUNT_AND_SOURCE.scope, guess.account, guess.source)
        await note(session, PER_SOURCE.scope, guess.source)
        await note(session, PER_ACCOUNT.scope, guess.account)
    elif failed_before:
        await forgive(session, guess.account, guess.source)
    return user


async def forgive(session: AsyncSession, account: str, source: str) -> None:
    """The owner has shown who they are at this source: its failures on this account are forgotten."""
    await forget(session, PER_ACCOUNT_AND_SOURCE.scope, account, source)


async def _locked(session: AsyncSession, guess: Guess) -> User | None:
    same = User.id == guess.user_id, User.password_hash == guess.held_against, User.is_active
    return (await session.execute(select(User).where(*same).with_for_update(key_share=True))).scalar_one_or_none()


async def _require_room(session: AsyncSession, account: str, source: str, *also: ColumnElement[Any]) -> Sequence[Any]:
    """Raise TooManyRequests while a throttle is closed to this source for this account.

    Returns whether there are failures to forgive, then the values of `also`, which ride along in the one statement.
    """
    near = account, source
    columns = (
        exists().where(*hits_of(session, PER_ACCOUNT_AND_SOURCE.scope, *near)),
        closing_hit(session, PER_ACCOUNT_AND_SOURCE, *near),
        closing_hit(session, PER_SOURCE, source),
        closing_hit(session, PER_ACCOUNT, account),
    )
    failed, here, everywhere, crowd, *values = (await session.execute(select(*columns, *also))).one()
    seconds = max(seconds_left(PER_ACCOUNT_AND_SOURCE, here), seconds_left(PER_SOURCE, everywhere))
    if not seconds and crowd is not None and not await _is_known(session, account, source):
        seconds = seconds_left(PER_ACCOUNT, crowd)
    if seconds:
        raise TooManyRequests(seconds, "Too many failed attempts. Wait a little, then try again.")
    return [failed, *values]


async def _is_known(session: AsyncSession, account: str, source: str) -> bool:
    """Whether the owner of the account ever logged in from this source."""
    theirs = UserSession.user_id == User.id, User.email == account
    return bool(await session.scalar(select(exists().where(*theirs, UserSession.address == source))))
