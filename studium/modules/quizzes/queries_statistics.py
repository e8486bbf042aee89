"""How a quiz and its questions fared. The database makes the sums, in whole hundredths, so that they are exact."""

from collections import Counter
from collections.abc import Iterable, Mapping
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from sqlalchemy import BigInteger, Numeric, Select, cast, column, func, select, true
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncSession

from studium.models import AttemptStatus, Enrollment, QuestionType, Quiz, QuizAttempt, QuizQuestion
from studium.modules.quizzes.comparing import normalized
from studium.modules.quizzes.questions import TRUTHS
from studium.modules.quizzes.schemas_staff import ItemStatistics, OptionCount, QuizStatistics
from studium.modules.quizzes.statistics import ItemSums, discrimination_index, facility, mean, standard_deviation

Counts = Mapping[tuple[str, str], int]
"""How often an option (or truth) of a question was chosen, by the ids of both."""

_PLACES = Decimal("0.01")


async def quiz_statistics(session: AsyncSession, quiz: Quiz) -> QuizStatistics:
    """Figures over the graded attempts, for the questions that the quiz has now. Six statements in all."""
    json = _PostgresJson if session.get_bind().dialect.name == "postgresql" else _SqliteJson
    n, learners, total, squares = (await session.execute(_totals(quiz))).one()
    sums = {row[0]: ItemSums(*map(int, row[1:])) for row in await session.execute(_item_sums(quiz, json))}
    asked = select(QuizQuestion).where(QuizQuestion.quiz_id == quiz.id).order_by(QuizQuestion.order_index)
    questions = (await session.execute(asked)).scalars().all()
    counts: Counter[tuple[str, str]] = Counter()
    for question_id, option_id, count in await session.execute(_option_counts(quiz, json)):
        counts[question_id, option_id] += count
    for question_id, text, count in await session.execute(_truth_counts(quiz, questions, json)):
        counts[question_id, normalized(text)] += count
    return QuizStatistics(
        quiz_id=quiz.id,
        attempts=n,
        learners=learners,
        mean=mean(int(total or 0), n),
        median=await _median(session, quiz),
        standard_deviation=standard_deviation(n, int(total or 0), int(squares or 0)),
        questions=[_item(question, sums.get(str(question.id)), counts) for question in questions],
    )


def _item(question: QuizQuestion, sums: ItemSums | None, counts: Counts) -> ItemStatistics:
    return ItemStatistics(
        question_id=question.id,
        question_text=question.question_text,
        question_type=question.question_type,
        order_index=question.order_index,
        attempts=sums.n if sums else 0,
        facility=facility(sums) if sums else None,
        discrimination_index=discrimination_index(sums) if sums else None,
        options=_options(question, counts),
    )


def _options(question: QuizQuestion, counts: Counts) -> list[OptionCount]:
    options: list[Any] = list(question.options or ())
    if question.question_type is QuestionType.TRUE_FALSE:
        options = [{"id": truth, "text": truth, "is_correct": truth == question.correct_answer} for truth in TRUTHS]
    return [OptionCount(**option, count=counts.get((str(question.id), option["id"]), 0)) for option in options]


def _graded(quiz: Quiz, *what: Any) -> Select[Any]:  # noqa: ANN401 -- columns of any type.
    return (
        select(*what)
        .select_from(QuizAttempt)
        .where(QuizAttempt.quiz_id == quiz.id, QuizAttempt.status == AttemptStatus.GRADED)
    )


def _hundredths(number: Any) -> Any:  # noqa: ANN401 -- a column or a text in JSON.
    """The number as a whole one; what SQLite's binary fractions make of it is rounded away."""
    return cast(func.round(cast(number, Numeric(12, 2)) * 100), BigInteger)


def _totals(quiz: Quiz) -> Select[Any]:
    value = _hundredths(QuizAttempt.percentage)
    learners = func.count(Enrollment.student_id.distinct())
    statement = _graded(quiz, func.count(), learners, func.sum(value), func.sum(value * value))
    return statement.join(Enrollment, Enrollment.id == QuizAttempt.enrollment_id)


