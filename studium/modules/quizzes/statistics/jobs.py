"""What keeps the sums of quizzes short: a job folds what was appended."""

from collections import Counter
from collections.abc import Iterable
from uuid import UUID

from sqlalchemy import RowMapping, delete
from sqlalchemy.ext.asyncio import AsyncSession

from studium.kit.db.folding import add_amounts, fold
from studium.kit.jobs.registry import periodic
from studium.kit.runtime import Runtime
from studium.models import QuizSum, QuizSumChange
from studium.modules.quizzes.statistics.figures import parts_of

_FOLD_SECONDS = 15
_AT_ONCE = 500
_Key = tuple[UUID, UUID, str]


@periodic("quizzes.fold_sums", seconds=_FOLD_SECONDS)
async def fold_sums(runtime: Runtime) -> None:
    """Add the attempts that changed to the sums of their quizzes, some hundred in a transaction."""
    await fold(runtime.database, QuizSumChange, _AT_ONCE, _add)


async def _add(session: AsyncSession, rows: Iterable[RowMapping]) -> None:
    amounts: Counter[_Key] = Counter()
    for row in rows:
        for name, amount in parts_of(row):
            amounts[row["quiz_id"], *name] += row["sign"] * amount
    await add_amounts(session, QuizSum, amounts)


async def fold_quizzes(session: AsyncSession, quiz_ids: Iterable[UUID]) -> None:
    """The same for some quizzes in the caller's transaction, so that nothing of an attempt is left beside it."""
    for quiz_id in sorted(quiz_ids):
        columns = (column for column in QuizSumChange.__table__.c if column.name != "id")
        taken = delete(QuizSumChange).where(QuizSumChange.quiz_id == quiz_id).returning(*columns)
        await _add(session, (await session.execute(taken)).mappings().all())
