"""Sums over a quiz's graded attempts: what its statistics are made of, kept where attempts change."""

from decimal import Decimal
from uuid import UUID

from sqlalchemy import BigInteger, Integer, Numeric, Text
from sqlalchemy.orm import Mapped, mapped_column

from studium.kit.db.tables import Base, Json
from studium.models.columns import JsonObject

WHOLE = UUID(int=0)
"""The question of sums that are about the quiz as a whole."""


class QuizSum(Base):
    """A count or a sum over the graded attempts at a quiz: all that was folded into it so far.

    `modules/quizzes/statistics/figures.py` says what the names are. What has changed since stands in `QuizSumChange`;
    both together are exact at any moment.
    """

    __tablename__ = "quiz_sums"

    quiz_id: Mapped[UUID] = mapped_column(primary_key=True)
    question_id: Mapped[UUID] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(Text, primary_key=True)
    amount: Mapped[int] = mapped_column(BigInteger)


class QuizSumChange(Base):
    """A graded attempt that came (`sign` 1) or went (-1), as it was then.

    The database's triggers append it in the transaction that causes it; a graded attempt that changes goes and comes.
    """

    __tablename__ = "quiz_sum_changes"

    id: Mapped[int] = mapped_column(BigInteger().with_variant(Integer, "sqlite"), primary_key=True)
    quiz_id: Mapped[UUID] = mapped_column(index=True)
    sign: Mapped[int]
    score: Mapped[Decimal] = mapped_column(Numeric(6, 2))
    percentage: Mapped[Decimal] = mapped_column(Numeric(6, 2))
    results: Mapped[list[JsonObject] | None] = mapped_column(Json)
    answers: Mapped[list[JsonObject] | None] = mapped_column(Json)
