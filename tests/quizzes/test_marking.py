"""Marking, row by row; adding up, to the hundredth."""

from decimal import Decimal

import pytest

from studium.models import QuizType
from studium.modules.quizzes.marking import Result, mark_one, total
from studium.modules.quizzes.question_types.base import KeyQuestion
from studium.modules.quizzes.snapshot import AnswerKey
from tests.quizzes.marking_table import TABLE, Row, essay


@pytest.mark.parametrize("row", TABLE, ids=[f"{i}-{row.why}".replace(" ", "_") for i, row in enumerate(TABLE, 1)])
def test_each_answer_gets_its_marks(row: Row) -> None:
    result = mark_one(row.question, row.answer)
    assert result.points_awarded == row.marks
    assert result.points == row.question.points


def test_the_table_is_long() -> None:
    assert len(TABLE) >= 120


SUMS = [
    # points of each question, marks of each, passing score, score, percentage, passed
    ("1 1 1", "1 1 0", "66.66", "2", "66.67", True),
    ("1 1 1", "1 1 0", "66.67", "2", "66.67", False),  # 66.666… is below 66.67, whatever it is rounded to.
    ("1 1 1", "1 0 0", "33.33", "1", "33.33", True),
    ("2 1", "2 0", "66.66", "2", "66.67", True),
    ("8", "0.10", "1.25", "0.10", "1.25", True),
    ("800", "0.04", "0", "0.04", "0.01", True),  # 0.005 is half up.
    ("800", "0.03", "0", "0.03", "0.00", True),  # 0.00375
    ("999.99", "999.98", "100", "999.98", "100.00", False),  # 99.999 rounds to 100 and is not passed.
    ("999.99", "999.99", "100", "999.99", "100.00", True),
    ("10", "7", "70", "7", "70.00", True),
    ("10", "6.99", "70", "6.99", "69.90", False),
    ("0.01 0.02", "0.01 0", "33.34", "0.01", "33.33", False),
    ("5", "0", "0", "0", "0.00", True),
    ("999.99 " * 10, "999.99 " * 10, "100", "9999.90", "100.00", True),
]


@pytest.mark.parametrize(("points", "marks", "passing", "score", "percentage", "passed"), SUMS)
def test_sums(points: str, marks: str, passing: str, score: str, percentage: str, *, passed: bool) -> None:
    questions = [essay(each)._replace(question_id=str(i)) for i, each in enumerate(points.split())]
    grade = total(_quiz(questions, passing), _results(questions, marks))
    assert (grade.score, grade.percentage, grade.is_passed) == (Decimal(score), Decimal(percentage), passed)
    assert grade.max_score == sum(map(Decimal, points.split()))


def test_an_essay_that_waits_leaves_the_whole_open() -> None:
    questions = [essay("1"), essay("2")]
    results = (
        Result(question_id="0", points=Decimal(1), points_awarded=Decimal(1)),
        mark_one(questions[1], None),
    )
    waiting = results[1]._replace(points_awarded=None)
    grade = total(_quiz(questions, "50"), (results[0], waiting))
    assert (grade.score, grade.percentage, grade.is_passed, grade.max_score) == (None, None, None, Decimal(3))


def _quiz(questions: list[KeyQuestion], passing: str) -> AnswerKey:
    return AnswerKey(
        quiz_type=QuizType.GRADED,
        passing_score=Decimal(passing),
        show_correct_answers=True,
        questions=tuple(questions),
    )


def _results(questions: list[KeyQuestion], marks: str) -> tuple[Result, ...]:
    pairs = zip(questions, marks.split(), strict=True)
    return tuple(Result(question_id=q.question_id, points=q.points, points_awarded=Decimal(m)) for q, m in pairs)
