"""The sums of a quiz: what was folded, and what has changed since. Each statement sees both at one moment."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Text, Uuid, bindparam, cast, func, literal, null, select, text, union_all

from studium.kit.db.prepared import PreparedStatement, Record
from studium.models import WHOLE, QuizAttempt, QuizSum, QuizSumChange
from studium.modules.quizzes.statistics.figures import Sums, parts_of

_ATTEMPT = ("score", "percentage", "results", "answers")
"""The columns of an attempt that its sums are made of."""

LEARNERS = "learners"
IS_GRADED = text("quiz_attempts.status = 'graded'")
"""As the index of graded attempts says it: a parameter would not be found to mean the same."""


def _of_quiz() -> PreparedStatement:
    """Sums, attempts that were not folded yet, and how many learners there are, of one quiz."""
    quiz_id: Any = bindparam("quiz_id", type_=Uuid())
    nothing = [null() for _ in _ATTEMPT]
    unnamed = cast(null(), Uuid()).label("question_id"), cast(null(), Text()).label("name")
    changes = select(*unnamed, QuizSumChange.sign.label("amount"), *(getattr(QuizSumChange, name) for name in _ATTEMPT))
    learners = select(func.count(QuizAttempt.enrollment_id.distinct())).where(QuizAttempt.quiz_id == quiz_id, IS_GRADED)
    return PreparedStatement(
        union_all(
            changes.where(QuizSumChange.quiz_id == quiz_id),
            select(QuizSum.question_id, QuizSum.name, QuizSum.amount, *nothing).where(QuizSum.quiz_id == quiz_id),
            select(literal(WHOLE, Uuid()), literal(LEARNERS), learners.scalar_subquery(), *nothing),
        )
    )


SUMS_OF_QUIZ = _of_quiz()


def add_up(rows: Iterable[Record]) -> Sums:
    """The sums that rows of sums and of attempts make."""
    found = Sums()
    for row in rows:
        if row["name"] is not None:
            found[row["question_id"], row["name"]] += row["amount"]
            continue
        for key, amount in parts_of(row):
            found[key] += row["amount"] * amount
    return found
