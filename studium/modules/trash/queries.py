"""What is in the trash of a course."""

from typing import Any
from uuid import UUID

from sqlalchemy import Row, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import defer

from studium.kit.base.clock import now
from studium.kit.http.pagination import Order, Page, PageQuery, paginate
from studium.models import TrashItem
from studium.models.undo.trash import KEPT
from studium.modules.trash.schemas import TrashItemOut

_NEWEST_FIRST = (Order(TrashItem.removed_at), Order(TrashItem.id))


async def trash_page(session: AsyncSession, course_id: UUID, page: PageQuery) -> Page[TrashItemOut]:
    """What can be brought back, what was removed last first."""
    statement = select(TrashItem).where(TrashItem.course_id == course_id, TrashItem.removed_at > now() - KEPT)
    # A place may name a thousand others.
    statement = statement.options(defer(TrashItem.place, raiseload=True))
    return await paginate(session, statement, order=_NEWEST_FIRST, page=page, name="trash", item=_item_out)


def _item_out(row: Row[Any]) -> TrashItemOut:
    return TrashItemOut.model_validate(row[0])
