"""Whether everything that a server acknowledged to a crowd is in its database."""

from collections import Counter
from collections.abc import Callable, Coroutine
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from studium.kit.db.database import Database
from studium.models import AttemptStatus, LessonProgress, QuizAttempt, UserSession

Kept = dict[str, Any]


async def count_lost(url: str, crowd: str, kept: Kept) -> tuple[int, int]:
    """How many acknowledgements a crowd got, and how many of them the database does not know of."""
    database = Database(url)
    try:
        async with database.read_session() as session:
            return await _CHECKS[crowd](session, kept)
    finally:
        await database.close()


async def _of_exam(session: AsyncSession, kept: Kept) -> tuple[int, int]:
    rows = (await session.execute(select(QuizAttempt.id, QuizAttempt.status, QuizAttempt.answers))).all()
    stored = {str(row.id): row for row in rows}
    told = lost = 0
    for attempt, promise in kept.items():
        row = stored.get(attempt)
        answers = {answer["question_id"]: answer for answer in (row.answers or [])} if row else {}
        wanted = promise["answers"]
        told += 1 + len(wanted) + promise["is_submitted"]
        lost += row is None
        lost += sum(not _is_same(answers.get(question), answer) for question, answer in wanted.items())
        lost += promise["is_submitted"] and (row is None or row.status is AttemptStatus.IN_PROGRESS)
    return told, lost


def _is_same(stored: dict[str, Any] | None, sent: dict[str, Any]) -> bool:
    if stored is None:
        return False
    return all(
        (stored.get(name) or None) == (sent.get(name) or None) for name in ("selected_option_ids", "answer_text")
    )


async def _of_log_ins(session: AsyncSession, kept: Kept) -> tuple[int, int]:
    """Whoever logged in has a session beside that which the school began with."""
    seen = Counter((await session.execute(select(UserSession.user_id))).scalars())
    return len(kept), sum(seen[UUID(student)] < 2 for student in kept)  # noqa: PLR2004 -- the old one and the new.


async def _of_reports(session: AsyncSession, kept: Kept) -> tuple[int, int]:
    columns = LessonProgress.enrollment_id, LessonProgress.lesson_id, LessonProgress.last_position_seconds
    stored = {f"{row[0]} {row[1]}": row[2] for row in (await session.execute(select(*columns))).all()}
    return len(kept), sum(stored.get(which) != seconds for which, seconds in kept.items())


_CHECKS: dict[str, Callable[[AsyncSession, Kept], Coroutine[Any, Any, tuple[int, int]]]] = {
    "exam-hour": _of_exam,
    "nine-oclock": _of_log_ins,
    "video-evening": _of_reports,
}
