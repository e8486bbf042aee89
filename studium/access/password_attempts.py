"""Passwords that people present: held against the account outside the transaction, counted inside it.

argon2 takes some hundredths of a second on purpose, and SQLite has one write lock. So a guess is judged before the
writing transaction begins, and settled in it: under the account's lock, against the throttles and the hash as they are
by then.
Throttles count failures only, and look the same whether the account exists or not.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import RowMapping, bindparam, case, exists, false, select
from sqlalchemy.ext.asyncio import AsyncSession

from studium.access.throttle import (
    Limit,
    beginnings,
    closing_hit,
    digest,
    forget,
    hits_of,
    note,
    note_at,
    seconds_left,
    take_turns,
    tell,
    used_hits,
)
from studium.kit.base.problems import TooManyRequests
from studium.kit.base.sources import site_of
from studium.kit.db.prepared import PreparedStatement
from studium.kit.runtime import Runtime, get_runtime
from studium.kit.security.passwords import verify_nothing, verify_password
from studium.kit.security.tokens import Keys
from studium.models import User, UserSession

PER_ACCOUNT_AND_SOURCE = Limit("password:account+source", 10, timedelta(minutes=5))
PER_SOURCE = Limit("password:source", 30, timedelta(minutes=5))
PER_SITE = PER_SOURCE.of_site
PER_ACCOUNT = Limit("password:account", 100, timedelta(hours=1))

_THEIRS = User.email == bindparam("email")
_CROWD = closing_hit(PER_ACCOUNT, "account")
_WAS_HERE = exists().where(_THEIRS, UserSession.user_id == User.id, UserSession.address == bindparam("address"))
_ROOM = select(
    exists().where(*hits_of(PER_ACCOUNT_AND_SOURCE.scope, "near")).label("has_failed"),
    closing_hit(PER_ACCOUNT_AND_SOURCE, "near").label("here"),
    used_hits(PER_ACCOUNT_AND_SOURCE, "near").label("used_here"),
    closing_hit(PER_SOURCE, "source").label("everywhere"),
    used_hits(PER_SOURCE, "source").label("used_everywhere"),
    closing_hit(PER_SITE, "site").label("around"),
    _CROWD.label("crowd"),
    # Only asked during an attack: the sessions of a person may be many.
    case((_CROWD.is_not(None), _WAS_HERE), else_=false()).label("is_known"),
)
_LOOK = PreparedStatement(
    _ROOM.add_columns(
        select(User.id).where(_THEIRS).scalar_subquery().label("user_id"),
        select(User.password_hash).where(_THEIRS).scalar_subquery().label("password_hash"),
    )
)
"""Room and hash in one statement: it looks at the same tables whether the account exists or not."""


@dataclass(frozen=True, slots=True)
class Guess:
    """A password presented for `account` (a normalised address) from `source`, and what came of it a moment ago."""

    account: str
    source: str
    right: bool
    user_id: UUID | None = None
    held_against: str = ""


async def make_guess(runtime: Runtime, account: str, source: str, password: str) -> Guess:
    """Judge a password, at the same cost whether the account exists or not; raise TooManyRequests, Overloaded."""
    found: Any = await runtime.database.reads.one(_LOOK, **_values(runtime.keys, account, source))
    _require_room(found)
    user_id, password_hash = found["user_id"], found["password_hash"]
    if user_id is None:
        await verify_nothing(password)
        return Guess(account, source, right=False)
    return Guess(account, source, await verify_password(password_hash, password), user_id, password_hash)


async def settle(session: AsyncSession, guess: Guess) -> User | None:
    """The account, locked, if the guess was right, still is, and the account is active; else None, and it counts.

    The caller answers None with a problem that keeps the writes. Raises TooManyRequests when others have used up the
    room meanwhile, so that guesses made all at once are worth no more than guesses made in turn.
    """
    around = site_of(guess.source) or guess.source
    await take_turns(session, f"source {around}", f"account {guess.account}")
    values = _values(get_runtime(session).keys, guess.account, guess.source)
    found = (await session.execute(_ROOM, values)).mappings().one()
    _require_room(found)
    user = await _locked(session, guess) if guess.right else None
    if user is None:
        await note(session, PER_ACCOUNT_AND_SOURCE.scope, guess.account, guess.source)
        await note_at(session, PER_SOURCE, guess.source)
        await note(session, PER_ACCOUNT.scope, guess.account)
    elif found["has_failed"]:
        await forgive(session, guess.account, guess.source)
    return user


async def forgive(session: AsyncSession, account: str, source: str) -> None:
    """The owner has shown who they are at this source: its failures on this account are forgotten."""
    await forget(session, PER_ACCOUNT_AND_SOURCE.scope, account, source)


async def _locked(session: AsyncSession, guess: Guess) -> User | None:
    same = User.id == guess.user_id, User.password_hash == guess.held_against, User.is_active
    return (await session.execute(select(User).where(*same).with_for_update(key_share=True))).scalar_one_or_none()


def _values(keys: Keys, account: str, source: str) -> dict[str, Any]:
    """The parameters of `_ROOM` and `_LOOK`."""
    return {
        "email": account,
        "address": source,
        "near": digest(keys, account, source),
        "source": digest(keys, source),
        "site": digest(keys, site_of(source)),
        "account": digest(keys, account),
        **beginnings((PER_ACCOUNT_AND_SOURCE, PER_SOURCE, PER_ACCOUNT)),
    }


def _require_room(found: Mapping[str, Any] | RowMapping) -> None:
    """Raise TooManyRequests while a throttle is closed to this source for this account.

    A crowd of sources does not close it to one from which the owner logged in before.
    """
    crowd = None if found["is_known"] else found["crowd"]
    seconds = max(
        tell(PER_ACCOUNT_AND_SOURCE, found["used_here"], found["here"]),
        tell(PER_SOURCE, found["used_everywhere"], found["everywhere"]),
        # How often others failed, here or on the account, is no business of this source.
        seconds_left(PER_SITE, found["around"]),
        seconds_left(PER_ACCOUNT, crowd),
    )
    if seconds:
        raise TooManyRequests(seconds, "Too many failed attempts. Wait a little, then try again.")
