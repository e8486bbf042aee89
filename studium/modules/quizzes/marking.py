"""Marking: pure functions from a question, its key and an answer to points. All figures are Decimal."""

from collections.abc import Iterable, Mapping
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, NamedTuple

from studium.modules.quizzes.question_types import kind_of
from studium.modules.quizzes.question_types.base import ZERO, Answer, KeyQuestion
from studium.modules.quizzes.snapshot import AnswerKey

_PLACES = Decimal("0.01")


class Result(NamedTuple):
    """The marks of one question; `points_awarded` is None until an essay is graded. No regrade goes over a hand's."""

    question_id: str
    points: Decimal
    points_awarded: Decimal | None
    feedback: str | None = None
    by_hand: bool = False

    @property
    def is_correct(self) -> bool:
        """Whether the answer earned every point."""
        return self.points_awarded == self.points

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> "Result":
        """Read what `to_json` gave."""
        awarded = stored["points_awarded"]
        points = Decimal(stored["points"]), None if awarded is None else Decimal(awarded)
        return cls(stored["question_id"], *points, stored.get("feedback"), stored.get("by_hand", False))

    def to_json(self) -> dict[str, object]:
        """The form in which the attempt stores it: decimals as text, so that no digit is lost."""
        awarded = None if self.points_awarded is None else str(self.points_awarded)
        return {**self._asdict(), "points": str(self.points), "points_awarded": awarded}


class Grade(NamedTuple):
    """The outcome of an attempt; `score`, `percentage` and `is_passed` are None while essays wait."""

    results: tuple[Result, ...]
    max_score: Decimal
    score: Decimal | None
    percentage: Decimal | None
    is_passed: bool | None


def mark(key: AnswerKey, answers: Iterable[Answer]) -> tuple[Result, ...]:
    """Mark every question of the attempt; what was not answered is 0, an essay with a text waits for a grader."""
    given = {answer.question_id: answer for answer in answers}
    return tuple(mark_one(question, given.get(question.question_id)) for question in key.questions)


def mark_one(question: KeyQuestion, answer: Answer | None) -> Result:
    """Mark one question."""
    points: Decimal | None = ZERO
    if answer is not None and not answer.is_empty:
        points = kind_of(question.question_type).points(question, answer)
    return Result(question.question_id, question.points, points)


def total(key: AnswerKey, results: tuple[Result, ...]) -> Grade:
    """Add up. Percent is half up to two places; passed when the exact ratio reaches the passing score."""
    maximum = key.max_score
    awarded = [result.points_awarded for result in results if result.points_awarded is not None]
    if len(awarded) < len(results):
        return Grade(results, maximum, score=None, percentage=None, is_passed=None)
    score = sum(awarded, ZERO)
    return Grade(
        results,
        maximum,
        score=score,
        percentage=(score * 100 / maximum).quantize(_PLACES, ROUND_HALF_UP),
        is_passed=score * 100 >= key.passing_score * maximum,
    )


def regraded(
    results: Iterable[Result], points: Mapping[str, Decimal], feedback: Mapping[str, str | None]
) -> tuple[Result, ...]:
    """The results with a grader's points and words in place of those before."""
    return tuple(
        result._replace(
            points_awarded=points[result.question_id],
            feedback=feedback.get(result.question_id, result.feedback),
            by_hand=True,
        )
        if result.question_id in points
        else result
        for result in results
    )
