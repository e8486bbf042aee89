"""Sums against attempts: what `studium reconcile` looks at, and puts right."""

from collections import Counter
from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Select, select, union
from sqlalchemy.ext.asyncio import AsyncSession

from studium.kit.base.findings import Findings
from studium.kit.db.folding import add_amounts
from studium.models import WHOLE, AttemptStatus, Quiz, QuizAttempt, QuizSum, QuizSumChange
from studium.modules.quizzes.statistics.figures import parts_of

_AT_ONCE, _QUIZZES_AT_ONCE = 500, 20
_Found = Counter[tuple[UUID, UUID, str]]
_ATTEMPT = ("quiz_id", "score", "percentage", "results", "answers")


@dataclass(frozen=True, slots=True)
class SumDrift:
    """One sum of a quiz that is not what its graded attempts say."""

    quiz_id: UUID
    question_id: UUID
    name: str
    stored: int
    counted: int

    def __str__(self) -> str:
        of = "" if self.question_id == WHOLE else f" of question {self.question_id}"
        return f"sum {self.name}{of} of quiz {self.quiz_id}: is {self.stored}, its attempts say {self.counted}"


async def find_sum_drift(session: AsyncSession) -> Findings[SumDrift]:
    """Every sum that differs from its attempts, by quiz."""
    return await Findings[SumDrift]().take(sum_drifts(session))


async def sum_drifts(session: AsyncSession) -> AsyncIterator[SumDrift]:
    """The same, one by one; some quizzes at a time. All of it must see one moment: the session is a snapshot."""
    known = union(select(Quiz.id), select(QuizSum.quiz_id), select(QuizSumChange.quiz_id))
    quizzes = sorted((await session.execute(known)).scalars())
    for start in range(0, len(quizzes), _QUIZZES_AT_ONCE):
        for drift in await _drifts_of(session, quizzes[start : start + _QUIZZES_AT_ONCE]):
            yield drift


async def _drifts_of(session: AsyncSession, quizzes: Sequence[UUID]) -> list[SumDrift]:
    sums = select(QuizSum.quiz_id, QuizSum.question_id, QuizSum.name, QuizSum.amount)
    kept = (await session.execute(sums.where(QuizSum.quiz_id.in_(quizzes)))).all()
    stored: _Found = Counter({(quiz, of, name): amount for quiz, of, name, amount in kept})
    changes = select(QuizSumChange.sign, *(getattr(QuizSumChange, name) for name in _ATTEMPT))
    await _add(session, stored, changes.where(QuizSumChange.quiz_id.in_(quizzes)))
    counted: _Found = Counter()
    attempts = select(*(getattr(QuizAttempt, name) for name in _ATTEMPT)).where(QuizAttempt.quiz_id.in_(quizzes))
    await _add(session, counted, attempts.where(QuizAttempt.status == AttemptStatus.GRADED))
    keys = sorted(key for key in stored.keys() | counted.keys() if stored[key] != counted[key])
    return [SumDrift(*key, stored=stored[key], counted=counted[key]) for key in keys]


async def _add(session: AsyncSession, found: _Found, attempts: Select[Any]) -> None:
    async for row in (await session.stream(attempts.execution_options(yield_per=_AT_ONCE))).mappings():
        for (question_id, name), amount in parts_of(row):
            found[row["quiz_id"], question_id, name] += row.get("sign", 1) * amount


async def repair_sums(session: AsyncSession, drifts: Iterable[SumDrift]) -> None:
    """Add what is missing, which stays the same whatever has been handed in since."""
    await add_amounts(session, QuizSum, {(d.quiz_id, d.question_id, d.name): d.counted - d.stored for d in drifts})
