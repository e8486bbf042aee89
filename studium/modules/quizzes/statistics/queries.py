"""How a quiz and its questions fared, from sums: the attempts themselves are not read."""

from types import SimpleNamespace
from typing import Any
from uuid import UUID

from sqlalchemy import Uuid, bindparam, select

from studium.kit.db.prepared import PreparedStatement, QueryExecutor
from studium.models import WHOLE, QuizQuestion
from studium.modules.quizzes.question_types import Question, kind_of
from studium.modules.quizzes.schemas_staff import ItemStatistics, OptionCount, QuizStatistics
from studium.modules.quizzes.statistics.figures import (
    Spread,
    Sums,
    discrimination_index,
    facility,
    item_sums,
    mean,
    standard_deviation,
)
from studium.modules.quizzes.statistics.sums import LEARNERS, SUMS_OF_QUIZ, add_up

_SHOWN = ("id", "question_text", "question_type", "order_index", "options", "correct_answer")
_QUESTIONS = PreparedStatement(
    select(*(getattr(QuizQuestion, name) for name in _SHOWN))
    .where(QuizQuestion.quiz_id == bindparam("quiz_id", type_=Uuid()))
    .order_by(QuizQuestion.order_index)
)


async def quiz_statistics(reads: QueryExecutor, quiz_id: UUID) -> QuizStatistics:
    """Figures over the graded attempts, for the questions that the quiz has now. Two hot reads."""
    sums = add_up(await reads.all(SUMS_OF_QUIZ, quiz_id=quiz_id))
    learners = sums.pop((WHOLE, LEARNERS))
    spread = Spread.of(sums)
    n, total = spread.n, spread.moment(1)
    return QuizStatistics(
        quiz_id=quiz_id,
        attempts=n,
        learners=learners,
        mean=mean(total, n),
        median=spread.median(),
        standard_deviation=standard_deviation(n, total, spread.moment(2)),
        histogram=spread.tenths(),
        questions=[
            _item(SimpleNamespace(**{name: row[name] for name in _SHOWN}), sums)
            for row in await reads.all(_QUESTIONS, quiz_id=quiz_id)
        ],
    )


def _item(question: Any, sums: Sums) -> ItemStatistics:  # noqa: ANN401 -- the columns of a question.
    own = item_sums(sums, question.id)
    return ItemStatistics(
        question_id=question.id,
        question_text=question.question_text,
        question_type=question.question_type,
        order_index=question.order_index,
        attempts=own.n,
        facility=facility(own),
        discrimination_index=discrimination_index(own) if own.n else None,
        options=_options(question, question.id, sums),
    )


def _options(question: Question, question_id: UUID, sums: Sums) -> list[OptionCount]:
    """How often each option was selected, or the text that stands for it given."""
    kind = kind_of(question.question_type)
    ways = ("option", "text") if kind.counted_texts else ("option",)
    options: Any = kind.statistics_options(question)
    return [
        OptionCount(**option, count=sum(sums[question_id, f"{way}_{option['id']}"] for way in ways))
        for option in options
    ]
