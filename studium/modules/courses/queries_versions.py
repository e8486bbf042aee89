"""The texts that a lesson had before."""

from typing import Any
from uuid import UUID

from sqlalchemy import Row, select
from sqlalchemy.ext.asyncio import AsyncSession

from studium.kit.base.executors import BoundedExecutor
from studium.kit.http.pagination import Order, Page, PageQuery, paginate
from studium.models import LessonVersion
from studium.modules.courses.actions_trash import find_version
from studium.modules.courses.comparison import LinePair, compare_lines
from studium.modules.courses.schemas_versions import LessonVersionOut, LessonVersionText, LinePairOut

_NEWEST_FIRST = (Order(LessonVersion.number),)
_SHOWN = [LessonVersion.__table__.c[name] for name in LessonVersionOut.model_fields]
_lane = BoundedExecutor("comparison", threads=1, queue=16)


async def version_page(session: AsyncSession, lesson_id: UUID, page: PageQuery) -> Page[LessonVersionOut]:
    """The versions of a lesson without their texts, the latest first."""
    statement = select(*_SHOWN).where(LessonVersion.lesson_id == lesson_id)
    return await paginate(session, statement, order=_NEWEST_FIRST, page=page, name="versions", item=_version_out)


def _version_out(row: Row[Any]) -> LessonVersionOut:
    return LessonVersionOut.model_validate(row)


async def version_text(session: AsyncSession, lesson_id: UUID, number: int) -> LessonVersionText:
    """One version with its text; raises NotFound."""
    found = await find_version(session, lesson_id, number)
    fields = {name: getattr(found, name) for name in LessonVersionText.model_fields if name != "comparison"}
    return LessonVersionText(**fields, comparison=None)


async def compared(version: LessonVersionText, with_text: str | None) -> LessonVersionText:
    """The version with its content beside another one. No session may be open meanwhile."""
    version.comparison = await _lane.run(_pairs_out, version.content or "", with_text or "")
    return version


def _pairs_out(before: str, after: str) -> list[LinePairOut]:
    return [LinePairOut.model_validate(pair) for pair in compare_lines(before, after)]


async def compared_lines(before: str | None, after: str | None) -> list[LinePair]:
    """Two texts side by side. No session may be open meanwhile."""
    return await _lane.run(compare_lines, before or "", after or "")
