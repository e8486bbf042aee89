"""Tallies against rows: what `studium reconcile` looks at, and puts right."""

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Integer,
    Select,
    String,
    Subquery,
    Uuid,
    case,
    cast,
    func,
    insert,
    literal,
    select,
    union_all,
)
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import InstrumentedAttribute
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from studium.kit.base.findings import Findings
from studium.models import (
    ALWAYS,
    SCHOOL,
    SLOT_SECONDS,
    AttemptStatus,
    Certificate,
    Enrollment,
    LessonProgress,
    ProgressStatus,
    QuizAttempt,
    Tally,
    TallyDelta,
    User,
)
from studium.modules.analytics.figures import LEARNING

_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class TallyDrift:
    """One tally that is not what the rows say."""

    subject_id: UUID
    name: str
    slot: int
    stored: int
    counted: int

    def __str__(self) -> str:
        about = "the school" if self.subject_id == SCHOOL else str(self.subject_id)
        when = "" if self.slot == ALWAYS else f" in slot {self.slot}"
        return f"tally {self.name} of {about}{when}: is {self.stored}, its rows say {self.counted}"


class slot_of_column(FunctionElement[int]):  # noqa: N801 -- it stands in statements like the other SQL functions.
    """The slot that an instant in a column lies in."""

    type = Integer()
    inherit_cache = True


@compiles(slot_of_column, "postgresql")
def _slot_postgresql(element: slot_of_column, compiler: SQLCompiler, **kw: object) -> str:
    return f"CAST(floor(extract(epoch FROM {compiler.process(element.clauses, **kw)}) / {SLOT_SECONDS}) AS integer)"


@compiles(slot_of_column, "sqlite")
def _slot_sqlite(element: slot_of_column, compiler: SQLCompiler, **kw: object) -> str:
    # Fractions of a second are cut off: SQLite would round them up into the next slot.
    return f"CAST(strftime('%s', substr({compiler.process(element.clauses, **kw)}, 1, 19)) / {SLOT_SECONDS} AS integer)"


_Column = InstrumentedAttribute[Any]
_School = literal(SCHOOL, Uuid())
_ONE = func.count()


def _hundredths(column: _Column) -> ColumnElement[int]:
    return func.sum(cast(func.round(column * 100), BigInteger))


def _counts() -> Iterator[Select[Any]]:
    """Subject, name, slot and amount of every tally, from the rows themselves."""
    for subject in (Enrollment.course_id, _School):
        yield _count(subject, cast(Enrollment.status, String), _ONE)
        for name, moment in (("begun", Enrollment.enrolled_at), ("ended", Enrollment.completed_at)):
            yield _count(subject, literal(name), _ONE, moment).where(moment.is_not(None))
    course = Enrollment.course_id
    yield _count(course, literal("progress"), _hundredths(Enrollment.progress_percentage)).where(
        Enrollment.status.in_(LEARNING)
    )
    yield _count(course, literal("seconds"), func.sum(Enrollment.total_time_spent_seconds))
    stars = literal("stars_") + cast(Enrollment.rating, String)
    yield _count(course, stars, _ONE).where(Enrollment.rating.is_not(None))
    yield from _lesson_counts()
    yield from _quiz_counts()
    yield _count(_School, cast(User.role, String), _ONE)
    yield _count(_School, literal("certificates"), _ONE).where(Certificate.is_revoked.is_(False))


def _lesson_counts() -> Iterator[Select[Any]]:
    lesson, status = LessonProgress.lesson_id, LessonProgress.status
    yield _count(lesson, literal("started"), _ONE).where(status != ProgressStatus.NOT_STARTED)
    yield _count(lesson, literal("done"), _ONE).where(status == ProgressStatus.COMPLETED)


def _quiz_counts() -> Iterator[Select[Any]]:
    quiz, handed_in = QuizAttempt.quiz_id, QuizAttempt.status != AttemptStatus.IN_PROGRESS
    graded = QuizAttempt.status == AttemptStatus.GRADED
    yield _count(quiz, literal("attempts"), _ONE).where(handed_in)
    yield _count(quiz, literal("learners"), func.count(QuizAttempt.enrollment_id.distinct())).where(handed_in)
    yield _count(quiz, literal("graded"), _ONE).where(graded)
    yield _count(quiz, literal("passed"), _ONE).where(graded, QuizAttempt.is_passed.is_(True))
    yield _count(quiz, literal("percent"), _hundredths(QuizAttempt.percentage)).where(graded)


def _count(subject: Any, name: Any, amount: Any, moment: _Column | None = None) -> Select[Any]:  # noqa: ANN401 -- columns.
    slot: Any = literal(ALWAYS, Integer()) if moment is None else slot_of_column(moment)
    keys = (subject.label("subject_id"), name.label("name"), slot.label("slot"))
    groups = [key for key, plain in zip(keys, (subject, name, slot), strict=True) if plain is not _School]
    return select(*keys, cast(amount, BigInteger).label("amount")).group_by(*groups)


def _differences() -> Subquery:
    """Each tally that differs: as it is stored, folded or not, and as it is counted. All of it sees one moment."""
    sides = [(each, "stored") for each in (select(*_stored(Tally)), select(*_stored(TallyDelta)))]
    sides += [(each, "counted") for each in _counts()]
    in_transaction = union_all(*(_sided(each.subquery(), side) for each, side in sides)).subquery()
    amounts = {
        side: cast(func.sum(case((in_transaction.c.side == side, in_transaction.c.amount), else_=0)), BigInteger)
        for side in ("stored", "counted")
    }
    keys = (in_transaction.c.subject_id, in_transaction.c.name, in_transaction.c.slot)
    columns = (*keys, *(amount.label(side) for side, amount in amounts.items()))
    return select(*columns).group_by(*keys).having(amounts["stored"] != amounts["counted"]).subquery()


def _stored(table: type[Tally | TallyDelta]) -> tuple[_Column, ...]:
    return table.subject_id, table.name, table.slot, table.amount


def _sided(part: Subquery, side: str) -> Select[Any]:
    return select(part.c.subject_id, part.c.name, part.c.slot, part.c.amount, literal(side).label("side"))


async def find_tally_drift(session: AsyncSession) -> Findings[TallyDrift]:
    """Every tally that differs from its rows. One statement, that reads everything."""
    return await Findings[TallyDrift]().take(tally_drifts(session))


async def tally_drifts(session: AsyncSession) -> AsyncIterator[TallyDrift]:
    """The same, one by one."""
    found = _differences()
    statement = select(found).order_by(found.c.subject_id, found.c.name, found.c.slot)
    async for row in await session.stream(statement.execution_options(yield_per=_AT_ONCE)):
        yield TallyDrift(*row)


async def repair_tallies(session: AsyncSession) -> None:
    """Append what is missing. It is found and appended in one statement, so that nobody has to wait for it."""
    found = _differences()
    missing = select(found.c.subject_id, found.c.name, found.c.slot, found.c.counted - found.c.stored)
    await session.execute(insert(TallyDelta).from_select(["subject_id", "name", "slot", "amount"], missing))
