"""Periodic tasks: whose waiting time is over is closed, then erased; and what the settings keep for some days goes."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from uuid import UUID

import structlog
from sqlalchemy import ColumnElement, select
from sqlalchemy.ext.asyncio import AsyncSession

from studium.events import ErasureDue
from studium.kit.base.clock import now
from studium.kit.jobs.events import publish
from studium.kit.jobs.registry import periodic
from studium.kit.runtime import Runtime
from studium.models import Erasure, User
from studium.modules.privacy.actions import request_for_retention
from studium.modules.privacy.refusals import refusal_of
from studium.modules.privacy.retention import AT_ONCE, delete_files_of_deactivated, due_people, forget_addresses
from studium.modules.users.admins import lock_with_admins
from studium.modules.users.credentials import shut_out

CLOSED = timedelta(hours=1)
"""How long an account is closed before it is erased: no request lasts longer, be it a large upload."""

_AT_ONCE = 200
_log = structlog.get_logger()


@periodic("privacy.erase_due", seconds=3600)
async def erase_due(runtime: Runtime) -> None:
    """Close the accounts whose time has come, and have those erased that were closed an hour ago."""
    for user_id in await _due(runtime, Erasure.closed_at.is_(None), Erasure.due_at <= now()):
        async with runtime.database.write_session() as session:
            await close_account(session, user_id)
    for user_id in await _due(runtime, Erasure.closed_at <= now() - CLOSED):
        async with runtime.database.write_session() as session:
            await publish(session, ErasureDue(user_id=user_id))


@periodic("privacy.apply_retention", seconds=3600)
async def apply_retention(runtime: Runtime) -> None:
    """Forget and delete by STUDIUM_RETENTION_*, a bounded part in each transaction."""
    settings = runtime.settings
    await _in_parts(runtime, forget_addresses, settings.retention_addresses_days)
    await _in_parts(runtime, delete_files_of_deactivated, settings.retention_files_days)
    if settings.retention_deactivated_days:
        async with runtime.database.read_session() as session:
            due = await due_people(session, settings.retention_deactivated_days)
        for user_id in due:
            async with runtime.database.write_session() as session:
                await request_for_retention(session, user_id)


async def _in_parts(runtime: Runtime, part: Callable[[AsyncSession, int], Awaitable[int]], days: int) -> None:
    done = AT_ONCE if days else 0
    while done == AT_ONCE:
        async with runtime.database.write_session() as session:
            done = await part(session, days)


async def _due(runtime: Runtime, *which: ColumnElement[bool]) -> list[UUID]:
    """People with a pending erasure of this kind, a bounded number; the next turn has the others."""
    pending = Erasure.cancelled_at.is_(None), Erasure.done_at.is_(None)
    some = select(Erasure.user_id).where(*pending, *which).order_by(Erasure.due_at).limit(_AT_ONCE)
    async with runtime.database.read_session() as session:
        return list((await session.execute(some)).scalars())


async def close_account(session: AsyncSession, user_id: UUID) -> None:
    """Let a person in no more, unless something stands against the erasure now: then the next turn tries again."""
    user = (await session.execute(select(User).where(User.id == user_id))).scalar_one()
    admins = await lock_with_admins(session, user)
    held = select(Erasure).where(Erasure.user_id == user_id, Erasure.cancelled_at.is_(None)).with_for_update()
    erasure = (await session.execute(held)).scalar_one_or_none()
    if erasure is None or erasure.closed_at is not None:
        return
    refusal = await refusal_of(session, user, admins)
    if refusal is not None:
        _log.warning("a person cannot be erased", user_id=str(user_id), reason=refusal.code())
        return
    erasure.closed_at = now()
    if user.is_active:
        user.is_active = False
        user.version += 1
    await session.flush()
    await shut_out(session, user)
