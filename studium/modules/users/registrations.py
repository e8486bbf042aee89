"""Rate limits of registration: for one source, which may be a whole school, and in all."""

from datetime import timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from studium.access.throttle import Limit, longest_wait, note, note_at, require_room_at, take_turns
from studium.kit.base.problems import TooManyRequests
from studium.kit.runtime import get_runtime

_HOUR = timedelta(hours=1)
PER_SOURCE = Limit("registration:source", 300, _HOUR)
_IN_ALL = "registration:all"


async def require_room(session: AsyncSession, source: str) -> None:
    """Raise TooManyRequests where the source has registered too many within the hour, or everybody together has."""
    await require_room_at(session, PER_SOURCE, source)
    in_all = Limit(_IN_ALL, get_runtime(session).settings.registrations_per_hour, _HOUR)
    # How many others came is no business of this source, unless there is no room left.
    seconds = await longest_wait(session, (in_all,), _IN_ALL)
    if seconds:
        message = "Too many people register at the moment. Come back a little later."
        raise TooManyRequests(seconds, message)


async def count(session: AsyncSession, source: str) -> None:
    """Count a registration, in turn with all others; raise TooManyRequests where they have used up the room."""
    await take_turns(session, _IN_ALL)
    await require_room(session, source)
    await note_at(session, PER_SOURCE, source)
    await note(session, _IN_ALL, _IN_ALL)
