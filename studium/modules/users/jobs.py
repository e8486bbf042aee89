"""Periodic task: accounts whose address was never proved are deleted or closed."""

from functools import cache

from sqlalchemy import ColumnElement, delete, exists, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from studium.access.audit import record_audit
from studium.kit.base.clock import now
from studium.kit.db.tables import Base
from studium.kit.jobs.registry import periodic
from studium.kit.runtime import Runtime, get_runtime
from studium.models import Role, User, UserSession
from studium.modules.users.credentials import BROUGHT_IN, end_sessions, overdue_before

_AT_ONCE = 200
_OF_THE_DOOR = frozenset(
    {
        "data_exports",
        "sessions",
        "refresh_tokens",
        "one_time_tokens",
        "address_changes",
        "recovery_codes",
        "idempotency_keys",
        "user_words",
    }
)
"""Tables whose rows mean nothing without their person, and go along. Any other row keeps its person."""


@periodic("users.sweep_unproven", seconds=3600)
async def sweep_unproven(runtime: Runtime) -> None:
    """Delete accounts that were never proved within their time, and close those that have left something behind.

    Who is still logged in is logged out first, and deleted on the next turn: nobody is deleted in the middle of an act.
    """
    gone = _AT_ONCE
    while gone == _AT_ONCE:
        async with runtime.database.write_session() as session:
            gone = await delete_unproven(session)
    async with runtime.database.write_session() as session:
        await end_sessions(session, UserSession.user_id.in_(select(User.id).where(*_overdue(session))))


async def delete_unproven(session: AsyncSession) -> int:
    """Delete up to 200 of them, and say how many these were."""
    live = UserSession.revoked_at.is_(None), UserSession.expires_at > now()
    is_in = exists().where(UserSession.user_id == User.id, *live)
    doomed = select(User.id).where(*_overdue(session), ~is_in, *(~left for left in _left_behind()))
    locked = doomed.order_by(User.id).limit(_AT_ONCE).with_for_update(skip_locked=True)
    ids = (await session.execute(locked)).scalars().all()
    for user_id in ids:
        await record_audit(session, "users.expired", actor_id=None, target=("user", user_id))
    await session.flush()
    await session.execute(delete(User).where(User.id.in_(ids)), execution_options={"synchronize_session": False})
    return len(ids)


def _overdue(session: AsyncSession) -> tuple[ColumnElement[bool], ...]:
    before = overdue_before(get_runtime(session).settings)
    came_alone = or_(User.source.is_(None), User.source.not_in(BROUGHT_IN))
    return User.role == Role.STUDENT, User.email_verified_at.is_(None), came_alone, User.created_at <= before


@cache
def _left_behind() -> list[ColumnElement[bool]]:
    """For each column anywhere that points at a person: whether a row of it does."""
    pointing = [
        key.parent
        for table in Base.metadata.sorted_tables
        if table.name not in _OF_THE_DOOR
        for key in table.foreign_keys
        if key.column.table.name == User.__tablename__
    ]
    return [exists().where(column == User.id) for column in pointing]
