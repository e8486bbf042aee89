"""The lock that every change of a quiz, and of the marks of all who took it, takes first: its own row."""

from uuid import UUID

from sqlalchemy import Uuid, bindparam, select
from sqlalchemy.ext.asyncio import AsyncSession

from studium.access.locking import lock_row
from studium.access.reading import NOTHING
from studium.kit.base.problems import NotFound
from studium.kit.db.prepared import PreparedStatement
from studium.kit.db.transaction import Transaction
from studium.models import Course, Lesson, Quiz

_QUIZ = bindparam("p_quiz", type_=Uuid())
_COURSE_OF = select(Lesson.course_id).join(Quiz, Quiz.lesson_id == Lesson.id).where(Quiz.id == _QUIZ)
_SHARE_COURSE = PreparedStatement(select(Course.id).where(Course.id.in_(_COURSE_OF)).with_for_update(read=True))
_HOLD = PreparedStatement(
    select(Lesson.archived_at.is_(None).label("is_live"))
    .join(Quiz, Quiz.lesson_id == Lesson.id)
    .where(Quiz.id == _QUIZ)
    .with_for_update(key_share=True, of=Quiz)
)


async def lock_quiz(session: AsyncSession, quiz: Quiz) -> None:
    """Take the row's lock, and read it afresh; raise NotFound where somebody has put it into the trash before that."""
    await lock_row(session, quiz)
    live = select(Lesson.id).where(Lesson.id == quiz.lesson_id, Lesson.archived_at.is_(None))
    if await session.scalar(live) is None:
        raise NotFound(NOTHING)


async def lock_marks(tx: Transaction, quiz_id: UUID) -> bool:
    """Let nobody edit the quiz, regrade it or release its marks meanwhile; return whether it is out of the trash.

    The attempts are locked after this, with their enrollments. An import holds enrollments before it edits quizzes, so
    the course is shared first: that keeps imports and the trash out. Learners, who hold their enrollment when they
    start an attempt, do not wait for this lock.
    """
    await tx.first(_SHARE_COURSE, p_quiz=quiz_id)
    held = await tx.first(_HOLD, p_quiz=quiz_id)
    return held is not None and bool(held["is_live"])


async def lock_live_marks(tx: Transaction, quiz_id: UUID) -> None:
    """The same for whoever begins something; raise NotFound for a quiz that is in the trash."""
    if not await lock_marks(tx, quiz_id):
        raise NotFound(NOTHING)
