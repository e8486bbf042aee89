"""What an erased learner wrote in quizzes, and what graders wrote to them: the words go, marks and figures stay."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from studium.models import Enrollment, GradeChange, QuizAttempt
from studium.modules.quizzes.question_types import kind_of
from studium.modules.quizzes.question_types.base import QuestionKind
from studium.modules.quizzes.question_types.comparing import normalized
from studium.modules.quizzes.statistics.jobs import fold_quizzes

_AT_ONCE = 200
_TEXT_MAX = 50
_PLAIN = {"synchronize_session": False}
_Json = Mapping[str, Any]


async def erase_answers(session: AsyncSession, user_id: UUID) -> None:
    """Empty a learner's answers in words and all feedback to them. Hold the learner's enrollments.

    An attempt that is open stays so, with what it selected; the sweep hands it in when it is overdue. Written answers
    count as marked by hand from now on: a regrade would give an empty one nothing.
    """
    theirs = QuizAttempt.enrollment_id.in_(select(Enrollment.id).where(Enrollment.student_id == user_id))
    await _erase_attempts(session, theirs)
    await _erase_history(session, GradeChange.attempt_id.in_(select(QuizAttempt.id).where(theirs)))
    quizzes = select(QuizAttempt.quiz_id).where(theirs).distinct()
    await fold_quizzes(session, (await session.execute(quizzes)).scalars().all())


async def _erase_attempts(session: AsyncSession, theirs: ColumnElement[bool]) -> None:
    columns = (QuizAttempt.id, QuizAttempt.key, QuizAttempt.answers, QuizAttempt.results, QuizAttempt.draft)
    following = select(*columns).where(theirs).order_by(QuizAttempt.id).limit(_AT_ONCE)
    statement = following
    while rows := (await session.execute(statement)).all():
        for row in rows:
            kinds = {each["question_id"]: kind_of(each["question_type"]) for each in row.key["questions"]}
            written = {question_id for question_id, kind in kinds.items() if kind.takes_words}
            values = {
                "answers": _without_words(row.answers, kinds),
                "results": without_feedback(row.results, written),
                "feedback": None,
                "draft": _draft_without_words(row.draft),
                "version": QuizAttempt.version + 1,
            }
            await session.execute(
                update(QuizAttempt).where(QuizAttempt.id == row.id).values(**values), execution_options=_PLAIN
            )
        statement = following.where(QuizAttempt.id > rows[-1].id)


def _draft_without_words(draft: _Json | None) -> dict[str, Any] | None:
    """Drafted marks without what the grader wrote beside them."""
    if draft is None:
        return None
    marks = {of: {**mark, "feedback": None} for of, mark in draft["marks"].items()}
    return {**draft, "marks": marks, "feedback": None}


def _without_words(answers: Sequence[_Json] | None, kinds: Mapping[str, QuestionKind]) -> list[dict[str, Any]] | None:
    """Answers without what the learner wrote: a text that the question offers, as true and false, stays."""
    if answers is None:
        return None
    return [{**answer, "answer_text": _offered(answer, kinds.get(answer["question_id"]))} for answer in answers]


def _offered(answer: _Json, kind: QuestionKind | None) -> str:
    said = normalized(answer["answer_text"][:_TEXT_MAX])
    return said if kind is not None and said in kind.counted_texts else ""


def without_feedback(results: Sequence[_Json] | None, written: set[str]) -> list[dict[str, Any]] | None:
    """Results without what graders wrote; those of `written` questions that have their points keep them."""
    if results is None:
        return None
    return [{**result, "feedback": None, **_kept(result, written)} for result in results]


def _kept(result: _Json, written: set[str]) -> dict[str, Any]:
    is_marked = result["question_id"] in written and result["points_awarded"] is not None
    return {"by_hand": True} if is_marked else {}


async def _erase_history(session: AsyncSession, theirs: ColumnElement[bool]) -> None:
    columns = (GradeChange.id, GradeChange.before, GradeChange.after)
    following = select(*columns).where(theirs).order_by(GradeChange.id).limit(_AT_ONCE)
    statement = following
    while rows := (await session.execute(statement)).all():
        for row in rows:
            values = {"before": _grade_without_words(row.before), "after": _grade_without_words(row.after)}
            await session.execute(
                update(GradeChange).where(GradeChange.id == row.id).values(**values), execution_options=_PLAIN
            )
        statement = following.where(GradeChange.id > rows[-1].id)


def _grade_without_words(grade: _Json | None) -> dict[str, Any] | None:
    if grade is None:
        return None
    return {**grade, "results": without_feedback(grade.get("results"), set()), "feedback": None}
