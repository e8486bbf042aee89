"""The references to files against the texts that name them: what `studium reconcile` compares, and puts right."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Text, cast, delete, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from studium.kit.base.findings import Findings
from studium.models import FileReference
from studium.models.file_reference import ADDRESS, HOLDERS, LEVELS, Holder, named_files, write_references

_BATCH = 200


@dataclass(frozen=True, slots=True)
class ReferenceDrift:
    """A row whose texts name other files than are kept of it."""

    holder: Holder
    row_id: UUID
    stored: frozenset[UUID]
    named: frozenset[UUID]

    def __str__(self) -> str:
        what = self.holder.model.__tablename__
        return f"{what} {self.row_id}: {len(self.stored)} files are kept as named, its texts name {len(self.named)}"


async def find_reference_drift(session: AsyncSession) -> Findings[ReferenceDrift]:
    """Every row whose references differ from its texts; texts are read some hundred at a time."""
    return await Findings[ReferenceDrift]().take(reference_drifts(session))


async def reference_drifts(session: AsyncSession) -> AsyncIterator[ReferenceDrift]:
    """The same, one by one."""
    for holder in HOLDERS:
        async for drift in _drift_of(session, holder):
            yield drift


async def _drift_of(session: AsyncSession, holder: Holder) -> AsyncIterator[ReferenceDrift]:
    level = LEVELS[holder.depth]
    deeper = [below.is_(None) for below in LEVELS[holder.depth + 1 :]]
    names = or_(*(cast(text, Text).contains(ADDRESS) for text in holder.texts))
    has_kept = holder.model.id.in_(select(level).where(level.is_not(None), *deeper))
    following = select(holder.model.id, *holder.texts).where(or_(names, has_kept)).order_by(holder.model.id)
    statement = following
    while rows := (await session.execute(statement.limit(_BATCH))).all():
        kept = select(level, FileReference.file_id).where(level.in_([row[0] for row in rows]), *deeper)
        stored: dict[UUID, set[UUID]] = {row[0]: set() for row in rows}
        for row_id, file_id in (await session.execute(kept)).all():
            stored[row_id].add(file_id)  # type: ignore[index]  # rows without a holder are not selected.
        for row_id, *texts in rows:
            drift = ReferenceDrift(holder, row_id, frozenset(stored[row_id]), frozenset(named_files(texts)))
            if drift.stored != drift.named:
                yield drift
        statement = following.where(holder.model.id > rows[-1][0])


async def repair_references(session: AsyncSession, drift: ReferenceDrift) -> None:
    """Keep what the texts of one row name now, under its lock."""
    holder = drift.holder
    held = select(holder.model.id, *holder.texts).where(holder.model.id == drift.row_id).with_for_update()
    row = (await session.execute(held)).one_or_none()
    if row is None:
        return
    await session.execute(delete(FileReference).where(*holder.references_of(drift.row_id)))
    await (await session.connection()).run_sync(write_references, holder, drift.row_id, named_files(row[1:]))