async def _median(session: AsyncSession, quiz: Quiz) -> Decimal | None:
    """The middle percentage, or the mean of the two in the middle."""
    place = func.row_number().over(order_by=(QuizAttempt.percentage, QuizAttempt.id)).label("place")
    ranked = _graded(quiz, QuizAttempt.percentage, place, func.count().over().label("n")).subquery()
    middle = select(ranked.c.percentage).where(ranked.c.place * 2 >= ranked.c.n, ranked.c.place * 2 <= ranked.c.n + 2)
    found = (await session.execute(middle.order_by(ranked.c.place).limit(2))).all()
    values = [row[0] for row in found]
    return (sum(values, Decimal(0)) / len(values)).quantize(_PLACES, ROUND_HALF_UP) if values else None


class _PostgresJson:
    """How PostgreSQL takes JSON apart."""

    @staticmethod
    def items(array: Any) -> Any:  # noqa: ANN401 -- SQLAlchemy's table-valued aliases have no short type.
        """A row for each element, in the column `value`."""
        return func.jsonb_array_elements(array).table_valued(column("value", JSONB), joins_implicitly=True)

    @staticmethod
    def member(item: Any, name: str) -> Any:  # noqa: ANN401 -- as above.
        """A member of an object, as text."""
        return item.c.value[name].astext

    @staticmethod
    def texts(item: Any, name: str) -> Any:  # noqa: ANN401 -- as above.
        """A row for each text in a list of the object."""
        return func.jsonb_array_elements_text(item.c.value[name]).table_valued("value", joins_implicitly=True)


class _SqliteJson:
    """How SQLite does."""

    @staticmethod
    def items(array: Any) -> Any:  # noqa: ANN401 -- as above.
        """See `_PostgresJson`."""
        return func.json_each(array).table_valued("value", joins_implicitly=True)

    @staticmethod
    def member(item: Any, name: str) -> Any:  # noqa: ANN401 -- as above.
        """See `_PostgresJson`."""
        return func.json_extract(item.c.value, f"$.{name}")

    @staticmethod
    def texts(item: Any, name: str) -> Any:  # noqa: ANN401 -- as above.
        """See `_PostgresJson`."""
        return func.json_each(item.c.value, f"$.{name}").table_valued("value", joins_implicitly=True)


Json = type[_PostgresJson] | type[_SqliteJson]


def _item_sums(quiz: Quiz, json: Json) -> Select[Any]:
    """Each question's `ItemSums`, in the order of its fields."""
    result = json.items(QuizAttempt.results)
    question = json.member(result, "question_id")
    x, t = _hundredths(json.member(result, "points_awarded")), _hundredths(QuizAttempt.score)
    maximum = _hundredths(json.member(result, "points"))
    sums = [func.sum(value) for value in (maximum, x, t, x * x, t * t, x * t)]
    return _graded(quiz, question, func.count(), *sums).join(result, true()).group_by(question)


def _option_counts(quiz: Quiz, json: Json) -> Select[Any]:
    answer = json.items(QuizAttempt.answers)
    option = json.texts(answer, "selected_option_ids")
    question = json.member(answer, "question_id")
    chosen = _graded(quiz, question, option.c.value, func.count()).join(answer, true()).join(option, true())
    return chosen.group_by(question, option.c.value)


def _truth_counts(quiz: Quiz, questions: Iterable[QuizQuestion], json: Json) -> Select[Any]:
    """What was said to questions of true or false, as it was typed: marking alone knows which texts are the same."""
    asked = [str(each.id) for each in questions if each.question_type is QuestionType.TRUE_FALSE]
    answer = json.items(QuizAttempt.answers)
    question, text = json.member(answer, "question_id"), json.member(answer, "answer_text")
    said = _graded(quiz, question, text, func.count()).join(answer, true()).where(question.in_(asked))
    return said.group_by(question, text)
