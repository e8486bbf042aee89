"""Tallies: what analytics would otherwise count anew for every look, kept where it changes."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, Index, Integer, ScalarSelect, Select, String, func, select, union_all
from sqlalchemy.orm import Mapped, mapped_column

from studium.kit.db.tables import Base

SCHOOL = UUID(int=0)
"""The subject of tallies that are about the whole school."""

ALWAYS = 0
"""The slot of a tally that is not about a moment."""

SLOT_SECONDS = 900
"""How long a slot is. The offsets of all time zones are quarters of an hour, so days of every zone are whole slots."""


class Tally(Base):
    """A count or a sum about a course, lesson, quiz or the school: all that was folded into it so far.

    What has been written since stands in `TallyDelta`; both together are exact at any moment. `slot` counts quarters of
    an hour since 1970, or is ALWAYS. Percentages are summed in hundredths.
    """

    __tablename__ = "tallies"

    subject_id: Mapped[UUID] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(20), primary_key=True)
    slot: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    amount: Mapped[int] = mapped_column(BigInteger)


class TallyDelta(Base):
    """A change of a tally, appended by the database's triggers in the transaction that causes it.

    Learners of one course append side by side, where a counter's row would let only one of them work at a time.
    """

    __tablename__ = "tally_deltas"
    __table_args__ = (Index("ix_tally_deltas_subject_id_name_slot", "subject_id", "name", "slot"),)

    id: Mapped[int] = mapped_column(BigInteger().with_variant(Integer, "sqlite"), primary_key=True)
    subject_id: Mapped[UUID]
    name: Mapped[str] = mapped_column(String(20))
    slot: Mapped[int]
    amount: Mapped[int] = mapped_column(BigInteger)


def tally_totals(subject: UUID | ScalarSelect[UUID]) -> Select[str, int]:
    """Name and amount of each tally of a subject that is not about a moment, what was folded and what was appended.

    Both are read at one moment; a tally that was never written has no row.
    """
    parts = [
        select(each.name, each.amount).where(each.subject_id == subject, each.slot == ALWAYS)
        for each in (Tally, TallyDelta)
    ]
    both = union_all(*parts).subquery()
    return select(both.c.name, func.sum(both.c.amount).label("amount")).group_by(both.c.name)


class Gauge(Base):
    """A figure that changes without anybody writing, read off by a job; `read_at` says how old it is."""

    __tablename__ = "gauges"

    name: Mapped[str] = mapped_column(String(20), primary_key=True)
    amount: Mapped[int] = mapped_column(BigInteger)
    read_at: Mapped[datetime]
