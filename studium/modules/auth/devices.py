"""Devices: whether a person has logged in from here, and with this program, before."""

import re
from uuid import UUID

from sqlalchemy import exists, select
from sqlalchemy.ext.asyncio import AsyncSession

from studium.models import UserSession

_VERSIONS = re.compile(r"[0-9][0-9._]*")
_MOST_PROGRAMS = 200


async def is_new_to(session: AsyncSession, user_id: UUID, *, address: str, user_agent: str | None) -> bool:
    """Whether none of the person's remembered sessions came from this address, or none from this program.

    Another version of a program is the same program. Ask before the session of this log-in is stored.
    """
    theirs = UserSession.user_id == user_id
    same = UserSession.user_agent.is_not_distinct_from(user_agent)
    known = select(exists().where(theirs, UserSession.address == address), exists().where(theirs, same))
    here, with_this = (await session.execute(known)).one()
    return not here or not (with_this or await _has_used(session, user_id, user_agent))


async def _has_used(session: AsyncSession, user_id: UUID, user_agent: str | None) -> bool:
    names = select(UserSession.user_agent).where(UserSession.user_id == user_id).distinct().limit(_MOST_PROGRAMS)
    program = _program(user_agent)
    return any(_program(name) == program for name in (await session.execute(names)).scalars())


def _program(user_agent: str | None) -> str:
    """What stays the same when a program is updated."""
    return _VERSIONS.sub("", user_agent or "")
