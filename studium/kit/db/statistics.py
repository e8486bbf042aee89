"""The planner's figures about tables that grow at once: PostgreSQL looks at them a minute later at best."""

from collections.abc import Mapping

from sqlalchemy import bindparam, text
from sqlalchemy.ext.asyncio import AsyncSession

from studium.kit.db.tables import Base

_KNOWN = text("SELECT CAST(reltuples AS bigint) FROM pg_class WHERE oid = CAST(:name AS regclass)").bindparams(
    bindparam("name")
)
_TIMES = 2


async def analyze_grown(session: AsyncSession, added: Mapping[type[Base], int]) -> list[str]:
    """Have tables looked at anew to which the caller has added more than twice of what the planner knows; their names.

    A plan is kept with its connection until its tables are looked at again: one that reads the whole table, which was
    best while this was empty, would do so to the end. Called between parts of a long work, this happens a few times in
    all, and never for a table that was large before. Nobody waits: where the table is being looked at, it is left.
    """
    if session.get_bind().dialect.name != "postgresql":
        return []
    grown = []
    for table, many in added.items():
        known = await session.scalar(_KNOWN, {"name": table.__tablename__})
        if many > _TIMES * max(known or 0, 0):
            await session.execute(text(f"ANALYZE (SKIP_LOCKED) {table.__tablename__}"))
            grown.append(table.__tablename__)
    return grown
